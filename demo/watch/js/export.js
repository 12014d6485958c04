// What is shown, as an animation: the page draws every epoch, its legend with it, and the server makes a file of them.

import { legendShape } from "../../figures/js/legend.js";
import { ERRORS } from "../../stage/js/colours.js";
import { BORDER, PET } from "../../stage/js/planes.js";
import { titleOf } from "../../js/words.js";
import { picturesAt } from "./epochs.js";
import { drawTile, momentOf, paintView, viewOf } from "./tile.js";

const MARGIN = 12;
const TITLE = 36;
const HEADS = 24;
const LEGEND = 28;
const GAP = 4;
const LINE = 1.5; // of the label
const DARK = "#15171c"; // under masks without a photo
// More epochs than these are thinned: a file of three hundred is no longer small
export const MOST_FRAMES = 61;

// Which epochs an animation shows: all of them, or as many as there may be, the first and the last among them
export function frameEpochs(last, most = MOST_FRAMES) {
  const count = Math.min(last + 1, most);
  return Array.from({ length: count }, (_, place) => Math.round((place * last) / Math.max(1, count - 1)));
}

// `names` of photos, a row each, and how wide all is: {side, columns, width, height}
export function frameLayout(names, columns, width) {
  const side = Math.floor((width - 2 * MARGIN - (columns - 1) * GAP) / columns);
  return { side, columns, width, height: TITLE + HEADS + names.length * (side + GAP) + LEGEND + MARGIN };
}

// Draws epochs: `look` as the grid has it; `asked` is {names, width, last}; `pictureOf(name)` promises a photo's URL
export async function framePainter(look, asked, pictureOf) {
  const runs = look.runs;
  const layout = frameLayout(asked.names, runs.length + 1, asked.width);
  const photos = await Promise.all(asked.names.map(async (name) => loadImage(await pictureOf(name))));
  const markers = await Promise.all(runs.map((run) => loadImage(markerUrl(run))));
  const canvas = new OffscreenCanvas(layout.width, layout.height);
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.body);
  const ink = style.color;

  return async function paint(epoch) {
    await Promise.all([...look.masks.wantLabels(), ...picturesAt(runs, epoch, look.view).map(look.want)]);
    context.fillStyle = style.backgroundColor;
    context.fillRect(0, 0, layout.width, layout.height);
    context.fillStyle = ink;
    context.fillRect(0, 0, (layout.width * epoch) / Math.max(1, asked.last), 3);
    text(`Epoch ${epoch} of ${asked.last}`, MARGIN, 26, 600, 18);
    const left = (column) => MARGIN + column * (layout.side + GAP);
    runs.forEach((run, number) => {
      if (markers[number]) context.drawImage(markers[number], left(number + 1), TITLE + 3, 12, 12);
      text(run.title, left(number + 1) + 18, TITLE + 14, 600, 13, layout.side - 18);
    });
    asked.names.forEach((name, row) => {
      const top = TITLE + HEADS + row * (layout.side + GAP);
      place({ photo: photos[row], mask: null }, left(0), top, name);
      text(titleOf(name), left(0) + 6, top + layout.side - 8, 500, 12, layout.side - 12, "#fff");
      runs.forEach((run, number) => {
        const moment = momentOf(look, run, epoch);
        place({ photo: photos[row], mask: maskOf(run, name, moment) }, left(number + 1), top, name);
        const { shown } = moment;
        if (shown < epoch) text(`epoch ${shown}`, left(number + 1) + 6, top + 16, 500, 12, layout.side, "#fff");
        const f1 = look.masks.f1(run, name, epoch);
        if (f1 === null) return;
        const words = `F1 ${Math.round(100 * f1)}`;
        text(words, left(number + 1) + layout.side - 42, top + layout.side - 8, 500, 12, 36, "#fff");
      });
    });
    drawLegend(layout.height - MARGIN - 6);
    return canvas.convertToBlob({ type: "image/png" });
  };

  function text(words, x, y, weight, size, room = layout.width, colour = ink) {
    context.font = `${weight} ${size}px ${style.fontFamily}`;
    if (colour !== ink) {
      context.strokeStyle = "rgb(12 13 16 / .8)";
      context.lineWidth = 3;
      context.lineJoin = "round";
      context.strokeText(words, x, y, room);
    }
    context.fillStyle = colour;
    context.fillText(words, x, y, room);
  }

  // What is still to come has been waited for: nothing is there where nothing was kept
  function maskOf(run, name, moment) {
    const view = viewOf(look, run, name, moment);
    if (!view?.found) return null;
    const tile = new OffscreenCanvas(run.tile, run.tile);
    paintView(tile, look, view);
    return tile;
  }

  function place({ photo, mask }, left, top, name) {
    const length = layout.side;
    context.fillStyle = DARK;
    context.fillRect(left, top, length, length);
    drawTile(context, look, { photo, mask, truth: look.masks.truth(name) }, { left, top, length }, LINE);
  }

  function drawLegend(y) {
    const classes = [PET, BORDER].map((kind) => ({ title: titleOf(look.named[kind].name), ...look.named[kind] }));
    const fresh = { title: "Background, new", colour: "#FFFFFF" };
    const line = { title: "Label", colour: "#FFFFFF", high: 4 };
    const entries = {
      prediction: classes,
      errors: Object.values(ERRORS),
      change: [...classes, fresh],
    }[look.view];
    let x = MARGIN;
    for (const { title, colour, hatched, high = 12 } of [...entries, ...(look.outline ? [line] : [])]) {
      swatch(x, y - 4 - high / 2, high, colour, hatched);
      text(title, x + 18, y, 500, 12);
      x += 18 + context.measureText(title).width + 20;
    }
  }

  // White, too, is seen on white paper
  function swatch(x, y, high, colour, hatched) {
    context.fillStyle = DARK;
    context.fillRect(x - 1, y - 1, 14, high + 2);
    context.fillStyle = colour;
    context.fillRect(x, y, 12, high);
    context.fillStyle = DARK;
    for (let stripe = 0; hatched && stripe < 12; stripe += 4) context.fillRect(x + stripe, y, 2, high);
  }
}

