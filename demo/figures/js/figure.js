// A figure. Gradio mounts this once for each; the template never changes.
// Drawn by Plotly once its part of the page is open, and drawn anew without a flicker when its value changes: Gradio's own plot
// builds a new one each time, says nothing of clicks, and has no words for those who do not see it.

import { legendShape } from "./legend.js";

function legendEntry({ name, note, colour, symbol }) {
  const item = document.createElement("li");
  item.innerHTML = legendShape(symbol, colour);
  item.append(note ? `${name}, ${note}` : name);
  return item;
}

export function mount({ element, props, watch }) {
  const figure = element.querySelector("figure");
  const area = element.querySelector(".plot-area");
  let drawn = null; // the value that is drawn
  let seen = false;

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
}
