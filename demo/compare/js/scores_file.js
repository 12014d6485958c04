// The scores' panel as files, from what its `data-figure` holds: see `demo/compare/scores.py`.

import { CONTROL, INK, line, marker, MUTED, picture, text } from "../../figures/js/drawing.js";
import { spreadOverLines } from "./spread.js";
import { signed } from "./threshold.js";

const WIDTH = 960;
const EDGE = 24;
const NAMES = 176; // of the column of the scores' names
const DIFFERENCE = 72;
const LETTERS = 16; // the height of a line of text
const GAP = 6;

const HEADER = ["Loss", "Score", "Mean, %", "Mean: low", "Mean: high"];
const DIFFERENCES = ["Difference, points", "Difference: low", "Difference: high"];

// A row a score and loss
export function scoreRows({ losses, scores, compared }) {
  const header = compared === null ? HEADER : [...HEADER, ...DIFFERENCES];
  const rows = scores.flatMap(({ title, marks }) =>
    marks.map(({ mean, low, high, difference, difference_low, difference_high }, i) => {
      const own = [losses[i].full, title, mean, low, high];
      return compared === null ? own : [...own, difference, difference_low, difference_high];
    }),
  );
  return [header, ...rows];
}

// The picture; `widthOf` tells the width of a text of that size and weight
export function drawScores(figure, widthOf) {
  const { losses, scores, compared } = figure;
  const others = losses.map((_, i) => i).filter((i) => compared !== null && i !== compared);
  const end = WIDTH - EDGE - DIFFERENCE * others.length;
  const track = { left: EDGE + NAMES, room: end - EDGE - NAMES - 8 };
  const place = (value) => track.left + ((value - figure.low) / (figure.high - figure.low)) * track.room;
  const middles = others.map((_, column) => end + DIFFERENCE * (column + 0.5));
  const parts = [
    text(EDGE, 38, figure.title, { size: 16, weight: 600 }),
    text(EDGE, 58, figure.reading, { colour: MUTED }),
    ...others.flatMap((i, column) => [
      marker(middles[column] - 14, 82, losses[i]),
      text(middles[column], 86, "−", { anchor: "middle", colour: MUTED }),
      marker(middles[column] + 14, 82, losses[compared]),
    ]),
  ];
  let top = 100;
  scores.forEach((score, index) => {
    const row = rowOf(score, index === 0, losses, place, track, widthOf);
    parts.push(line(EDGE, top, WIDTH - EDGE, top));
    for (const tick of figure.ticks) parts.push(line(place(tick), top, place(tick), top + row.height));
    parts.push(
      `<g transform="translate(0 ${top})">`,
      text(EDGE, row.middle - 2, score.title, { size: 14, weight: 600 }),
      text(EDGE, row.middle + 15, score.words, { colour: MUTED }),
      ...(score.article ? articleAt(place(figure.article.at), row.middle, figure.article.text) : []),
      ...row.parts,
      ...others.map((i, column) => differenceAt(score.marks[i], middles[column], row.middle)),
      "</g>",
    );
    top += row.height;
  });
  parts.push(line(EDGE, top, WIDTH - EDGE, top, { colour: CONTROL }));
  for (const tick of figure.ticks) {
    parts.push(text(place(tick), top + 20, `${tick} %`, { anchor: "middle", colour: MUTED }));
  }
  return picture(WIDTH, Math.ceil(top + 36), figure.title, parts);
}

// Numbers above, marks and whiskers below; the first row has the losses' names above its numbers
function rowOf({ marks }, first, losses, place, { left, room }, widthOf) {
  const known = marks.map((mark, i) => ({ ...mark, loss: losses[i] })).filter(({ mean }) => mean !== null);
  const label = first ? 2 * LETTERS : LETTERS;
  const texts = known.map(({ mean, loss }) => (first ? [loss.name, mean.toFixed(1)] : [mean.toFixed(1)]));
  const wanted = known.map(({ mean }) => place(mean) - left);
  const widths = texts.map((told) => Math.max(...told.map((each) => widthOf(each, 12, 600))));
  const { placed, lines } = known.length ? spreadOverLines(wanted, widths, room, GAP) : { placed: [], lines: 1 };
  const middle = 8 + lines * label + 17;
  const parts = placed.flatMap(({ at, line: at_line }, i) => {
    const [x, y] = [left + at, 8 + at_line * label];
    const straight = Math.abs(at - wanted[i]) < 3 && at_line === lines - 1;
    return [
      ...(straight ? [] : [line(x, y + label, left + wanted[i], middle - 7, { colour: CONTROL })]),
      ...texts[i].map((told, under) => text(x, y + 12 + under * LETTERS, told, { weight: 600, anchor: "middle" })),
    ];
  });
  parts.push(
    ...known.flatMap(({ low, high, loss }) => (low === null ? [] : whisker(place(low), place(high), middle, loss))),
  );
  parts.push(...known.map(({ mean, loss }) => marker(place(mean), middle, loss)));
  return { parts, middle, height: middle + 33 };
}

function whisker(from, to, y, { colour }) {
  const stroke = { colour, width: 2 };
  return [line(from, y, to, y, stroke), line(from, y - 6, from, y + 6, stroke), line(to, y - 6, to, y + 6, stroke)];
}

function articleAt(x, y, told) {
  const words = text(x + 4, y + 22, told, { anchor: "end", colour: MUTED });
  return [line(x, y - 8, x, y + 8, { colour: CONTROL, width: 2, dash: "2 2" }), words];
}

function differenceAt({ difference: points, difference_low: low, difference_high: high }, x, y) {
  const unsure = points === null || (low !== null && low <= 0 && high >= 0);
  const look = unsure ? { colour: MUTED } : { colour: INK, weight: 600 };
  return text(x, y + 4, points === null ? "–" : signed(points), { size: 14, anchor: "middle", ...look });
}
