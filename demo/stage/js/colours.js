// What a view paints over the photo: 32-bit colours for each pixel of a plane.

import { BACKGROUND, BORDER, PET, classTable } from "./planes.js";

// A kind of error, and nothing else, has these colours
export const ERRORS = {
  missed: { colour: "#FF2E93", title: "Missed border", short: "Missed" },
  false: { colour: "#00D5E0", title: "False border", short: "False" },
  swapped: { colour: "#FFFFFF", title: "Pet and background swapped", short: "Swapped", hatched: true },
};
// What is swapped is hatched: white alone would hide both the photo and the label's line
const DARK = packed("#15171C");
const STRIPES = 32; // across a picture's width
// Views over a photo made pale, so that the few pixels they colour stand out
export const PALE = new Set(["border", "disagreement", "errors"]);
// Views whose opacity is what the slider says
export const FADING = new Set(["mask", "border", "confidence", "disagreement", "errors"]);

// "#RRGGBB" as a number of ImageData's bytes, opaque
export function packed(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

// Colours of the 64 levels of confidence, between those given
export function ramp(colours) {
  const corners = colours.map((colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16)));
  return Uint32Array.from({ length: 64 }, (_, level) => {
    const at = (level / 63) * (corners.length - 1);
    const left = Math.min(corners.length - 2, Math.floor(at));
    const [red, green, blue] = corners[left].map((value, channel) =>
      Math.round(value + (corners[left + 1][channel] - value) * (at - left)),
    );
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

// Paints the view of one pane into `target` (Uint32Array of a plane) from the places of its pixels.
// `classes` are colours by class, 0 where a class is not shown; `others` the places of all panes, for disagreement;
// `truth` the true classes, where they are known; `width` the plane's
export function paint(view, target, places, { shift, classes, others, truth, width }) {
  const table = classTable(shift);
  if (view === "disagreement") return paintDisagreement(target, places, table, classes, others);
  if (view === "errors") return paintErrors(target, places, table, truth, width);
  const colours = new Uint32Array(512);
  const shown = { mask: [PET, BORDER], border: [BORDER], cutout: [PET] }[view] ?? [];
  for (let place = 0; place < 512; place++) {
    const kind = table[place];
    if (shown.includes(kind)) colours[place] = view === "cutout" ? 0xff000000 : classes[kind];
  }
  for (let pixel = 0; pixel < target.length; pixel++) target[pixel] = colours[places[pixel]];
}

function paintDisagreement(target, places, table, classes, others) {
  const colours = [classes[PET], 0xffffffff, classes[BORDER]];
  for (let pixel = 0; pixel < target.length; pixel++) {
    const kind = table[places[pixel]];
    let differs = false;
    for (const other of others) differs ||= table[other[pixel]] !== kind;
    target[pixel] = differs ? colours[kind] : 0;
  }
}

function paintErrors(target, places, table, truth, width) {
  const colours = new Uint32Array(9); // true class, predicted class
  for (const other of [PET, BACKGROUND]) {
    colours[3 * BORDER + other] = packed(ERRORS.missed.colour);
    colours[3 * other + BORDER] = packed(ERRORS.false.colour);
  }
  colours[3 * PET + BACKGROUND] = colours[3 * BACKGROUND + PET] = packed(ERRORS.swapped.colour);
  for (let pixel = 0; pixel < target.length; pixel++) {
    target[pixel] = truth ? colours[3 * truth[pixel] + table[places[pixel]]] : 0;
  }
  hatch(target, width);
}

// Dark stripes over what a picture of errors has painted as swapped
export function hatch(target, width) {
  const white = packed(ERRORS.swapped.colour);
  const period = Math.max(4, Math.round(width / STRIPES));
  for (let pixel = 0; pixel < target.length; pixel++) {
    if (target[pixel] !== white) continue;
    if ((pixel + Math.floor(pixel / width)) % period < period / 2) target[pixel] = DARK;
  }
}

// Pixels of each kind of error, of a confusion matrix
export function errorCounts(confusion) {
  return {
    missed: confusion[BORDER][PET] + confusion[BORDER][BACKGROUND],
    false: confusion[PET][BORDER] + confusion[BACKGROUND][BORDER],
    swapped: confusion[PET][BACKGROUND] + confusion[BACKGROUND][PET],
  };
}
