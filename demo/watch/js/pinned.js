// The pinned photo on a stage of its own, beside the grid and at the same epoch: one run's view of it, its counts, and how
// well all photos' borders are found by then.

import { follow } from "../../stage/js/gestures.js";
import { boxOf, fit } from "../../stage/js/canvas.js";
import { ERRORS, errorCounts } from "../../stage/js/colours.js";
import { fullScreen, radioGroup } from "../../stage/js/controls.js";
import { errorSwatch } from "../../stage/js/legends.js";
import { BACKGROUND, BORDER, PET } from "../../stage/js/planes.js";
import { FIT, placed } from "../../stage/js/zoom.js";
import { legendShape } from "../../figures/js/legend.js";
import { pageState } from "../../js/state.js";
import { titleOf } from "../../js/words.js";
import { describeCurve, drawCurve } from "./curve.js";
import { confusionOf } from "./pixels.js";
import { drawTile, momentOf, paintView, viewOf } from "./tile.js";

const LINE = 2; // pixels of the screen

// `look` as the grid has it; `pictureOf(name)` is a promise of a large photo's URL, or of null; `goTo(epoch)`. Under the name
// of one's own photo there may be another: `which(name)` tells them apart
export function pinnedPhoto(place, look, { pictureOf, which, goTo, close }) {
  const page = pageState();
  const find = (selector) => place.querySelector(selector);
  const canvas = find("canvas");
  const curve = find("figure svg");
  const mask = document.createElement("canvas");
  let name = null;
  let photo = null; // which it is
  let picture = null; // its image
  let zoom = FIT;
  let cursor = null;
  let group = null;
  let drawnFor = "";
  let painted = ""; // which photo, and of which run

  const side = () => shownRun()?.tile ?? 128;
  const shownRun = () => look.runs.find((run) => run.name === page.get("solo")) ?? look.runs[0];

  follow(canvas, {
    photo: () => (name === null ? null : { width: side(), height: side() }),
    natural: () => picture?.naturalWidth ?? side(),
    zoom: () => zoom,
    show(view) {
      zoom = view;
      draw();
    },
    point: () => {},
  });

  function show(wanted) {
    const mine = wanted === null ? null : which(wanted);
    if (mine === photo) return;
    name = wanted;
    photo = mine;
    picture = null;
    zoom = FIT;
    place.hidden = name === null;
    if (name === null) return;
    find("h3").textContent = titleOf(name);
    draw();
    bringPicture(mine);
  }

  async function bringPicture(mine) {
    // without an answer there are the masks alone, and the page says that nothing answers
    const url = await pictureOf(name).catch(() => null);
    if (!url || mine !== photo) return;
    const image = new Image();
    image.src = url;
    await image.decode().catch(() => null);
    if (mine !== photo) return;
    picture = image.naturalWidth ? image : null;
    draw();
  }

  // The runs to choose from, once they are others
  function offerRuns() {
    const offered = JSON.stringify(look.runs.map((run) => [run.name, run.title]));
    if (offered === drawnFor) return;
    drawnFor = offered;
    const options = look.runs.map((run) => ({ key: run.name, title: run.title }));
    group = radioGroup(find("[role=radiogroup]"), options, (run) => page.set({ solo: run }));
    find("[role=radiogroup]")
      .querySelectorAll("button")
      .forEach((button, number) => {
        const { symbol, colour } = look.runs[number];
        button.insertAdjacentHTML("afterbegin", `<span class="mark">${legendShape(symbol, colour)}</span>`);
      });
  }

  function draw() {
    const run = shownRun();
    if (name === null || !run || !place.clientWidth) return;
    offerRuns();
    group.show(run.name);
    const epoch = look.epoch();
    const moment = momentOf(look, run, epoch);
    const view = viewOf(look, run, name, moment);
    const mine = `${photo} ${run.name}`;
    if (view === undefined) return mine === painted ? null : clear(run);
    painted = mine;
    paintPicture(run, view, look.masks.truth(name));
    drawCounts(view.found, look.view === "errors" ? look.masks.truth(name, run.tile) : null);
    const f1 = look.masks.f1(run, name, epoch);
    const ended = moment.shown < epoch ? `epoch ${moment.shown}` : "";
    find(".watch-f1").textContent = [f1 === null ? "" : `F1 ${Math.round(100 * f1)}`, ended]
      .filter(Boolean)
      .join(" · ");
    canvas.setAttribute("aria-label", `${titleOf(name)}, ${run.title}, after epoch ${moment.shown}`);
    cursor?.moveTo(epoch);
  }

  // It comes: until then nothing of another photo, or of another run, is under its name
  function clear(run) {
    painted = "";
    paintPicture(run, { found: null, other: null }, null);
    drawCounts(null, null);
    find(".watch-f1").textContent = "";
    canvas.setAttribute("aria-label", `${titleOf(name)}, ${run.title}, to come`);
  }

  function paintPicture(run, view, truth) {
    fit(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
    const context = canvas.getContext("2d");
    const { size, left, top } = placed(zoom, boxOf(canvas), { width: run.tile, height: run.tile });
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    mask.width = mask.height = run.tile;
    paintView(mask, look, view);
    const parts = { photo: picture, mask, truth };
    drawTile(context, look, parts, { left, top, length: run.tile * size }, LINE * devicePixelRatio);
  }

  // Shares of the photo: the kinds of error where the label is known, else what was painted
  function drawCounts(found, truth) {
    const list = find("dl");
    const entries = !found ? [] : truth ? errorShares(found, truth.classes) : classShares(found);
    list.replaceChildren(
      ...entries.map(({ share, words, ...kind }) => {
        const entry = document.createElement("div");
        entry.innerHTML = `<dd></dd><dt>${errorSwatch(kind)}</dt>`;
        entry.firstChild.textContent = `${(100 * share).toFixed(1)} %`;
        entry.lastChild.append(words);
        return entry;
      }),
    );
  }

  const errorShares = (found, truth) => {
    const counts = errorCounts(confusionOf(found, truth));
    const words = { missed: "missed border", false: "false border", swapped: "swapped" };
    return Object.entries(ERRORS).map(([kind, { colour, hatched }]) => {
      return { share: counts[kind] / found.length, words: words[kind], colour, hatched };
    });
  };

  const classShares = (found) =>
    [BORDER, PET, BACKGROUND].map((kind) => {
      const { name: words, colour } = look.named[kind];
      return { share: found.filter((each) => each === kind).length / found.length, words, colour };
    });

  // The figure beneath, once the runs or their epochs are others
  function drawFigure(last) {
    if (place.hidden || !look.runs.length) return;
    const { score, scoreTitle } = look;
    cursor = drawCurve(curve, look.runs, score, last, curve.parentElement.clientWidth || 320);
    curve.setAttribute("aria-label", describeCurve(look.runs, score, scoreTitle));
    find("figcaption").textContent = `All photos, ${scoreTitle}`;
    cursor.moveTo(look.epoch());
  }

  const lead = (event) => event.buttons && cursor && goTo(cursor.epochAt(event.clientX));
  for (const event of ["pointerdown", "pointermove"]) curve.addEventListener(event, lead);
  const full = () => fullScreen(place);
  find('[data-act="close"]').addEventListener("click", close);
  find('[data-act="full"]').addEventListener("click", full);
  new ResizeObserver(draw).observe(canvas);

  return { show, draw, drawFigure, full, name: () => name };
}