async function loadImage(url) {
  if (!url) return null;
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

const markerUrl = ({ symbol, colour }) =>
  `data:image/svg+xml,${encodeURIComponent(legendShape(symbol, colour).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'))}`;

// The dialog: `frames()` says what there is to draw, {names, pinned, last}
export function exportDialog(dialog, { look, frames, pictureOf, server, upload, milliseconds }) {
  const form = dialog.querySelector("form");
  const status = dialog.querySelector("[role=status]");
  const save = dialog.querySelector('[data-act="save"]');
  let working = null; // {cancelled}

  function open() {
    const { pinned } = frames();
    form.what.querySelector('[value="pinned"]').disabled = !pinned;
    form.what.value = pinned ? "pinned" : "grid";
    status.textContent = "";
    save.disabled = false;
    dialog.showModal();
  }

  async function write() {
    const mine = (working = { cancelled: false });
    const { names, pinned, last } = frames();
    const kind = form.kind.value;
    const what = form.what.value;
    const asked = { names: what === "pinned" ? [pinned] : names, width: Number(form.width.value), last };
    save.disabled = true;
    try {
      const paint = await framePainter(look, asked, pictureOf);
      const paths = [];
      for (const epoch of frameEpochs(last)) {
        if (mine.cancelled) return;
        status.textContent = `Drawing epoch ${epoch} of ${last}`;
        const file = new File([await paint(epoch)], `epoch-${epoch}.png`, { type: "image/png" });
        paths.push((await upload(file)).path);
      }
      status.textContent = `Writing the ${kind === "gif" ? "GIF" : "WebP"}`;
      const name = `borderline-${what === "pinned" ? titleOf(pinned) : "photos"}-${look.view}-by-epoch`;
      const { url, error } = await server.write_animation({ frames: paths, kind, name, milliseconds: milliseconds() });
      if (mine.cancelled) return;
      if (error) throw new Error(error);
      const link = document.createElement("a");
      link.href = url;
      link.download = decodeURIComponent(url.split("/").at(-1));
      link.click();
      status.textContent = `Saved ${link.download}`;
    } catch (error) {
      status.textContent = `The animation could not be made: ${error.message}`;
    } finally {
      if (mine === working) save.disabled = false;
    }
  }

  save.addEventListener("click", write);
  dialog.querySelector('[data-act="cancel"]').addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => working && (working.cancelled = true));
  return { open };
}
