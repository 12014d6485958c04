// How the photos' mean scores are spread, over which a hand, or keys, draw a range.

import { hundredths } from "./list.js";

const BINS = 50;
const HEIGHT = 54; // of the highest bar, in pixels
const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
export const bins = BINS;

// The range that is left where one end is moved: it stays before the other
export function moved([low, high], end, to, most) {
  const at = Math.round(to);
  return end ? [low, Math.min(most, Math.max(low + 1, at))] : [Math.max(0, Math.min(high - 1, at)), high];
}

// `change(range)` is called as it is drawn, null where it is taken away
export function spread(place, change) {
  const plot = place.querySelector(".spread-plot");
  const svg = plot.querySelector("svg");
  const area = plot.querySelector(".spread-range");
  const ends = [...plot.querySelectorAll(".spread-end")];
  let it = { counts: [], range: null, most: 100, percent: true };
  let drawn = null;

  const whole = () => it.range ?? [0, it.most];
  const at = ({ clientX }) => {
    const { left, width } = plot.getBoundingClientRect();
    return Math.max(0, Math.min(it.most, (it.most * (clientX - left)) / width));
  };
  const written = (number) => hundredths(number, it.percent);

  function draw() {
    const [low, high] = whole();
    if (drawn !== it.counts) {
      drawn = it.counts;
      const highest = Math.max(1, ...it.counts);
      svg.innerHTML = it.counts
        .map((count, bin) => {
          const height = count ? Math.max(0.6, (HEIGHT * count) / highest) : 0;
          return `<rect x="${bin + 0.06}" width="0.88" y="${(56 - height).toFixed(1)}" height="${height.toFixed(1)}"/>`;
        })
        .join("");
      place.querySelector(".spread-axis").innerHTML = [0, 0.25, 0.5, 0.75, 1]
        .map((share) => `<span>${written(Math.round(share * it.most))}</span>`)
        .join("");
    }
    for (const [bin, bar] of [...svg.children].entries()) {
      const middle = ((bin + 0.5) * it.most) / BINS;
      bar.classList.toggle("out", middle < low || middle > high);
    }
    area.hidden = it.range === null;
    area.style.left = `${(100 * low) / it.most}%`;
    area.style.right = `${100 - (100 * high) / it.most}%`;
    for (const [end, handle] of ends.entries()) {
      const value = end ? high : low;
      handle.style.left = `${(100 * value) / it.most}%`;
      handle.setAttribute("aria-valuemin", end ? low + 1 : 0);
      handle.setAttribute("aria-valuemax", end ? it.most : high - 1);
      handle.setAttribute("aria-valuenow", value);
      handle.setAttribute("aria-valuetext", written(value));
    }
    place.querySelector(".spread-hint").textContent = it.range
      ? `${written(low)} to ${written(high)}`
      : "drag to filter";
    place.querySelector("button").hidden = it.range === null;
  }

  const told = (range) => change(range[0] <= 0 && range[1] >= it.most ? null : range);

  for (const [end, handle] of ends.entries()) {
    handle.addEventListener("keydown", (event) => {
      const steps = { Home: -Infinity, End: Infinity, ...KEYS }[event.key];
      if (event.key === "Escape" && it.range) return change(null);
      if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const to = Math.max(0, Math.min(it.most, whole()[end] + steps));
      told(moved(whole(), end, to, it.most));
    });
  }

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const end = ends.indexOf(event.target);
    const start = at(event);
    let dragged = false;
    plot.setPointerCapture(event.pointerId);
    const move = (now) => {
      const to = at(now);
      // a hand that only presses draws nothing
      dragged ||= Math.abs(to - start) > it.most / 100;
      if (!dragged) return;
      if (end >= 0) return told(moved(whole(), end, to, it.most));
      const [low, high] = [Math.min(start, to), Math.max(start, to)].map(Math.round);
      if (high > low) told([low, high]);
    };
    const stop = () => {
      plot.removeEventListener("pointermove", move);
      plot.removeEventListener("pointerup", stop);
      plot.removeEventListener("pointercancel", stop);
    };
    plot.addEventListener("pointermove", move);
    plot.addEventListener("pointerup", stop);
    plot.addEventListener("pointercancel", stop);
  });
  plot.addEventListener("dblclick", () => change(null));
  place.querySelector("button").addEventListener("click", () => {
    change(null);
    ends[0].focus();
  });

  // `now` has what has changed of {counts, range, most, percent}
  return function show(now) {
    it = { ...it, ...now };
    draw();
  };
}
