// The stage. Gradio mounts this once; a new value brings a photo, and answers as networks give them.
// Everything else happens here: views, layouts, zoom and threshold ask the server for nothing.

import { squaresPattern } from "./canvas.js";
import { caption, captionUnder, fullScreen, radioGroup, sayWithCode } from "./controls.js";
import { exportPicture } from "./export.js";
import { follow, sharedView } from "./gestures.js";
import * as kept from "./kept.js";
import { onKeys } from "../../js/keys.js";
import { backKey, classToggles, errorLegend, lineKeys } from "./legends.js";
import { painter } from "./painter.js";
import { labelOf, picturesOf } from "./photo.js";
import { BORDER, PET, readPane } from "./planes.js";
import { fillRow, makeRow, markPicked } from "./rows.js";
import { threshold } from "./threshold.js";
import { FIT } from "./zoom.js";

const LAYOUTS = [
  { key: "outlines", title: "Outlines" },
  { key: "side", title: "Side by side" },
  { key: "swipe", title: "Swipe" },
];
const VIEWS = [
  { key: "mask", title: "Mask" },
  { key: "border", title: "Border" },
  { key: "confidence", title: "Confidence" },
  { key: "disagreement", title: "Disagreement" },
  { key: "cutout", title: "Cut-out" },
  { key: "errors", title: "Errors" },
];
const EVERYTHING = { colours: true, lines: true };

