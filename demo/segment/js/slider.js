// Gradio's slider knows only the mouse and has no words: this names its pictures and gives its line keys.

const STEPS = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }; // of the picture's width

// Where a picture lies that is fitted into the middle of its frame's width: {start, width}
export function fitted(frame, natural) {
  const width = Math.min(frame.width, (frame.height * natural.width) / natural.height);
  return { start: frame.x + (frame.width - width) / 2, width };
}

// Where the line comes to by a step, a share of the picture's width: never beyond the picture
export function stepped(from, step, { start, width }) {
  return Math.min(start + width, Math.max(start, from + step * width));
}

function move(line, step, picture) {
  const natural = { width: picture.naturalWidth, height: picture.naturalHeight };
  const place = fitted(picture.getBoundingClientRect(), natural);
  const box = line.getBoundingClientRect();
  const from = box.x + box.width / 2;
  const to = stepped(from, step, place);
  const mouse = (type, clientX) =>
    new MouseEvent(type, { clientX, clientY: box.y + box.height / 2, view: window, bubbles: true, cancelable: true });
  line.dispatchEvent(mouse("mousedown", from));
  window.dispatchEvent(mouse("mousemove", to));
  window.dispatchEvent(mouse("mouseup", to));
  line.setAttribute("aria-valuenow", Math.round((100 * (to - place.start)) / place.width));
}

// Called each time the two pictures change: `left` and `right` are the names of what they show
export function nameSlider(left, right) {
  const place = document.getElementById("segment-slider");

  function describe() {
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
        move(line, STEPS[event.key], place.querySelector("img"));
      });
    }
    return true;
  }

  if (!describe()) {
    const observer = new MutationObserver(() => describe() && observer.disconnect());
    observer.observe(place, { childList: true, subtree: true });
  }
}
