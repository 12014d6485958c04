// Lines around what is not background: marching squares, directed so that the inside lies on the left.

import { leastLevel } from "./planes.js";

const FAR = 64; // of levels: farther than this nothing moves the line

// Bits of a square's corners inside: 1 top left, 2 top right, 4 bottom right, 8 bottom left. Edges: 0 top, 1 right,
// 2 bottom, 3 left
const LINES = [
  [], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2],
  [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], [],
]; // prettier-ignore

// How far each place is inside pet and border, (512,): above 0 it is
export function insideTable(shift) {
  const table = new Float32Array(512).fill(FAR);
  const least = leastLevel(shift);
  for (let level = 0; level < 256; level++) {
    table[256 + level] = Math.max(-FAR, Math.min(FAR, level - least - 0.5));
  }
  return table;
}

// Polylines [[x, y, x, y, ...], ...] around where `table` is above 0 for what a pixel of a thinned plane holds, in pixels
// of the whole plane, whose centres are at whole numbers and a half
export function contours({ pixels, size: [columns, rows] }, table, step = 1) {
  const field = new Float32Array(pixels.length);
  for (let pixel = 0; pixel < pixels.length; pixel++) field[pixel] = table[pixels[pixel]];
  const next = new Int32Array(2 * columns * rows).fill(-1);
  const entered = new Uint8Array(next.length);
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const node = row * columns + column;
      const corners =
        (field[node] > 0) |
        ((field[node + 1] > 0) << 1) |
        ((field[node + columns + 1] > 0) << 2) |
        ((field[node + columns] > 0) << 3);
      const lines = LINES[corners];
      for (let place = 0; place < lines.length; place += 2) {
        const from = edge(node, columns, lines[place]);
        const to = edge(node, columns, lines[place + 1]);
        next[from] = to;
        entered[to] = 1;
      }
    }
  }
  const found = [];
  const trace = (start) => {
    const line = [];
    let place = start;
    while (place >= 0) {
      point(place, field, columns, step, line);
      const following = next[place];
      next[place] = -1;
      place = following;
    }
    found.push(line);
  };
  // lines that begin at the photo's edge first, then those that are closed
  for (let place = 0; place < next.length; place++) if (next[place] >= 0 && !entered[place]) trace(place);
  for (let place = 0; place < next.length; place++) if (next[place] >= 0) trace(place);
  return found;
}

// An even number is the edge from a node to the right, an odd one that downwards
function edge(node, columns, side) {
  if (side === 0) return 2 * node;
  if (side === 1) return 2 * (node + 1) + 1;
  if (side === 2) return 2 * (node + columns);
  return 2 * node + 1;
}

function point(place, field, columns, step, line) {
  const node = place >> 1;
  const down = place & 1;
  const other = node + (down ? columns : 1);
  const share = field[node] / (field[node] - field[other]);
  const column = node % columns;
  const row = (node - column) / columns;
  line.push((column + (down ? 0 : share)) * step + 0.5, (row + (down ? share : 0)) * step + 0.5);
}
