import assert from "node:assert/strict";
import { test } from "node:test";

import { packed } from "../../demo/stage/js/colours.js";
import {
  borderF1,
  classesFromPixels,
  confusionOf,
  packClasses,
  paintTile,
  tileClasses,
} from "../../demo/watch/js/pixels.js";
import { randomNumbers } from "./random.js";

const COLOURS = ["#0072B2", "#000000", "#F0E442"].map(packed); // pet, background, border
const [PET, BACKGROUND, BORDER] = [0, 1, 2];
const [MISSED, FALSE, WHITE] = ["#FF2E93", "#00D5E0", "#FFFFFF"].map(packed);

const randomClasses = (random, length) => Uint8Array.from({ length }, () => random(3));

test("any mosaic of colours is its classes", () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 50; round++) {
    const expected = randomClasses(random, 40);
    const pixels = Uint32Array.from(expected, (kind) => COLOURS[kind]);
    assert.deepEqual(classesFromPixels(pixels, COLOURS), expected);
  }
});

test("a colour that is no class is an error, wherever it is", () => {
  for (const at of [0, 1, 4]) {
    const pixels = new Uint32Array(5).fill(COLOURS[BORDER]);
    pixels[at] = packed("#12CC56");
    assert.throws(() => classesFromPixels(pixels, COLOURS), /no class/);
  }
});

test("a class is the nearest colour's: of a mosaic in the former colours, and where a browser changes pixels by a step", () => {
  const colours = ["#9B7BFF", "#000000", "#FFD60A"].map(packed);
  const former = Uint32Array.from(["#56B4E9", "#000000", "#E69F00"].map(packed));
  assert.deepEqual(classesFromPixels(former, colours), Uint8Array.from([PET, BACKGROUND, BORDER]));
  const stepped = Uint32Array.from(["#9C7AFE", "#010001", "#FED50B"].map(packed));
  assert.deepEqual(classesFromPixels(stepped, colours), Uint8Array.from([PET, BACKGROUND, BORDER]));
});

test("a tile is cut out of its mosaic, pixel by pixel", () => {
  const random = randomNumbers(8);
  const [side, columns, rows] = [4, 3, 2];
  const classes = randomClasses(random, side * columns * side * rows);
  const mosaic = { width: side * columns, quarters: packClasses(classes) };
  assert.equal(mosaic.quarters.length, classes.length / 4);
  for (let index = 0; index < columns * rows; index++) {
    const tile = tileClasses(mosaic, index, columns, side);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [x, y] = [(index % columns) * side + column, Math.floor(index / columns) * side + row];
        assert.equal(tile[row * side + column], classes[y * mosaic.width + x]);
      }
    }
  }
});

test("a prediction is pet and border in their colours, and of a class that is switched off nothing", () => {
  const target = new Uint32Array(3).fill(7);
  paintTile(target, "prediction", Uint8Array.of(PET, BACKGROUND, BORDER), null, [COLOURS[PET], WHITE, 0], 3);
  assert.deepEqual([...target], [COLOURS[PET], 0, 0]);
});

test("errors are what is missed, what is false, and a hatch where pet and background are swapped", () => {
  const random = randomNumbers(2);
  const side = 16;
  const [found, truth] = [randomClasses(random, side * side), randomClasses(random, side * side)];
  const target = new Uint32Array(side * side);
  paintTile(target, "errors", found, truth, COLOURS, side);
  const swapped = new Set();
  for (let i = 0; i < target.length; i++) {
    if (found[i] === truth[i]) assert.equal(target[i], 0);
    else if (truth[i] === BORDER) assert.equal(target[i], MISSED);
    else if (found[i] === BORDER) assert.equal(target[i], FALSE);
    else swapped.add(target[i]);
  }
  assert.deepEqual([...swapped].sort(), [packed("#15171C"), WHITE].sort());
});

test("a change is what is new since the epoch before, and where nobody knows that nothing", () => {
  const [found, before] = [Uint8Array.of(PET, PET, BORDER, BACKGROUND), Uint8Array.of(PET, BORDER, PET, PET)];
  const target = new Uint32Array(4).fill(9);
  paintTile(target, "change", found, before, [COLOURS[PET], WHITE, COLOURS[BORDER]], 2);
  assert.deepEqual([...target], [0, COLOURS[PET], COLOURS[BORDER], WHITE]);
  for (const view of ["change", "errors"]) {
    paintTile(target, view, found, null, COLOURS, 2);
    assert.deepEqual([...target], [0, 0, 0, 0]);
  }
});

test("border F1 is that of a count by hand; of no border at all it is not known", () => {
  const random = randomNumbers(4);
  for (let round = 0; round < 50; round++) {
    const [found, truth] = [randomClasses(random, 30), randomClasses(random, 30)];
    let [hit, real, painted] = [0, 0, 0];
    for (let i = 0; i < 30; i++) {
      hit += found[i] === BORDER && truth[i] === BORDER ? 1 : 0;
      real += truth[i] === BORDER ? 1 : 0;
      painted += found[i] === BORDER ? 1 : 0;
    }
    const counts = confusionOf(found, truth);
    assert.equal(borderF1(counts), real + painted ? (2 * hit) / (real + painted) : null);
    assert.equal(
      counts.flat().reduce((sum, count) => sum + count),
      30,
    );
  }
  assert.equal(borderF1(confusionOf(Uint8Array.of(PET), Uint8Array.of(BACKGROUND))), null);
});
