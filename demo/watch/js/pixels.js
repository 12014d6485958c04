// Pixels of a tile: from a mosaic's colours to classes, and from classes to what a view paints over the photo. A canvas's
// pixel is one number, as Uint32Array reads RGBA.

import { ERRORS, hatch, packed } from "../../stage/js/colours.js";
import { BACKGROUND, BORDER, PET } from "../../stage/js/planes.js";

const FARTHEST = 128; // from a class's colour, in steps of 255: farther off it is none

// The index of the nearest colour: mosaics written before the classes had these colours, and browsers that change a
// canvas's pixels by a step against fingerprinting, are read all the same
function nearest(pixel, colours) {
  const distances = colours.map((colour) =>
    [0, 8, 16].reduce((sum, shift) => sum + (((pixel >> shift) & 255) - ((colour >> shift) & 255)) ** 2, 0),
  );
  const least = Math.min(...distances);
  if (least > FARTHEST ** 2) throw new Error("a colour that is no class");
  return distances.indexOf(least);
}

// One byte a pixel, the index of its colour
export function classesFromPixels(pixels, colours) {
  const classByColour = new Map();
  const classes = new Uint8Array(pixels.length);
  let colour = -1;
  let found = 0;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] !== colour) {
      colour = pixels[i];
      found = classByColour.get(colour);
      if (found === undefined) classByColour.set(colour, (found = nearest(colour, colours)));
    }
    classes[i] = found;
  }
  return classes;
}

// Four classes a byte: so many mosaics are kept at hand
export function packClasses(classes) {
  const quarters = new Uint8Array(Math.ceil(classes.length / 4));
  for (let i = 0; i < classes.length; i++) quarters[i >> 2] |= classes[i] << (2 * (i & 3));
  return quarters;
}

// A tile's own classes, of a mosaic of so many columns of tiles of `side`
export function tileClasses({ width, quarters }, index, columns, side) {
  const left = (index % columns) * side;
  const top = Math.floor(index / columns) * side;
  const tile = new Uint8Array(side * side);
  let to = 0;
  for (let row = top; row < top + side; row++) {
    const first = row * width + left;
    for (let from = first; from < first + side; from++) tile[to++] = (quarters[from >> 2] >> (2 * (from & 3))) & 3;
  }
  return tile;
}

// Colours of a view by what is compared: `at[3 * other + found]`; `other` is the true class, or the one an epoch before
function colourTable(view, classes) {
  const at = new Uint32Array(9);
  for (const other of [PET, BACKGROUND, BORDER]) {
    for (const found of [PET, BACKGROUND, BORDER]) {
      if (view === "prediction") at[3 * other + found] = found === BACKGROUND ? 0 : classes[found];
      else if (found === other) continue;
      else if (view === "change") at[3 * other + found] = classes[found];
      else if (other === BORDER) at[3 * other + found] = packed(ERRORS.missed.colour);
      else if (found === BORDER) at[3 * other + found] = packed(ERRORS.false.colour);
      else at[3 * other + found] = packed(ERRORS.swapped.colour);
    }
  }
  return at;
}

// Paints a tile's view into `target`, which is transparent where nothing is shown.
// `other`: the true classes for "errors", those of the epoch before for "change"; null where nobody knows: then nothing is
// shown. `classes`: colours by class, 0 where one is switched off.
export function paintTile(target, view, found, other, classes, side) {
  if (view !== "prediction" && !other) return void target.fill(0);
  const at = colourTable(view, classes);
  const against = view === "prediction" ? found : other;
  for (let i = 0; i < target.length; i++) target[i] = at[3 * against[i] + found[i]];
  if (view === "errors") hatch(target, side);
}

// Pixels by true class and found class, (3, 3)
export function confusionOf(found, truth) {
  const counts = new Uint32Array(9);
  for (let i = 0; i < found.length; i++) counts[3 * truth[i] + found[i]] += 1;
  return [PET, BACKGROUND, BORDER].map((kind) => [...counts.subarray(3 * kind, 3 * kind + 3)]);
}

// Of the border, as a fraction; null where there is neither a true nor a painted pixel of it
export function borderF1(counts) {
  const hit = counts[BORDER][BORDER];
  const painted = counts.reduce((sum, row) => sum + row[BORDER], 0);
  const real = counts[BORDER].reduce((sum, count) => sum + count, 0);
  return real + painted ? (2 * hit) / (real + painted) : null;
}
