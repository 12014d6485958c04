// What the stage computes: planes, thresholds, lines, zoom, colours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";

import { errorCounts, packed, paint, ramp } from "../../demo/stage/js/colours.js";
import { contours, insideTable } from "../../demo/stage/js/contours.js";
import { classCounts, classTable, confusion, inflate, places, summed, thinned } from "../../demo/stage/js/planes.js";
import { FIT, MOST, actualSize, panned, placed, shareAt, zoomed } from "../../demo/stage/js/zoom.js";
import { randomNumbers } from "./random.js";

const random = (seed) => {
  const whole = randomNumbers(seed);
  return () => whole(1e9) / 1e9;
};

const SHIFTS = Array.from({ length: 41 }, (_, step) => (step - 20) / 10);
const NONE = { size: [1, 1] };

test("planes arrive as they were sent", async () => {
  const draw = random(1);
  const plane = Uint8Array.from({ length: 35 }, () => Math.floor(256 * draw()));
  const differences = plane.map((value, place) => (place % 7 ? value - plane[place - 1] : value));
  const text = deflateSync(differences).toString("base64");
  assert.deepEqual(summed(await inflate(text), 7), plane);
});

test("bits and levels are one place", () => {
  const levels = Uint8Array.from([1, 253, 127, 128, 0, 255, 7, 8, 9]);
  const found = places(levels, Uint8Array.from([0b10100000, 0b10000000]));
  assert.deepEqual([...found], [257, 253, 383, 128, 0, 255, 7, 8, 265]);
});

test("a class is what the rule says at every threshold", () => {
  for (const shift of SHIFTS) {
    const table = classTable(shift);
    for (let level = 1; level < 254; level++) {
      const margin = (level - 127) / 60; // the largest that this level may be
      const border = margin > -shift + 1e-9;
      assert.equal(table[level], border ? 2 : 0);
      assert.equal(table[256 + level], border ? 2 : 1);
    }
  }
});

test("counts are those of the pixels one by one", () => {
  const draw = random(2);
  const pixels = Array.from({ length: 500 }, () => [
    Math.floor(3 * draw()),
    Math.floor(2 * draw()),
    Math.floor(256 * draw()),
  ]);
  const counts = Array.from({ length: 3 }, () => Array.from({ length: 2 }, () => new Array(256).fill(0)));
  for (const [truth, background, level] of pixels) counts[truth][background][level] += 1;
  for (const shift of [-2, -0.3, 0, 1.1]) {
    const table = classTable(shift);
    const expected = [0, 1, 2].map(() => [0, 0, 0]);
    for (const [truth, background, level] of pixels) expected[truth][table[256 * background + level]] += 1;
    assert.deepEqual(confusion(counts, shift), expected);
    assert.deepEqual(classCounts(counts[1], shift), expected[1]);
    const { missed, false: wrong, swapped } = errorCounts(expected);
    assert.equal(missed + wrong + swapped, 500 - expected[0][0] - expected[1][1] - expected[2][2]);
  }
});

test("more border is painted the farther the threshold moves", () => {
  const counts = [0, 1].map(() => new Array(256).fill(1));
  const painted = SHIFTS.map((shift) => classCounts(counts, shift)[2]);
  assert.deepEqual(
    painted,
    [...painted].sort((one, other) => one - other),
  );
});

test("a thinned plane has every so-manieth pixel", () => {
  const pixels = Uint16Array.from({ length: 35 }, (_, place) => place);
  assert.deepEqual(thinned(pixels, 7, 5, 3), { pixels: Uint16Array.from([0, 3, 6, 21, 24, 27]), size: [3, 2] });
});

// ---- lines

function disc(side, radius) {
  const pixels = new Uint16Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const inside = radius - Math.hypot(x - side / 2, y - side / 2); // of the pixel's number, as `contours` counts
      pixels[y * side + x] = 256 + Math.max(1, Math.min(253, Math.round(127.5 + 4 * inside)));
    }
  return { pixels, size: [side, side] };
}

