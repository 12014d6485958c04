// Gradio's slider knows only the mouse and has no words: this names its pictures and gives its line keys.
(left, right) => {
  const place = document.getElementById("segment-slider");
  const STEPS = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }; // of the picture's width

  function move(line, step) {
    const picture = place.querySelector("img");
    const frame = picture.getBoundingClientRect(); // the picture is fitted into its middle
    const width = Math.min(frame.width, (frame.height * picture.naturalWidth) / picture.naturalHeight);
    const start = frame.x + (frame.width - width) / 2;
    const box = line.getBoundingClientRect();
    const from = box.x + box.width / 2;
    const to = Math.min(start + width, Math.max(start, from + step * width));
    const mouse = (type, clientX) =>
      new MouseEvent(type, { clientX, clientY: box.y + box.height / 2, view: window, bubbles: true, cancelable: true });
    line.dispatchEvent(mouse("mousedown", from));
    window.dispatchEvent(mouse("mousemove", to));
    window.dispatchEvent(mouse("mouseup", to));
    line.setAttribute("aria-valuenow", Math.round((100 * (to - start)) / width));
  }

  function dress() {
    const line = place.querySelector('[data-testid="slider"]');
    const pictures = place.querySelectorAll("img");
    if (!line || pictures.length < 2) return false;
    pictures[0].alt = "Left: " + left;
    pictures[1].alt = "Right: " + right;
    if (line.role !== "slider") {
      line.role = "slider";
      line.tabIndex = 0;
      line.ariaLabel = "Line between left and right";
      line.ariaValueMin = 0;
      line.ariaValueMax = 100;
      line.ariaValueNow = 50;
      line.addEventListener("keydown", (event) => {
        if (!(event.key in STEPS)) return;
        event.preventDefault();
        move(line, STEPS[event.key]);
      });
    }
    return true;
  }

  if (!dress()) {
    const observer = new MutationObserver(() => dress() && observer.disconnect());
    observer.observe(place, { childList: true, subtree: true });
  }
}
