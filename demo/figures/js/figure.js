// A figure. Gradio calls this once for each with `element`, `props` and `watch`; the template never changes.
// Drawn by Plotly once its part of the page is open, and drawn anew without a flicker when its value changes: Gradio's own plot
// builds a new one each time, says nothing of clicks, and has no words for those who do not see it.

const figure = element.querySelector("figure");
const area = element.querySelector(".plot-area");
let drawn = null; // the value that is drawn
let seen = false;

// Paths of a 12 x 12 square, as Plotly's markers
const SHAPES = {
  circle: "M6 1a5 5 0 1 0 .01 0Z",
  square: "M1.5 1.5h9v9h-9Z",
  diamond: "M6 0 12 6 6 12 0 6Z",
  "triangle-up": "M6 1 11.5 11H.5Z",
  "triangle-down": "M6 11 11.5 1H.5Z",
  cross: "M4 0h4v4h4v4H8v4H4V8H0V4h4Z",
};

// Plotly comes from this app, once for all figures
function library() {
  window.borderlinePlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = props.library;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      delete window.borderlinePlotly; // so that a later figure tries again
      reject(new Error("Plotly did not load"));
    };
    document.head.append(script);
  });
  return window.borderlinePlotly;
}

function legendEntry({ name, note, colour, symbol }) {
  const item = document.createElement("li");
  const open = symbol.endsWith("-open");
  const paint = open ? `fill="none" stroke="${colour}" stroke-width="2"` : `fill="${colour}"`;
  const path = `<path d="${SHAPES[symbol.replace("-open", "")]}" ${paint}/>`;
  item.innerHTML = `<svg viewBox="-1 -1 14 14" width="12" height="12" aria-hidden="true">${path}</svg>`;
  item.append(note ? `${name}, ${note}` : name);
  return item;
}

function describe(value) {
  figure.hidden = !value;
  if (!value) return;
  element.querySelector("h3").textContent = value.title;
  element.querySelector("p").textContent = [value.reading, value.hint].filter(Boolean).join(" ");
  element.querySelector(".plot-legend").replaceChildren(...value.legend.map(legendEntry));
  area.setAttribute("aria-label", `${value.title}. ${value.description}`);
  area.classList.toggle("clickable", Boolean(value.hint));
}

async function draw() {
  const value = props.value;
  if (!value || !seen || value === drawn) return;
  drawn = value;
  let Plotly;
  try {
    Plotly = await library();
    await new Promise((resolve) => setTimeout(resolve)); // one figure at a time, so that the page answers in between
  } catch {
    drawn = null;
    area.textContent = "The figure could not be loaded: reload the page.";
    return;
  }
  if (value !== drawn) return; // another came meanwhile
  // a finger that scrolls the page must not zoom
  const dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
  const listening = Boolean(area.on);
  await Plotly.react(area, value.data, { ...value.layout, dragmode }, { displayModeBar: false, responsive: true });
  if (!listening) area.on("plotly_click", follow);
}

// The scrubber shows the run and the epoch of this point
function follow({ points: [point] }) {
  if (typeof point?.customdata !== "string") return;
  const detail = { run: point.customdata, epoch: point.x };
  document.dispatchEvent(new CustomEvent("borderline:scrub", { detail }));
}

function update() {
  describe(props.value);
  draw();
}

watch("value", update);
// of a tab or a part that is not open nothing intersects; what is far below can wait until the rest stands
new IntersectionObserver(
  (entries) => {
    seen = entries.at(-1).isIntersecting;
    const { top } = entries.at(-1).boundingClientRect;
    if (top < innerHeight + 200) draw();
    else (window.requestIdleCallback ?? setTimeout)(draw, { timeout: 1000 });
  },
  { rootMargin: "100000px" },
).observe(figure);
update();
