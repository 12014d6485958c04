// A photo as a run sees it after an epoch: what its view is made of, and how that is painted.

import { epochBefore, shownEpoch } from "./epochs.js";
import { paintTile } from "./pixels.js";

const MASK = 0.65; // of a prediction, over a photo
const PALE = "grayscale(1) brightness(.62)"; // a photo under errors or changes
const CASING = "rgb(12 13 16 / .7)"; // under the label's white line, so that it is seen on any photo

const images = new Map(); // side -> ImageData, one for all tiles

// The run's epoch that is shown, and the one it is compared with: null where the view compares with none
export function momentOf(look, run, epoch) {
  return { shown: shownEpoch(run, epoch), before: look.view === "change" ? epochBefore(run, epoch) : null };
}

// The classes found, and those that the view compares with: null where nobody knows them. Undefined where any is to come
export function viewOf(look, run, name, { shown, before }) {
  const found = look.masks.found(run, name, shown);
  const other = otherClasses(look, run, name, before);
  return found === undefined || other === undefined ? undefined : { found, other };
}

function otherClasses(look, run, name, before) {
  if (look.view === "errors") {
    const truth = look.masks.truth(name, run.tile);
    return truth && truth.classes;
  }
  if (look.view === "change") return before === undefined ? null : look.masks.found(run, name, before);
  return null;
}

// Paints the view alone into a canvas of the tile's own pixels; nothing where none was kept
export function paintView(canvas, look, { found, other }) {
  const context = canvas.getContext("2d");
  if (!found) return context.clearRect(0, 0, canvas.width, canvas.height);
  const side = canvas.width;
  if (!images.has(side)) images.set(side, new ImageData(side, side));
  const image = images.get(side);
  paintTile(new Uint32Array(image.data.buffer), look.view, found, other, look.classes, side);
  context.putImageData(image, 0, 0);
}

// Draws photo, view and the label's outline into a square of another canvas: `photo` and `mask` may be null; `line` is the
// outline's width there
export function drawTile(context, look, { photo, mask, truth }, { left, top, length }, line) {
  const alone = look.view === "prediction";
  if (photo) {
    context.filter = mask && !alone ? PALE : "none";
    context.drawImage(photo, left, top, length, length);
    context.filter = "none";
  }
  if (mask) {
    context.globalAlpha = photo && alone ? MASK : 1;
    context.drawImage(mask, left, top, length, length);
    context.globalAlpha = 1;
  }
  if (!look.outline || !truth) return;
  const path = new Path2D();
  const scale = length / truth.side;
  path.addPath(new Path2D(truth.outline), new DOMMatrix([scale, 0, 0, scale, left, top]));
  for (const [colour, width] of [
    [CASING, 2 * line],
    ["#fff", line],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
  }
}
