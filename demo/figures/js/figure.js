// A figure. Gradio mounts this once for each; the template never changes.
// Drawn by Plotly once its part of the page is open, and drawn anew without a flicker when its value changes: Gradio's own plot
// builds a new one each time, says nothing of clicks, and has no words for those who do not see it.

import { legendShape } from "./legend.js";
import { csv, fileName, forFile, rowsOf, saveText } from "./save.js";

// From this width on, in pixels, lines are labelled where they end, and need no legend
const ROOM_FOR_LABELS = 520;

function legendEntry({ name, note, colour, symbol }) {
  const item = document.createElement("li");
  item.innerHTML = legendShape(symbol, colour);
  item.append(note ? `${name}, ${note}` : name);
  return item;
}

// Watch shows this run after this epoch
export function askFor(run, epoch) {
  document.dispatchEvent(new CustomEvent("borderline:watch", { detail: { run, epoch } }));
}

// `drawnAs` is called with the place of the figure and its value each time that it is drawn
export function mount({ element, props, watch }, drawnAs = () => {}) {
  const figure = element.querySelector("figure");
  const area = element.querySelector(".plot-area");
  const buttons = element.querySelectorAll("[data-save]");
  let drawn = null; // the value that is drawn
  let seen = false;
  let wide = null; // whether it was drawn with its labels

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
    for (const button of buttons) button.ariaLabel = `Save as ${button.textContent}: ${value.title}`;
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
    wide = isWide();
    const layout = wide ? withLabels(value) : value.layout;
    // copies: what Plotly writes into its data is no news of ours
    const data = value.data.map((trace) => ({ ...trace }));
    await Plotly.react(area, data, { ...layout, dragmode }, { displayModeBar: false, responsive: true });
    figure.classList.toggle("labelled", wide);
    if (!listening) area.on("plotly_click", follow);
    drawnAs(area, value);
  }

  const isWide = () => Boolean(props.value?.labels?.length) && area.clientWidth >= ROOM_FOR_LABELS;

  function withLabels({ layout, labels, room }) {
    const annotations = [...(layout.annotations ?? []), ...labels];
    return { ...layout, annotations, margin: { ...layout.margin, r: layout.margin.r + room } };
  }

  function save(kind) {
    const value = props.value;
    const name = fileName(value.title);
    if (kind === "csv") saveText(csv(rowsOf(value)), `${name}.csv`, "text/csv");
    else
      window.Plotly?.downloadImage(forFile(area.data, area.layout, { legend: !wide }), {
        format: "svg",
        filename: name,
        width: area.clientWidth,
        height: area.clientHeight,
      });
  }

  function follow({ points: [point] }) {
    if (typeof point?.customdata === "string") askFor(point.customdata, point.x);
  }

  function update() {
    describe(props.value);
    draw();
  }

  watch("value", update);
  for (const button of buttons) button.addEventListener("click", () => save(button.dataset.save));
  new ResizeObserver(() => {
    if (wide === null || wide === isWide()) return;
    drawn = null;
    draw();
  }).observe(area);
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