test("the line around a disc is one closed circle", () => {
  const lines = contours(disc(80, 25), insideTable(0));
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.deepEqual([line[0], line[1]], [line.at(-2), line.at(-1)]);
  for (let place = 0; place < line.length; place += 2) {
    const distance = Math.hypot(line[place] - 40.5, line[place + 1] - 40.5);
    assert.ok(Math.abs(distance - 25) < 0.3, `${distance}`);
  }
});

test("the line grows with the threshold", () => {
  const reach = (shift) => Math.max(...contours(disc(80, 20), insideTable(shift))[0]);
  assert.ok(reach(0.5) > reach(0) + 5);
  assert.ok(reach(-0.5) < reach(0) - 5);
});

test("each line has the inside on its left, holes run the other way", () => {
  const pixels = new Uint8Array(100);
  for (let y = 2; y < 8; y++) for (let x = 2; x < 8; x++) pixels[10 * y + x] = x > 3 && x < 6 && y > 3 && y < 6 ? 0 : 1;
  const lines = contours({ pixels, size: [10, 10] }, [-1, 1]);
  const area = (line) => {
    let sum = 0;
    for (let place = 0; place + 3 < line.length; place += 2)
      sum += line[place] * line[place + 3] - line[place + 2] * line[place + 1];
    return sum / 2;
  };
  assert.equal(lines.length, 2);
  const [outer, hole] = lines.map(area).sort((one, other) => Math.abs(other) - Math.abs(one));
  assert.ok(Math.abs(outer) > 30 && Math.abs(hole) < 10);
  assert.ok(outer * hole < 0);
});

test("where a shape leaves the photo its line is open, for the photo's edge is none", () => {
  const pixels = Uint8Array.from({ length: 60 }, (_, place) => (place % 10 < 4 ? 1 : 0));
  const lines = contours({ pixels, size: [10, 6] }, [-1, 1]);
  assert.equal(lines.length, 1);
  assert.deepEqual([lines[0][1], lines[0].at(-1)].sort(), [0.5, 5.5]);
  assert.ok(lines[0].every((value, place) => place % 2 || value === 4));
});

test("lines go once through every place between inside and outside, plane after plane", () => {
  const draw = random(5);
  for (let trial = 0; trial < 60; trial++) {
    const [columns, rows] = [2 + Math.floor(9 * draw()), 2 + Math.floor(9 * draw())];
    const pixels = Uint8Array.from({ length: columns * rows }, () => Math.floor(3 * draw()));
    const table = [-1, 1, 3];
    const crossed = [];
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        for (const [right, down] of [
          [1, 0],
          [0, 1],
        ]) {
          if (x + right >= columns || y + down >= rows) continue;
          const here = table[pixels[y * columns + x]];
          const there = table[pixels[(y + down) * columns + x + right]];
          const share = here / (here - there);
          if (here > 0 !== there > 0) crossed.push(`${2 * (x + right * share) + 0.5} ${2 * (y + down * share) + 0.5}`);
        }
    const points = contours({ pixels, size: [columns, rows] }, table, 2).flatMap((line) => {
      const all = line.filter((_, place) => place % 2 === 0).map((x, number) => `${x} ${line[2 * number + 1]}`);
      assert.ok(all.length > 1);
      return all[0] === all.at(-1) ? all.slice(1) : all;
    });
    assert.deepEqual(points.sort(), crossed.sort());
  }
});

test("nothing is around nothing, and around everything there is no line", () => {
  assert.deepEqual(contours({ pixels: new Uint8Array(36), size: [6, 6] }, [-1, 1]), []);
  assert.deepEqual(contours({ pixels: new Uint8Array(36).fill(1), size: [6, 6] }, [-1, 1]), []);
  assert.deepEqual(contours({ pixels: new Uint8Array(1), ...NONE }, [-1]), []);
});

// ---- zoom

const PANE = { width: 700, height: 500 };
const PHOTO = { width: 1200, height: 900 };

test("the whole photo fits into the pane, in its middle", () => {
  const { size, left, top } = placed(FIT, PANE, PHOTO);
  assert.equal(size, 500 / 900);
  assert.equal(top, 0);
  assert.equal(left, (700 - 1200 * size) / 2);
});

