// A run's pictures as they are shown at an epoch, composed once and kept.

import { epochBefore, shownEpoch } from "./epochs.js";
import { paintDifferences, paintMask } from "./pixels.js";

export const SHEETS = 64; // kept for each run, of 1.8 MB each

// A source is a mosaic of one run's tiles: {tile, columns, tiles, photo, truth, masks: Map(epoch -> picture)}. Its
// sheets are the mosaic as it is shown at an epoch, composed once: drawing one is then no more than copying pixels.
export function makeSource(fields) {
  return { photo: null, truth: null, masks: new Map(), sheets: new Map(), ...fields };
}

export function isFiltered(shown) {
  return shown.prediction && (shown.errors || shown.change);
}

// A run's prediction at the epoch; null where there is nothing to show
export function predictionSheet(run, source, wanted, shown, colours) {
  const epoch = shownEpoch(run, wanted);
  const mask = shown.prediction && source.masks.get(epoch);
  if (!mask) return photoSheet(source, shown);
  if (!isFiltered(shown)) {
    return wholeSheet(source, `${epoch} ${shown.photo}`, mask, (pixels) =>
      paintMask(pixels, source, mask.classes, shown.photo, colours),
    );
  }
  const before = epochBefore(run, wanted);
  const truth = shown.errors ? source.truth?.classes : null;
  const earlier = shown.change ? source.masks.get(before)?.classes : null;
  const unknown = (shown.errors && !truth) || (shown.change && !earlier);
  const against = unknown ? null : { truth, earlier };
  return wholeSheet(source, `${epoch} ${before} ${shown.photo} ${shown.errors} ${shown.change}`, mask, (pixels) =>
    paintDifferences(pixels, source, mask.classes, against, shown.photo, colours),
  );
}

export function truthSheet(source, shown, colours) {
  return wholeSheet(source, `truth ${shown.photo}`, source.truth, (pixels) =>
    paintMask(pixels, source, source.truth.classes, shown.photo, colours),
  );
}

export function photoSheet(source, shown) {
  if (!shown.photo || !source.photo) return null;
  return wholeSheet(source, "photo", source.photo, (pixels) => pixels.set(source.photo.pixels));
}

// The sheet of that name, composed if it is not there; of too many the one longest unused goes
function wholeSheet(source, key, { width, height }, paint) {
  let sheet = source.sheets.get(key);
  source.sheets.delete(key);
  if (!sheet) {
    sheet = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    paint(new Uint32Array(image.data.buffer));
    sheet.getContext("2d", { alpha: false }).putImageData(image, 0, 0);
  }
  source.sheets.set(key, sheet);
  if (source.sheets.size > SHEETS) source.sheets.delete(source.sheets.keys().next().value);
  return sheet;
}
