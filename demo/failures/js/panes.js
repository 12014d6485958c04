// The chosen photo in panes: itself under its label, and what each network makes of it. Drawn as on the stage.

import { onKeys } from "../../js/keys.js";
import { legendShape } from "../../figures/js/legend.js";
import { squaresPattern } from "../../stage/js/canvas.js";
import { ERRORS } from "../../stage/js/colours.js";
import { fullScreen, radioGroup } from "../../stage/js/controls.js";
import { follow, sharedView } from "../../stage/js/gestures.js";
import { errorSwatch } from "../../stage/js/legends.js";
import { painter } from "../../stage/js/painter.js";
import { labelOf, picturesOf } from "../../stage/js/photo.js";
import { BORDER, PET, readPane } from "../../stage/js/planes.js";
import { FIT } from "../../stage/js/zoom.js";

export const VIEWS = [
  { key: "errors", title: "Errors" },
  { key: "mask", title: "Mask" },
  { key: "confidence", title: "Confidence" },
  { key: "outlines", title: "Outlines" },
];
const EVERYTHING = { colours: true, lines: true };
// A pane's own proportions, within these: a tall photo leaves room for what stands below
const [TALL, WIDE] = [1, 1.6];

// In dark greys, over which the three colours of errors, white among them, stand out
function darkOf(photo) {
  if (!photo) return null;
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  const context = canvas.getContext("2d");
  context.filter = "grayscale(1) brightness(.6)";
  context.drawImage(photo, 0, 0);
  return canvas;
}

// `page` is the page's state, which keeps the view and the loupe
export function photoPanes(stage, page) {
  const place = stage.querySelector(".fail-panes");
  const state = { layout: "quad", view: "errors", opacity: 1, shift: 0, loupe: false, solo: null, zoom: FIT };
  const it = {
    state,
    shown: { [PET]: true, [BORDER]: true },
    hidden: new Set(),
    picked: null,
    value: { photo: null, classes: [], ramp: [] },
    panes: [],
    scene: { photo: null, pale: null, scratch: new OffscreenCanvas(1, 1).getContext("2d"), squares: squaresPattern() },
    truth: null,
    pointer: null,
  };
  const { schedule } = painter(stage, it, place);
  const hands = sharedView(place, it, schedule);
  const views = radioGroup(stage.querySelector('[data-group="panes"]'), VIEWS, see);
  const looked = () => place.offsetParent !== null && it.value.photo !== null;

  function see(view) {
    page.set({ panes: view === "errors" ? null : view });
  }

  function take() {
    const asked = page.get("panes") ?? "errors";
    state.view = views.known(asked) ? asked : "errors";
    if (state.view === "errors" && it.value.photo && !it.truth) state.view = "mask";
    state.opacity = state.view === "errors" ? 1 : 0.65;
    state.loupe = page.get("loupe") !== null;
    stage.querySelector('[data-act="loupe"]').setAttribute("aria-pressed", String(state.loupe));
    views.show(state.view);
    drawKey();
    schedule(EVERYTHING);
  }

  // What the view's colours mean
  function drawKey() {
    const { classes, ramp } = it.value;
    const swatch = (kind) => `${errorSwatch(kind)}${kind.name}`;
    const kinds = Object.values(ERRORS).map(({ short, ...kind }) => ({ ...kind, name: short.toLowerCase() }));
    const shades = `<i class="ramp" style="background: linear-gradient(90deg, ${ramp.join(", ")})"></i>`;
    const key = stage.querySelector(".fail-key");
    key.dataset.view = state.view;
    key.innerHTML = {
      errors: () => kinds.map(swatch).join(" "),
      mask: () => (classes.length ? [classes[PET], classes[BORDER]].map(swatch).join(" ") : ""),
      confidence: () => `unsure ${shades} sure`,
      outlines: () => "white: the label",
    }[state.view]();
  }

  function makePane(loss) {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption>${loss ? legendShape(loss.symbol, loss.colour) : ""}<b></b><span></span></figcaption><div class="pane"><canvas role="img"></canvas><p hidden></p></div>`;
    figure.querySelector("b").textContent = loss?.title ?? "Photo and label";
    figure.querySelector("span").textContent = loss ? "" : "drawn by hand";
    const canvas = figure.querySelector("canvas");
    if (loss) canvas.dataset.run = loss.run;
    canvas.setAttribute("aria-label", loss ? `What ${loss.title} makes of the photo` : "The photo and its label");
    const natural = () => it.value.photo.size[0];
    follow(canvas, { photo: () => it.scene.photo, natural, ...hands });
    return figure;
  }

  const figureOf = (run) => place.querySelector(`canvas[data-run="${CSS.escape(run)}"]`)?.closest("figure");

  function say(figure, text) {
    figure.querySelector(".pane p").hidden = !text;
    figure.querySelector(".pane p").textContent = text;
  }

  // Where there is no photo there are no empty panes
  function allow(there) {
    place.hidden = !there;
    stage.querySelector(".fail-views").hidden = !there;
  }

  page.watch(["panes", "loupe"], take);
  stage.querySelector('[data-act="loupe"]').addEventListener("click", () => setLoupe());
  stage.querySelector('[data-act="full"]').addEventListener("click", () => fullScreen(stage));
  const setLoupe = () => page.set({ loupe: page.get("loupe") === null ? "on" : null });
  onKeys(looked, {
    l: setLoupe,
    f: () => fullScreen(stage),
    0: () => hands.show(FIT),
    ...Object.fromEntries(
      VIEWS.map(({ key }, number) => [number + 1, () => (key !== "errors" || it.truth) && see(key)]),
    ),
  });
  new ResizeObserver(() => schedule()).observe(place);
  new IntersectionObserver(() => schedule()).observe(place);

  return {
    // The losses of `value`, a pane each
    lay({ losses, classes, ramp, dataset }) {
      allow(dataset);
      Object.assign(it.value, { classes, ramp });
      it.panes = losses.map((loss) => ({ ...loss, data: null, mask: null, lines: null }));
      place.replaceChildren(makePane(null), ...losses.map(makePane));
      take();
    },
    // Another photo, as the server sends it; null: none. The answers come later
    async show(photo) {
      const [{ photo: bitmap }, truth] = await Promise.all([picturesOf(photo), labelOf(photo)]);
      it.value.photo = photo;
      it.scene = { ...it.scene, key: photo?.key, photo: bitmap, pale: darkOf(bitmap) };
      it.truth = truth;
      for (const pane of it.panes) Object.assign(pane, { data: null, mask: null, lines: null });
      for (const figure of place.children) say(figure, "");
      allow(photo !== null);
      const [width, height] = photo?.size ?? [1, 1];
      place.style.setProperty("--shape", Math.max(TALL, Math.min(WIDE, width / height)));
      views.allow("errors", truth !== null, "Only where the photo's label is known");
      hands.show(FIT);
      take();
    },
    // A network's answer, or why there is none
    async answer(run, answer) {
      const pane = it.panes.find((each) => each.run === run);
      const figure = figureOf(run);
      if (!pane || !figure) return;
      const { photo } = it.value;
      say(figure, answer.error ?? "");
      const data = answer.error ? null : await readPane(answer, photo.shown);
      if (it.value.photo !== photo) return; // another is here by now
      pane.data = data;
      schedule(EVERYTHING);
    },
    figureOf,
  };
}
