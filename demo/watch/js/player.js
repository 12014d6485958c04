// Plays the epochs, one after another: `last()` is the last of them, `now()` the one that is shown, `goTo(epoch)` another.

const FRAME = 350; // milliseconds, at the ordinary speed

export function player(button, { last, now, goTo, speed, loops }) {
  let timer = null;

  function pause() {
    clearInterval(timer);
    timer = null;
    show();
  }

  function play() {
    if (now() >= last()) goTo(0);
    timer = setInterval(step, frame());
    show();
  }

  function step() {
    if (now() < last()) goTo(now() + 1);
    else if (loops()) goTo(0);
    if (now() >= last() && !loops()) pause();
  }

  function show() {
    button.classList.toggle("playing", timer !== null);
    button.setAttribute("aria-label", timer === null ? "Play" : "Pause");
    button.title = timer === null ? "Play (space)" : "Pause (space)";
  }

  const frame = () => FRAME / speed();

  button.addEventListener("click", () => (timer === null ? play() : pause()));
  return {
    pause,
    frame,
    // at another speed from now on
    hurry() {
      if (timer === null) return;
      clearInterval(timer);
      timer = setInterval(step, frame());
    },
  };
}
