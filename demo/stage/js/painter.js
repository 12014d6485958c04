// What is drawn, and when: once a frame, whatever has changed since the last one.

import { boxOf, draw, drawLens, fit, pathOf, sizes } from "./canvas.js";
import { packed, paint, ramp } from "./colours.js";
import { contours, insideTable } from "./contours.js";
import { STEP } from "./planes.js";
import { FIT } from "./zoom.js";

const LINE_WIDTH = 2.5;

// `stage` is the element, `it` what is shown now, see stage.js; `panesPlace` holds the canvases. `schedule({colours, lines})`
// draws at the next frame, the masks and the lines anew if they are due
export function painter(stage, it, panesPlace = stage.querySelector(".stage-panes")) {
  const { state, shown, hidden } = it;
  const due = { colours: false, lines: false, frame: 0 };

  const sizeOf = sizes(frame);

  const answered = () => it.panes.filter((pane) => pane.data);
  const listed = () => answered().filter((pane) => !hidden.has(pane.run));

  function schedule(what = {}) {
    due.colours ||= Boolean(what.colours);
    due.lines ||= Boolean(what.lines);
    due.frame ||= requestAnimationFrame(frame);
  }

  function frame() {
    cancelAnimationFrame(due.frame);
    due.frame = 0;
    const started = performance.now();
    if (due.colours) for (const pane of answered()) colour(pane);
    if (due.lines && (outlines() || lined())) for (const pane of answered()) pane.lines = linesOf(pane);
    due.colours = due.lines = false;
    for (const canvas of panesPlace.querySelectorAll("canvas")) drawPane(canvas);
    for (const pane of it.panes) drawThumb(pane);
    // what the page itself worked for this frame, for those who measure it
    stage.dataset.work = (performance.now() - started).toFixed(1);
  }

  const outlines = () => state.layout === "outlines" && !state.solo;
  // panes that show a network's own outline, and nothing under it
  const lined = () => state.view === "outlines";

  // Whose view lies under the lines: the network that was picked, else the first. Masks are what the lines tell already,
  // so that without a pick the photo is seen.
  function under() {
    if (!outlines()) return null;
    const picked = answered().find(({ run }) => run === it.picked);
    return picked ?? (state.view === "mask" ? null : answered()[0]) ?? null;
  }

  // The rows' small masks need no whole plane
  const detail = (pane) => (outlines() && pane !== under() ? "thin" : "whole");

  function colour(pane) {
    const plane = pane.data[detail(pane)];
    const [width, height] = state.view === "confidence" ? pane.data.confidenceSize : plane.size;
    if (pane.mask?.canvas.width !== width || pane.mask?.canvas.height !== height) {
      const context = new OffscreenCanvas(width, height).getContext("2d");
      const image = context.createImageData(width, height);
      pane.mask = { canvas: context.canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
    }
    const { context, image, pixels } = pane.mask;
    if (state.view === "confidence") {
      const colours = ramp(it.value.ramp);
      for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] = colours[pane.data.confidence[pixel]];
    } else {
      const classes = it.value.classes.map(({ colour: text }, kind) => (shown[kind] ? packed(text) : 0));
      const others = answered().map((other) => other.data[detail(pane)].pixels);
      const label = it.truth?.[detail(pane)].pixels;
      paint(state.view, pixels, plane.pixels, { shift: state.shift, classes, others, truth: label, width });
    }
    context.putImageData(image, 0, 0);
  }

  function linesOf(pane) {
    return pathOf(contours(pane.data.thin, insideTable(state.shift), STEP));
  }

  const ownLine = (pane) => ({
    path: pane.lines,
    plane: it.value.photo.shown[0],
    colour: pane.onPhoto,
    dash: pane.dash,
    width: LINE_WIDTH,
  });

  function drawnLines() {
    const lines = listed().map(ownLine);
    if (it.truth && !hidden.has("label")) lines.push(truthLine());
    return lines;
  }

  const truthLine = () => ({
    path: it.truth.lines,
    plane: it.value.photo.shown[0],
    colour: "#FFFFFF",
    dash: "solid",
    width: 2,
  });

  // What a canvas of the panes shows: {mask, lines}
  function contentOf(canvas) {
    if (canvas.dataset.run) {
      const pane = it.panes.find(({ run }) => run === canvas.dataset.run);
      const label = it.truth && !hidden.has("label") ? [truthLine()] : [];
      if (lined()) return { lines: pane?.lines ? [...label, ownLine(pane)] : label };
      return { mask: pane?.mask?.canvas, lines: state.view === "errors" && state.layout === "side" ? [] : label };
    }
    // the photo and its label, beside the networks' panes
    if (state.layout === "quad") return { lines: it.truth ? [truthLine()] : [] };
    return { mask: under()?.mask?.canvas, lines: it.value.photo ? drawnLines() : [] };
  }

  function drawPane(canvas) {
    fit(canvas, sizeOf(canvas));
    const context = canvas.getContext("2d");
    const box = boxOf(canvas);
    const now = { ...it.scene, ...state };
    if (state.layout === "swipe" && !state.solo) drawSwipe(context, box, now);
    else draw(context, box, state.zoom, now, contentOf(canvas));
    if (state.loupe && it.pointer && it.scene.photo && state.layout !== "swipe") {
      const point = { x: it.pointer.x * box.width, y: it.pointer.y * box.height };
      drawLens(context, box, state.zoom, now, contentOf(canvas), point);
    }
  }

  // Two masks over one photo: the left one left of the line
  function drawSwipe(context, box, now) {
    const [left, right] = listed();
    draw(context, box, state.zoom, now, { mask: left?.mask?.canvas });
    if (!right) return;
    const at = Math.round(state.split * box.width);
    const half = new OffscreenCanvas(box.width, box.height).getContext("2d");
    draw(half, box, state.zoom, now, { mask: right.mask?.canvas });
    context.clearRect(at, 0, box.width - at, box.height);
    context.drawImage(half.canvas, at, 0, box.width - at, box.height, at, 0, box.width - at, box.height);
  }

  function drawThumb(pane) {
    const canvas = pane.row?.querySelector("canvas");
    if (!canvas || !sizeOf(canvas).width) return;
    fit(canvas, sizeOf(canvas));
    draw(canvas.getContext("2d"), boxOf(canvas), FIT, { ...it.scene, ...state }, { mask: pane.mask?.canvas });
  }

  return { schedule, answered, listed, under };
}
