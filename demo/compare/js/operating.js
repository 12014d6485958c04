// The figure of operating curves with the slider under it, which moves a mark along each curve without a request.

import { mount as mountFigure } from "../../figures/js/figure.js";
import { pageState } from "../../js/state.js";
import { legendShape } from "../../figures/js/legend.js";
import { marksAt, signed, toldAt } from "./threshold.js";

const sentenceCase = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function mount(given) {
  const { element, props, watch } = given;
  const [panel, input, output, list] = [".threshold", "input", "output", ".threshold ul"].map((each) =>
    element.querySelector(each),
  );
  let area = null;
  let waiting = false;

  function line({ name, colour, symbol, text }) {
    const item = document.createElement("li");
    item.innerHTML = `<i class="mark">${legendShape(symbol, colour)}</i><span><b></b> </span>`;
    item.querySelector("b").textContent = sentenceCase(name);
    item.querySelector("span").append(text);
    return item;
  }

  function tell() {
    const data = props.value?.data ?? [];
    const shift = Number(input.value);
    const told = toldAt(data, shift);
    panel.hidden = told.length === 0;
    output.textContent = signed(shift);
    input.setAttribute("aria-valuetext", signed(shift));
    list.replaceChildren(...told.map(line));
  }

  // at most once a frame: a drag says more
  function move() {
    if (waiting || !area) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const marks = marksAt(props.value?.data ?? [], Number(input.value));
      if (!marks.length) return;
      const places = { x: marks.map(({ x }) => [x]), y: marks.map(({ y }) => [y]) };
      window.Plotly.restyle(
        area,
        places,
        marks.map(({ trace }) => trace),
      );
    });
  }

  // the same threshold as on the stage
  const page = pageState();
  function follow() {
    input.value = page.get("shift") ?? 0;
    tell();
    move();
  }
  input.addEventListener("input", () => page.set({ shift: Number(input.value) || null }));
  page.watch(["shift"], follow);
  watch("value", tell);
  follow();
  mountFigure(given, (place) => {
    area = place;
    move();
  });
}
