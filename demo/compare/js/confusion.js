// The tables of what became of each class, as files. Gradio mounts this once.

import { box, MUTED, picture, text } from "../../figures/js/drawing.js";
import { saveOnClick } from "../../figures/js/save.js";

const EDGE = 24;
const [NAME, CELL, HIGH] = [104, 88, 34];
const TABLE = NAME + 3 * CELL + EDGE;
const PER_LINE = 3;
const [RIGHT, WRONG] = ["#7f858f", "#b3261e"];

// A row a loss, true class and the class that it was taken for
export function confusionRows({ classes, losses }) {
  const rows = losses.flatMap(({ name, shares }) =>
    shares.flatMap((row, true_) => row.map((share, taken) => [name, classes[true_], classes[taken], share])),
  );
  return [["Loss", "True class", "Taken for", "Share of the true class, %"], ...rows];
}

export function drawConfusion({ title, reading, classes, losses }) {
  const parts = [
    text(EDGE, 38, title, { size: 16, weight: 600 }),
    text(EDGE, 58, reading, { colour: MUTED }),
    ...losses.flatMap((loss, i) =>
      tableAt(EDGE + (i % PER_LINE) * TABLE, 76 + Math.floor(i / PER_LINE) * 5.5 * HIGH, loss, classes),
    ),
  ];
  const lines = Math.ceil(losses.length / PER_LINE);
  // as wide as the sentence needs
  const width = EDGE + Math.max(2, Math.min(losses.length, PER_LINE)) * TABLE;
  return picture(width, Math.ceil(76 + lines * 5.5 * HIGH), title, parts);
}

function tableAt(left, top, { name, shares }, classes) {
  const cell = (column) => left + NAME + column * CELL;
  const parts = [text(left, top + 20, name, { size: 14, weight: 600 })];
  parts.push(text(left, top + HIGH + 14, "true ↓ as →", { colour: MUTED }));
  classes.forEach((told, column) => {
    parts.push(text(cell(column) + CELL - 8, top + HIGH + 14, told, { anchor: "end", colour: MUTED }));
  });
  shares.forEach((row, index) => {
    const y = top + HIGH * 1.7 + index * HIGH;
    parts.push(text(left, y + 20, classes[index]));
    row.forEach((share, column) => {
      const colour = index === column ? RIGHT : WRONG;
      parts.push(box(cell(column) + 1, y + 1, CELL - 2, HIGH - 2, colour, (share ?? 0) / 200));
      parts.push(
        text(cell(column) + CELL - 8, y + 20, share === null ? "–" : `${share.toFixed(1)} %`, { anchor: "end" }),
      );
    });
  });
  return parts;
}

export function mount({ element }) {
  saveOnClick(element, { rows: confusionRows, draw: drawConfusion });
}
