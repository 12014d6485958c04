import assert from "node:assert/strict";
import { test } from "node:test";

import {
  classesFromPixels,
  paintDifferences,
  paintMask,
  pixelFromHex,
  scaled,
  SHARES,
  withUnknown,
} from "../../demo/scrub/js/pixels.js";
import { randomNumbers } from "./random.js";

const COLOURS = ["#0072B2", "#000000", "#F0E442", "#CC79A7"]; // pet, background, border, the mark of background
const PIXELS = COLOURS.map(pixelFromHex);
const [PET, BACKGROUND, BORDER, UNKNOWN] = [0, 1, 2, 255];
const BLACK = [0, 0, 0, 255];

const channelsOf = (colour) => [1, 3, 5].map((at) => Number(`0x${colour.slice(at, at + 2)}`));
const opaque = (colour) => [...channelsOf(colour), 255];
// the four bytes that a canvas holds of a pixel
const bytesOf = (pixels, at) => [...new Uint8Array(pixels.buffer, 4 * at, 4)];

function randomPhoto(random, length) {
  const pixels = new Uint32Array(length);
  const bytes = new Uint8Array(pixels.buffer);
  bytes.forEach((_, at) => (bytes[at] = at % 4 === 3 ? 255 : random(256)));
  return { pixels, faded: scaled(pixels, SHARES.faded, 0), dim: scaled(pixels, SHARES.dim, 255) };
}

// A mosaic of three tiles of 3 x 3 in two columns: the last place has none. The middle tile has no photo
function randomSource(random) {
  const source = { tile: 3, columns: 2, tiles: [{ photo: true }, { photo: false }, { photo: true }], photo: null };
  const mask = () => Uint8Array.from({ length: 36 }, () => random(3));
  return { source, mask };
}

// Number of the tile that a pixel of that mosaic belongs to
const tileAt = (at) => 2 * Math.floor(at / 18) + (at % 6 < 3 ? 0 : 1);

test("a colour's pixel has its bytes in a canvas's order", () => {
  assert.equal(pixelFromHex("#0072B2"), 0xffb27200);
  assert.deepEqual(bytesOf(Uint32Array.of(pixelFromHex("#f0e442")), 0), [0xf0, 0xe4, 0x42, 255]);
});

test("every channel is scaled by itself, and rounded down", () => {
  const pixels = Uint32Array.of(pixelFromHex("#ff6401"), pixelFromHex("#000000"));
  const half = scaled(pixels, 0.5, 200);
  assert.deepEqual(bytesOf(half, 0), [127, 50, 0, 200]);
  assert.deepEqual(bytesOf(half, 1), [0, 0, 0, 200]);
});

test("any picture is scaled as byte by byte", () => {
  const random = randomNumbers(3);
  const { pixels } = randomPhoto(random, 500);
  for (const share of [SHARES.faded, SHARES.dim, 0, 1]) {
    const got = scaled(pixels, share, 7);
    for (let at = 0; at < pixels.length; at++) {
      const expected = bytesOf(pixels, at).map((byte, channel) => (channel === 3 ? 7 : Math.floor(byte * share)));
      assert.deepEqual(bytesOf(got, at), expected);
    }
  }
});

test("a mosaic's colours become the numbers of its classes", () => {
  const random = randomNumbers(4);
  const colours = PIXELS.slice(0, 3);
  const expected = Uint8Array.from({ length: 300 }, () => random(3));
  const pixels = Uint32Array.from(expected, (found) => colours[found]);
  assert.deepEqual(classesFromPixels(pixels, colours), expected);
});

test("a colour that is no class is an error, wherever it is", () => {
  const colours = PIXELS.slice(0, 3);
  for (const at of [0, 1, 4]) {
    const pixels = new Uint32Array(5).fill(colours[BORDER]);
    pixels[at] = pixelFromHex("#12CC56");
    assert.throws(() => classesFromPixels(pixels, colours), /no class/);
  }
});

test("a class is the nearest colour's: of a mosaic in the former colours, and where a browser changes pixels by a step", () => {
  const colours = ["#9B7BFF", "#000000", "#FFD60A"].map(pixelFromHex);
  const former = Uint32Array.from(["#56B4E9", "#000000", "#E69F00"].map(pixelFromHex));
  assert.deepEqual(classesFromPixels(former, colours), Uint8Array.from([PET, BACKGROUND, BORDER]));
  const stepped = Uint32Array.from(["#9C7AFE", "#010001", "#FED50B"].map(pixelFromHex));
  assert.deepEqual(classesFromPixels(stepped, colours), Uint8Array.from([PET, BACKGROUND, BORDER]));
});

test("where nobody labelled a tile its truth is unknown", () => {
  const run = { tile: 2, columns: 2, tiles: [{ truth: true }, { truth: false }, { truth: false }] };
  const truth = { width: 4, height: 4, classes: new Uint8Array(16).fill(BACKGROUND) };
  const told = withUnknown(truth, run);
  assert.deepEqual(
    [...told.classes],
    [
      ...[1, 1, 255, 255],
      ...[1, 1, 255, 255],
      ...[255, 255, 1, 1], // the last place has no tile
      ...[255, 255, 1, 1],
    ],
  );
  assert.deepEqual([told.width, told.height], [4, 4]);
  assert.ok(
    truth.classes.every((found) => found === BACKGROUND),
    "another run may share the picture",
  );
});

