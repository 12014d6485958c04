// The threshold's slider: marks where plain cross-entropy acts like each loss.

import { legendShape } from "../../figures/js/legend.js";

const REACH = 2;

// `change(shift)` is called as it moves; `show(shift, panes)` draws it
export function threshold(place, change) {
  const slider = place.querySelector("input");
  const value = place.querySelector("output");
  const reset = place.querySelector('[data-act="reset"]');
  const marks = place.querySelector(".threshold-marks");
  let marked = null;
  slider.addEventListener("input", () => change(Number(slider.value)));
  reset.addEventListener("click", () => change(0));
  return function show(shift, panes) {
    slider.value = shift;
    const text = shift ? `${shift > 0 ? "+" : "−"}${Math.abs(shift).toFixed(1)}` : "0.0";
    value.textContent = text;
    slider.setAttribute("aria-valuetext", shift ? `${text}, ${shift > 0 ? "more" : "less"} border` : "as trained");
    reset.disabled = shift === 0;
    if (panes === marked) return;
    marked = panes;
    const known = panes.filter(({ like }) => like !== null && Math.abs(like) <= REACH);
    marks.replaceChildren(
      ...known.map(({ like, title, symbol, colour }) => {
        const mark = document.createElement("span");
        mark.style.left = `${(100 * (like + REACH)) / (2 * REACH)}%`;
        mark.title = like
          ? `${title} as trained acts like cross-entropy at ${like > 0 ? "+" : "−"}${Math.abs(like)}`
          : title;
        mark.innerHTML = legendShape(symbol, colour);
        return mark;
      }),
    );
  };
}
