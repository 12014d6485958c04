// A small figure of the chosen score by epoch, with a cursor at the epoch that is shown.

import { shownEpoch } from "./epochs.js";

const SVG = "http://www.w3.org/2000/svg";
const CURVE = { height: 120, left: 44, right: 10, top: 8, bottom: 22 };

function svgElement(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// Fractions are told in per cent
export function perCent(value, digits = 1) {
  return value === null || value === undefined ? "–" : (100 * value).toFixed(digits) + " %";
}

// What the axis spans: whole tenths around all values, at least one tenth
export function scoreRange(runs, score) {
  const values = runs.flatMap((run) => run.epochs.map((epoch) => run.scores[epoch][score])).filter((v) => v !== null);
  const high = Math.ceil(Math.max(0.1, ...values) * 10) / 10;
  const low = Math.floor(Math.min(high - 0.1, ...values) * 10) / 10;
  return { low, high };
}

// Draws the lines; returns what the cursor needs: where an epoch lies, and which epoch lies somewhere
export function drawCurve(svg, runs, score, last, width) {
  const { height, left, right, top, bottom } = CURVE;
  const { low, high } = scoreRange(runs, score);
  const x = (epoch) => left + ((width - left - right) * epoch) / Math.max(last, 1);
  const y = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  svg.replaceChildren();
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(svgElement("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    svg.append(svgElement("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, perCent(value, 0)));
  }
  svg.append(svgElement("text", { x: left, y: height - 5, "text-anchor": "middle" }, "0"));
  svg.append(svgElement("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, "epoch"));
  svg.append(svgElement("text", { x: width - right, y: height - 5, "text-anchor": "end" }, String(last)));
  for (const run of runs) {
    const points = run.epochs.filter((epoch) => run.scores[epoch][score] !== null);
    const path = points.map((epoch) => `${x(epoch).toFixed(1)},${y(run.scores[epoch][score]).toFixed(1)}`).join(" ");
    svg.append(
      svgElement("polyline", { points: path, stroke: run.colour, "stroke-dasharray": run.dash, fill: "none" }),
    );
  }
  const cursor = svgElement("line", { class: "cursor", y1: top, y2: height - bottom });
  svg.append(cursor);
  const dots = runs.map((run) => svgElement("circle", { r: 4, fill: run.colour }));
  svg.append(...dots);
  return {
    moveTo(wanted) {
      cursor.setAttribute("x1", x(wanted));
      cursor.setAttribute("x2", x(wanted));
      runs.forEach((run, index) => {
        const epoch = shownEpoch(run, wanted);
        const value = run.scores[epoch][score];
        dots[index].setAttribute("visibility", value === null ? "hidden" : "visible");
        dots[index].setAttribute("cx", x(epoch));
        dots[index].setAttribute("cy", y(value ?? low));
      });
    },
    epochAt: (clientX) => {
      const box = svg.getBoundingClientRect();
      const inside = ((clientX - box.left) * width) / box.width - left;
      return Math.round((inside * last) / (width - left - right));
    },
  };
}

// The same in words
export function describeCurve(runs, score, title) {
  const ends = runs.map((run) => {
    const values = run.epochs.map((epoch) => run.scores[epoch][score]).filter((value) => value !== null);
    return values.length
      ? `${run.title}: from ${perCent(values[0])} to ${perCent(values.at(-1))}`
      : `${run.title}: no value`;
  });
  return `${title} by epoch. ${ends.join("; ")}.`;
}