test("zooming keeps what is at the pointer there, while the photo fills the pane", () => {
  const draw = random(3);
  for (let turn = 0; turn < 200; turn++) {
    let view = zoomed(FIT, 4, { x: 350, y: 250 }, PANE, PHOTO);
    const point = { x: 200 + 300 * draw(), y: 150 + 200 * draw() };
    const before = shareAt(view, point, PANE, PHOTO);
    view = zoomed(view, 1.5, point, PANE, PHOTO);
    const after = shareAt(view, point, PANE, PHOTO);
    assert.ok(Math.abs(after.x - before.x) < 1e-9 && Math.abs(after.y - before.y) < 1e-9);
  }
});

test("panning never shows what lies beside the photo, and comes back at once", () => {
  let view = zoomed(FIT, 6, { x: 100, y: 100 }, PANE, PHOTO);
  for (let step = 0; step < 50; step++) view = panned(view, 500, 300, PANE, PHOTO);
  let { size, left, top } = placed(view, PANE, PHOTO);
  assert.ok(Math.abs(left) < 1e-6 && Math.abs(top) < 1e-6);
  view = panned(view, -10, -20, PANE, PHOTO);
  ({ size, left, top } = placed(view, PANE, PHOTO));
  assert.ok(Math.abs(left + 10) < 1e-6 && Math.abs(top + 20) < 1e-6, `${left} ${top} ${size}`);
});

test("zoom ends at the whole photo and at its most", () => {
  assert.deepEqual(zoomed(zoomed(FIT, 3, { x: 9, y: 9 }, PANE, PHOTO), 0.01, { x: 0, y: 0 }, PANE, PHOTO), FIT);
  assert.equal(zoomed(FIT, 1e9, { x: 9, y: 9 }, PANE, PHOTO).scale, MOST);
});

test("a double click shows a pixel of the photo's own as one of the screen's, and the next the whole photo", () => {
  const view = actualSize(FIT, { x: 300, y: 200 }, PANE, PHOTO, 4800);
  assert.ok(Math.abs(placed(view, PANE, PHOTO).size - 4) < 1e-9); // the picture has a quarter of its pixels across
  assert.deepEqual(actualSize(view, { x: 1, y: 1 }, PANE, PHOTO, 4800), FIT);
});

// ---- colours

test("each view paints its classes", () => {
  const pixels = Uint16Array.from([10, 266, 250, 506]); // pet, background, border, border
  const classes = [packed("#9B7BFF"), 0, packed("#FFD60A")];
  const seen = (view, more = {}) => {
    const target = new Uint32Array(4);
    paint(view, target, pixels, { shift: 0, classes, others: [], truth: null, width: 4, ...more });
    return [...target];
  };
  const [pet, , border] = classes;
  assert.deepEqual(seen("mask"), [pet, 0, border, border]);
  assert.deepEqual(seen("border"), [0, 0, border, border]);
  assert.deepEqual(seen("cutout"), [0xff000000, 0, 0, 0]);
  const others = [pixels, Uint16Array.from([10, 10, 250, 266])];
  assert.deepEqual(seen("disagreement", { others }), [0, 0xffffffff, 0, border]);
  const truth = Uint8Array.from([2, 0, 2, 1]);
  assert.deepEqual(seen("errors", { truth }), [packed("#FF2E93"), packed("#15171C"), 0, packed("#00D5E0")]);
  // what is swapped is hatched
  const swapped = new Uint32Array(8);
  const all = Uint16Array.from({ length: 8 }, () => 266);
  paint("errors", swapped, all, { shift: 0, classes, others: [], truth: new Uint8Array(8), width: 4 });
  const [dark, white] = [packed("#15171C"), packed("#FFFFFF")];
  assert.deepEqual([...swapped], [dark, dark, white, white, dark, white, white, dark]);
  assert.deepEqual(seen("mask", { shift: 2 }), [border, border, border, border]);
  assert.deepEqual(seen("mask", { classes: [0, 0, border] }), [0, 0, border, border]);
});

test("confidence runs from the first colour to the last", () => {
  const colours = ramp(["#000000", "#404040", "#FFFFFF"]);
  assert.equal(colours[0], packed("#000000"));
  assert.equal(colours[63], packed("#FFFFFF"));
  assert.equal(colours.length, 64);
});