test("pet and border lie over the photo, 65 to 35, and the background shows it", () => {
  const photo = Uint32Array.from(["#c86432", "#c86432", "#c86432"].map(pixelFromHex));
  const source = { tile: 3, columns: 1, tiles: [{ photo: true }] };
  source.photo = { pixels: new Uint32Array(9), faded: new Uint32Array(9) };
  source.photo.pixels.set(photo);
  source.photo.faded.set(scaled(photo, SHARES.faded, 0));
  const pixels = new Uint32Array(9);
  paintMask(pixels, source, Uint8Array.of(PET, BACKGROUND, BORDER, 1, 1, 1, 1, 1, 1), true, PIXELS);
  // 200, 100 and 50 faded are 70, 35 and 17; of #0072B2 0, 74 and 115 are added, of #F0E442 156, 148 and 42
  assert.deepEqual(bytesOf(pixels, 0), [70, 109, 132, 255]);
  assert.deepEqual(bytesOf(pixels, 1), [200, 100, 50, 255]);
  assert.deepEqual(bytesOf(pixels, 2), [226, 183, 59, 255]);
});

test("any mask is painted as pixel by pixel", () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 100; round++) {
    const { source, mask } = randomSource(random);
    const classes = mask().map((found) => (random(9) ? found : UNKNOWN));
    if (round % 3) source.photo = randomPhoto(random, 36);
    const withPhoto = round % 4 > 0;
    const pixels = new Uint32Array(36);
    paintMask(pixels, source, classes, withPhoto, PIXELS);
    for (let at = 0; at < 36; at++) {
      const tile = source.tiles[tileAt(at)];
      const colour = { [PET]: COLOURS[0], [BORDER]: COLOURS[2] }[classes[at]];
      let expected;
      if (!tile) expected = [0, 0, 0, 0];
      else if (!withPhoto || !source.photo || !tile.photo) expected = colour ? opaque(colour) : BLACK;
      else {
        const seen = bytesOf(source.photo.pixels, at);
        const share = (channel) =>
          Math.floor(seen[channel] * (1 - 0.65)) + Math.floor(channelsOf(colour)[channel] * 0.65);
        expected = colour ? [0, 1, 2].map(share).concat(255) : seen;
      }
      assert.deepEqual(bytesOf(pixels, at), expected, `round ${round}, pixel ${at}`);
    }
  }
});

test("white over white stays white's equal or darker: no channel runs into the next", () => {
  const source = { tile: 1, columns: 1, tiles: [{ photo: true }] };
  const white = Uint32Array.of(pixelFromHex("#ffffff"));
  source.photo = { pixels: white, faded: scaled(white, SHARES.faded, 0) };
  const pixels = new Uint32Array(1);
  paintMask(pixels, source, Uint8Array.of(PET), true, new Array(4).fill(white[0]));
  assert.deepEqual(bytesOf(pixels, 0), [254, 254, 254, 255]); // 165.75 and 89.25, both rounded down
});

// What a slow reader of the rule says of one pixel; `against` as of paintDifferences
function differs(found, against, at) {
  if (against === null) return false;
  const { truth, earlier } = against;
  if (truth && (truth[at] === UNKNOWN || truth[at] === found)) return false;
  return !(earlier && earlier[at] === found);
}

test("any differences are painted as pixel by pixel", () => {
  const random = randomNumbers(6);
  let marked = 0;
  for (let round = 0; round < 160; round++) {
    const { source, mask } = randomSource(random);
    const classes = mask();
    const truth = mask().map((found) => (random(5) ? found : UNKNOWN));
    const against = [null, { truth, earlier: null }, { truth: null, earlier: mask() }, { truth, earlier: mask() }][
      round % 4
    ];
    if (random(3)) source.photo = randomPhoto(random, 36);
    const withPhoto = random(2) === 1;
    const pixels = new Uint32Array(36);
    paintDifferences(pixels, source, classes, against, withPhoto, PIXELS);
    for (let at = 0; at < 36; at++) {
      const tile = source.tiles[tileAt(at)];
      const colour = { [PET]: COLOURS[0], [BACKGROUND]: COLOURS[3], [BORDER]: COLOURS[2] }[classes[at]];
      let expected;
      if (!tile) expected = [0, 0, 0, 0];
      else if (differs(classes[at], against, at)) {
        expected = opaque(colour);
        marked += 1;
      } else if (!withPhoto || !source.photo || !tile.photo) expected = BLACK;
      else
        expected = bytesOf(source.photo.pixels, at).map((byte, channel) =>
          channel < 3 ? Math.floor(byte * 0.4) : 255,
        );
      assert.deepEqual(bytesOf(pixels, at), expected, `round ${round}, pixel ${at}`);
    }
  }
  assert.ok(marked > 500);
});