export function mount({ element, props, trigger, watch }) {
  const stage = element.querySelector(".stage");
  const find = (selector) => stage.querySelector(selector);
  const panesPlace = find(".stage-panes");
  const state = { ...kept.FIRST, zoom: FIT, split: 0.5 };
  const it = {
    state,
    shown: { [PET]: true, [BORDER]: true },
    hidden: new Set(), // runs whose lines are switched off, and "label"
    picked: null, // the run whose row was pressed, to see it under the lines
    value: props.value,
    panes: [], // {...as the server sent it, data, mask, lines, row}
    scene: { photo: null, pale: null, scratch: new OffscreenCanvas(1, 1).getContext("2d"), squares: squaresPattern() },
    truth: null, // {whole, thin, lines}
    pointer: null, // {x, y} in shares of a pane, for the loupe
  };
  let decoded = null; // the key of the photo that `it.scene` has
  let asked = 0; // of values: an older one that is still decoded gives way
  const { schedule, answered, listed, under } = painter(stage, it);
  const hands = sharedView(stage, it, schedule);

  // ---- what is laid out

  function layOut() {
    const { layout, solo, view } = state;
    stage.dataset.layout = solo ? "solo" : layout;
    stage.dataset.view = view;
    layouts.show(layout);
    views.show(view);
    const wanted = solo ? [solo] : layout === "side" ? it.panes.map(({ run }) => run) : [""];
    // the same panes stay: a hand may be on one of them
    const shows = JSON.stringify(wanted.map((run) => [run, titleOf(run)]));
    if (panesPlace.dataset.shows !== shows) panesPlace.replaceChildren(...wanted.map(makePane));
    panesPlace.dataset.shows = shows;
    const line = panesPlace.querySelector(".stage-split");
    if (layout !== "swipe" || solo) line?.remove();
    else if (!line) panesPlace.append(makeSplit());
    nameSplit();
    const viewTitle = VIEWS.find(({ key }) => key === view).title;
    captionUnder(panesPlace.querySelector("canvas:not([data-run])")?.parentElement, under(), viewTitle);
    layOutKeys();
    schedule();
  }

  const titleOf = (run) => it.panes.find((pane) => pane.run === run)?.title ?? "";

  function makePane(run) {
    const figure = document.createElement("figure");
    const canvas = document.createElement("canvas");
    const pane = it.panes.find((each) => each.run === run);
    canvas.role = "img";
    if (run) canvas.dataset.run = run;
    const shows = pane ? `The photo as ${pane.title} sees it` : "The photo with the lines of all networks";
    canvas.setAttribute("aria-label", shows);
    figure.append(canvas);
    if (pane) figure.append(caption(pane));
    const natural = () => it.value.photo.size[0];
    follow(canvas, { photo: () => it.scene.photo, natural, ...hands });
    return figure;
  }

  function makeSplit() {
    const line = document.createElement("input");
    line.type = "range";
    line.className = "stage-split";
    line.max = 100;
    const show = () => stage.style.setProperty("--split", state.split);
    line.value = 100 * state.split;
    line.addEventListener("input", () => {
      state.split = Number(line.value) / 100;
      show();
      schedule();
    });
    show();
    return line;
  }

  function nameSplit() {
    const [left, right] = listed();
    const names = `Line between ${left?.title ?? "nothing"}, left, and ${right?.title ?? "nothing"}, right`;
    const split = panesPlace.querySelector(".stage-split");
    split?.setAttribute("aria-label", names);
    for (const said of panesPlace.querySelectorAll(".swiped")) said.remove();
    if (!split) return;
    const sides = [left, right].filter(Boolean);
    panesPlace
      .querySelector("figure")
      .append(...sides.map((pane, place) => caption(pane, place ? "swiped right" : "swiped")));
  }

  function layOutKeys() {
    const keys = find(".stage-keys");
    keys.hidden = state.solo === null && state.layout === "side";
    if (state.solo) return backKey(keys, () => set({ solo: null }));
    const truth = state.layout === "outlines" ? it.truth : null; // a swipe has no lines: of two it shows the masks
    // of a network that has not answered there is nothing
    lineKeys(keys, { ...it, truth, panes: answered() }, kept.keepOff);
  }

  function layOutClasses() {
    errorLegend(find(".stage-errors"));
    classToggles(find(".stage-classes"), it, kept.keepOff);
    find(".stage-ramp i").style.background = `linear-gradient(90deg, ${it.value.ramp.join(", ")})`;
  }

  function fillRows() {
    const all = find('[data-download="all"]');
    all.disabled = !answered().length || all.dataset.waiting === "true";
    find('[data-act="export"]').disabled = !it.value.photo;
    for (const pane of it.panes) {
      fillRow(pane.row, pane, pane.data?.counts, state.view, state.shift);
      markPicked(pane.row, state.layout === "outlines", pane === under());
    }
  }

  // ---- what a person does

  // It becomes part of the page's state, which brings it back to `take`
  const set = (changes) => kept.keep(changes);

  // `changed` are the keys; what a hand slides lays nothing out
  function take(changed = []) {
    const { off, picked, ...said } = kept.wanted(LAYOUTS.map(({ key }) => key));
    const slid = changed.length > 0 && changed.every((key) => ["shift", "opacity"].includes(key));
    Object.assign(state, said);
    it.picked = picked;
    // as long as they are not there: a label, or a network, may come
    if (!views.known(state.view) || !allowed(state.view)) state.view = kept.FIRST.view;
    if (!it.panes.some(({ run }) => run === state.solo)) state.solo = null;
    find(".stage-opacity input").value = state.opacity;
    showThreshold(state.shift, it.panes);
    fillRows();
    schedule(EVERYTHING);
    if (slid) return;
    kept.switchOff(it, off);
    find('[data-act="loupe"]').setAttribute("aria-pressed", String(state.loupe));
    layOutClasses();
    layOut();
  }

  const layouts = radioGroup(find('[data-group="layout"]'), LAYOUTS, (layout) => set({ layout, solo: null }));
  const views = radioGroup(find('[data-group="view"]'), VIEWS, (view) => set({ view }));
  const shiftTo = (shift) => set({ shift: Math.round(10 * Math.max(-2, Math.min(2, shift))) / 10 + 0 });
  const showThreshold = threshold(find(".threshold"), shiftTo);
  const allowed = (view) => !find(`[data-key="${view}"]`).disabled;

  const setLoupe = (loupe) => set({ loupe });

  function act(button, pane) {
    if (button.dataset.act === "pick") return pick(pane.run);
    if (button.dataset.act) return set({ solo: state.solo === pane.run ? null : pane.run });
    download(button, pane.run);
  }

  const pick = (run) => set({ picked: it.picked === run ? null : run });

  function download(button, run) {
    button.dataset.waiting = "true"; // until the file is there: a large photo takes a second
    button.disabled = true;
    trigger("click", { what: button.dataset.download, checkpoint: run, shift: state.shift });
  }

  find(".stage-opacity input").addEventListener("input", (event) => set({ opacity: Number(event.target.value) }));
  const seen = () => `${state.solo ?? state.layout}-${state.view}${state.shift ? `-${state.shift}` : ""}`;
  find('[data-act="loupe"]').addEventListener("click", () => setLoupe(!state.loupe));
  find('[data-act="full"]').addEventListener("click", () => fullScreen(stage));
  find('[data-download="all"]').addEventListener("click", (event) => download(event.currentTarget, ""));
  find('[data-act="export"]').addEventListener("click", () => exportPicture(panesPlace, it.value.photo, seen()));
  document.addEventListener("borderline:downloaded", () => {
    for (const button of stage.querySelectorAll("[data-waiting]")) delete button.dataset.waiting;
    fillRows();
  });
  onKeys(() => stage.offsetParent !== null && it.value.photo !== null, {
    o: () => set({ layout: "outlines", solo: null }),
    s: () => set({ layout: "side", solo: null }),
    w: () => set({ layout: "swipe", solo: null }),
    l: () => setLoupe(!state.loupe),
    f: () => fullScreen(stage),
    0: () => hands.show(FIT),
    Escape: () => state.solo !== null && set({ solo: null }),
    "[": () => shiftTo(state.shift - 0.1),
    "]": () => shiftTo(state.shift + 0.1),
    Backspace: () => shiftTo(0),
    ...Object.fromEntries(VIEWS.map(({ key }, place) => [place + 1, () => allowed(key) && set({ view: key })])),
  });

  // ---- what the server sends

  // Where nothing can be shown, its place says why
  function showMessage({ photo, busy, status }) {
    const nothing = !photo && !busy;
    stage.classList.toggle("nothing", nothing);
    find(".stage-status").textContent = nothing ? "" : status;
    find(".stage-message").hidden = !nothing;
    sayWithCode(find(".stage-message span"), status);
  }

  async function update() {
    const mine = ++asked;
    const value = props.value;
    stage.setAttribute("aria-busy", String(value.busy));
    showMessage(value);
    const key = value.photo?.key ?? null;
    const before = new Map(key === decoded ? it.panes.map((pane) => [`${pane.run}\n${pane.version}`, pane]) : []);
    const panes = value.panes.map((pane) => {
      const { data = null, mask = null, lines = null } = before.get(`${pane.run}\n${pane.version}`) ?? {};
      return { ...pane, data, mask, lines };
    });
    const [pictures, label] = await Promise.all([
      key === decoded ? {} : picturesOf(value.photo),
      key === decoded ? it.truth : labelOf(value.photo),
      ...panes.map(async (pane) => {
        if (pane.levels && !pane.data) pane.data = await readPane(pane, value.photo.shown);
      }),
    ]);
    if (mine !== asked) return; // a newer value is here
    if (key !== decoded) {
      decoded = key;
      it.scene = { ...it.scene, key, ...pictures };
      state.zoom = FIT;
    }
    Object.assign(it, { value, panes, truth: label });
    for (const pane of panes) pane.row = makeRow(pane, act);
    find(".stage-rows").replaceChildren(...panes.map(({ row }) => row));
    views.allow("errors", label !== null, "Only where the photo's label is known");
    views.allow("disagreement", panes.length > 1, "Choose a second network to see where they disagree");
    take();
  }

  document.addEventListener("borderline:waits", ({ detail: { tab, before } }) => {
    if (tab === "try") find(".stage-status").textContent = `Waiting: ${before} before you`;
  });
  kept.follow(take);
  watch("value", update);
  new ResizeObserver(() => schedule()).observe(panesPlace);
  // in a tab that is opened later nothing had a size before
  new IntersectionObserver(() => schedule()).observe(stage);
  update();
}
