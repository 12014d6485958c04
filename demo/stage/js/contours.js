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

// Of an edge, where the line goes on, and whether one leads there. Between two calls nothing is in them: planes are traced
// anew as fast as a hand moves, and most of their pixels are far from any line.
let next = new Int32Array(0);
let entered = new Uint8Array(0);

// Polylines [[x, y, x, y, ...], ...] around where `table` is above 0 for what a pixel of a thinned plane holds, in pixels
// of the whole plane, whose centres are at whole numbers and a half
export function contours(plane, table, step = 1) {
  const begun = link(plane, table);
  const found = [];
  const trace = (start) => {
    const line = [];
    let place = start;
    while (place >= 0) {
      point(place, plane, table, step, line);
      const following = next[place];
      next[place] = -1;
      entered[place] = 0;
      place = following;
    }
    found.push(line);
  };
  // lines that begin at the photo's edge first, then those that are closed
  for (const place of begun) if (next[place] >= 0 && !entered[place]) trace(place);
  for (const place of begun) if (next[place] >= 0) trace(place);
  return found;
}

// Fills `next` and `entered`; gives the edges that have a next one
function link({ pixels, size: [columns, rows] }, table) {
  if (next.length < 2 * pixels.length) {
    next = new Int32Array(2 * pixels.length).fill(-1);
    entered = new Uint8Array(next.length);
  }
  const inside = Uint8Array.from(table, (value) => value > 0);
  const begun = [];
  for (let row = 0; row + 1 < rows; row++) {
    let node = row * columns;
    let left = inside[pixels[node]] | (inside[pixels[node + columns]] << 3);
    for (const end = node + columns - 1; node < end; node++) {
      const above = inside[pixels[node + 1]];
      const below = inside[pixels[node + columns + 1]];
      const corners = left | (above << 1) | (below << 2);
      left = above | (below << 3);
      if (corners === 0 || corners === 15) continue;
      const lines = LINES[corners];
      for (let place = 0; place < lines.length; place += 2) {
        const from = edge(node, columns, lines[place]);
        const to = edge(node, columns, lines[place + 1]);
        next[from] = to;
        entered[to] = 1;
        begun.push(from);
      }
    }
  }
  return begun;
}

// An even number is the edge from a node to the right, an odd one that downwards
function edge(node, columns, side) {
  if (side === 0) return 2 * node;
  if (side === 1) return 2 * (node + 1) + 1;
  if (side === 2) return 2 * (node + columns);
  return 2 * node + 1;
}

function point(place, { pixels, size: [columns] }, table, step, line) {
  const node = place >> 1;
  const down = place & 1;
  const here = table[pixels[node]];
  const share = here / (here - table[pixels[node + (down ? columns : 1)]]);
  const column = node % columns;
  const row = (node - column) / columns;
  line.push((column + (down ? 0 : share)) * step + 0.5, (row + (down ? share : 0)) * step + 0.5);
}
