// Drawing panes: the photo, a mask or lines over it, at the zoom that all panes share.

import { FADING, PALE } from "./colours.js";
import { placed } from "./zoom.js";

export const DASHES = { solid: [], dash: [9, 4], dot: [1, 5], dashdot: [9, 4, 1, 4] };
const LENS = { radius: 72, times: 3 };

// Gives the canvas a pixel for each of the screen's in its box on the page
export function fit(canvas, box) {
  const ratio = devicePixelRatio;
  const width = Math.max(1, Math.round(box.width * ratio));
  const height = Math.max(1, Math.round(box.height * ratio));
  if (canvas.width === width && canvas.height === height) return;
  canvas.width = width;
  canvas.height = height;
}

// Remembers how large canvases are on the page: a frame that asks has the whole page laid out first. `changed()` is called
// when one has another size, before that is painted.
export function sizes(changed) {
  const boxes = new WeakMap();
  const measure = (canvas) => boxes.set(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) measure(target);
    changed();
  });
  return function sizeOf(canvas) {
    if (!boxes.has(canvas)) {
      measure(canvas);
      watcher.observe(canvas);
    }
    return boxes.get(canvas);
  };
}

// A pane's box in pixels of the screen
export function boxOf(canvas) {
  return { width: canvas.width, height: canvas.height };
}

const bases = new WeakMap(); // of a canvas's context: {key, layer}, the photo as it was last drawn there

// The photo alone, drawn once for as long as neither it nor its place changes: scaling it is what takes time
function drawBase(context, place, zoom, picture, key) {
  const { width, height } = context.canvas;
  const now = [key, place.size, place.left, place.top, width, height].join(" ");
  let base = bases.get(context);
  if (base?.key !== now) {
    const layer = base?.layer ?? new OffscreenCanvas(1, 1).getContext("2d");
    layer.canvas.width = width;
    layer.canvas.height = height;
    layer.imageSmoothingEnabled = zoom.scale < 8;
    layer.imageSmoothingQuality = zoom.scale > 1 ? "low" : "high";
    layer.drawImage(picture, place.left, place.top, picture.width * place.size, picture.height * place.size);
    bases.set(context, (base = { key: now, layer }));
  }
  context.drawImage(base.layer.canvas, 0, 0);
}

// Draws `scene` = {photo, pale, view, opacity} and `what` = {mask, lines} into a context of this box
export function draw(context, box, zoom, scene, what) {
  const { photo } = scene;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.clearRect(0, 0, box.width, box.height);
  if (!photo) return;
  const place = placed(zoom, box, photo);
  drawContent(context, place, zoom, scene, what, false);
}

function drawContent(context, place, zoom, scene, { mask, lines }, lens) {
  const { photo, view, opacity } = scene;
  const [width, height] = [photo.width * place.size, photo.height * place.size];
  context.imageSmoothingEnabled = zoom.scale < 8;
  if (mask && view === "cutout") {
    drawCutOut(context, place, width, height, scene, mask);
  } else {
    const pale = mask && PALE.has(view);
    const picture = pale ? scene.pale : photo;
    if (lens) context.drawImage(picture, place.left, place.top, width, height);
    else drawBase(context, place, zoom, picture, `${scene.key} ${pale}`);
    if (mask) {
      context.globalAlpha = FADING.has(view)
        ? view === "mask" || view === "confidence"
          ? opacity
          : Math.max(opacity, 0.2)
        : 1;
      context.imageSmoothingEnabled = view === "confidence";
      context.drawImage(mask, place.left, place.top, width, height);
      context.globalAlpha = 1;
    }
  }
  for (const line of lines ?? []) drawLine(context, place, photo, line);
}

// The photo where the mask is, over squares that mean that there is nothing
function drawCutOut(context, place, width, height, scene, mask) {
  const cut = scene.scratch;
  cut.canvas.width = context.canvas.width;
  cut.canvas.height = context.canvas.height;
  cut.imageSmoothingEnabled = context.imageSmoothingEnabled;
  cut.drawImage(scene.photo, place.left, place.top, width, height);
  cut.globalCompositeOperation = "destination-in";
  cut.imageSmoothingEnabled = width < mask.width;
  cut.drawImage(mask, place.left, place.top, width, height);
  cut.globalCompositeOperation = "source-over";
  context.fillStyle = scene.squares(context);
  context.fillRect(place.left, place.top, width, height);
  context.drawImage(cut.canvas, 0, 0);
}

// `line` = {path, colour, dash, width}: the path in pixels of a plane that is `plane` wide
function drawLine(context, place, photo, { path, plane, colour, dash, width }) {
  const scale = (photo.width * place.size) / plane;
  const ratio = devicePixelRatio;
  context.save();
  context.translate(place.left, place.top);
  context.scale(scale, scale);
  context.lineJoin = "round";
  context.strokeStyle = "rgb(0 0 0 / .45)";
  context.lineWidth = ((width + 2) * ratio) / scale;
  context.stroke(path);
  context.strokeStyle = colour;
  context.lineCap = dash === "dot" ? "round" : "butt";
  context.setLineDash(DASHES[dash].map((length) => (length * ratio) / scale));
  context.lineWidth = (width * ratio) / scale;
  context.stroke(path);
  context.restore();
}

// The same content once more, closer, in a lens around a point of the pane
export function drawLens(context, box, zoom, scene, what, point) {
  const place = placed(zoom, box, scene.photo);
  const radius = LENS.radius * devicePixelRatio;
  context.save();
  context.beginPath();
  context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
  context.save();
  context.clip();
  context.fillStyle = "#000";
  context.fill();
  drawContent(
    context,
    {
      size: place.size * LENS.times,
      left: point.x - (point.x - place.left) * LENS.times,
      top: point.y - (point.y - place.top) * LENS.times,
    },
    zoom,
    scene,
    what,
    true,
  );
  context.restore();
  for (const [colour, width] of [
    ["rgb(0 0 0 / .6)", 4],
    ["#fff", 2],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width * devicePixelRatio;
    context.stroke();
  }
  context.restore();
}

export function pathOf(polylines) {
  const path = new Path2D();
  for (const line of polylines) {
    path.moveTo(line[0], line[1]);
    for (let place = 2; place < line.length; place += 2) path.lineTo(line[place], line[place + 1]);
    if (line.length > 4 && line[0] === line.at(-2) && line[1] === line.at(-1)) path.closePath();
  }
  return path;
}

// The photo in light greys
export function paleOf(photo) {
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  const context = canvas.getContext("2d");
  context.filter = "grayscale(1) contrast(.45) brightness(1.3)";
  context.drawImage(photo, 0, 0);
  return canvas;
}

export function squaresPattern() {
  const tile = new OffscreenCanvas(18, 18);
  const context = tile.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 18, 18);
  context.fillStyle = "#d4d6d9";
  context.fillRect(0, 0, 9, 9);
  context.fillRect(9, 9, 9, 9);
  return (on) => on.createPattern(tile, "repeat");
}
