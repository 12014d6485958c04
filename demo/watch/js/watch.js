// Watch: all runs at one epoch, on the photos that each kept its masks of. Gradio mounts this once; the template never
// changes. Sliding only draws from memory.

import { giveBack, onKeys } from "../../js/keys.js";
import { pageState } from "../../js/state.js";
import { packed } from "../../stage/js/colours.js";
import { sayWithCode } from "../../stage/js/controls.js";
import { stateOf } from "../../selection/js/chosen.js";
import { allTiles, hardestFirst, nearestFirst, picturesAt } from "./epochs.js";
import { exportDialog } from "./export.js";
import { photoGrid } from "./grid.js";
import { drawHeads, fillHeads } from "./heads.js";
import { createMasks, OWN } from "./masks.js";
import { ownPhoto } from "./own_photo.js";
import { pinnedPhoto } from "./pinned.js";
import { player } from "./player.js";
import { SHOWN_KEYS, shownControls, VIEWS } from "./shown.js";
import { createStore, fetchFile, startDecoder } from "./store.js";
import { drawTimeline, sidesInWords } from "./timeline.js";

const DECODED_BYTES = 16e6;

export function mount({ element, props, server, upload, watch }) {
  const root = element.querySelector(".watch");
  const find = (selector) => root.querySelector(selector);
  const act = (name) => find(`[data-act="${name}"]`);
  const page = pageState();
  const slider = find('[data-testid="watch-epoch"]');
  const message = find(".watch-message");
  const decode = startDecoder(props.value.classes.map(({ colour }) => packed(colour)));
  const store = createStore({ read: fetchFile, decode, limit: DECODED_BYTES });
  const masks = createMasks(store, (run, epoch) => own.mask(run, epoch));
  let fetching = false;
  let ownPinned = false; // one's own photo is no part of the page's state; the samples and the dataset's photos are
  let asking = 0; // counts choices, so that pictures of an earlier one are not waited for

  // What is shown, for all parts
  const look = {
    runs: [],
    masks,
    view: "prediction",
    outline: true,
    classes: [],
    named: props.value.classes,
    score: null,
    scoreTitle: "",
    epoch: () => Number(slider.value),
    want: store.want,
  };
  const last = () => Number(slider.max);
  // asking the page for its layout would cost a frame more than drawing it
  const looked = () => page.get("shownTab") === "watch";
  const asked = () => page.get("epoch") ?? shared();

  const pictureOf = async (name) => {
    if (name === OWN) return own.picture();
    const { picture } = await server.tile_photo(name);
    return picture ?? null;
  };
  const grid = photoGrid(find(".watch-grid"), look, (name) => pin(pinned.name() === name ? null : name));
  const which = (name) => (name === OWN ? own.picture() : name);
  const pinned = pinnedPhoto(find(".watch-pinned"), look, { pictureOf, which, goTo: jump, close: () => pin(null) });
  const own = ownPhoto(find(".watch-own"), {
    server,
    decode,
    runs: () => look.runs,
    changed: (tiles = true) => (tiles ? layOut() : draw()),
    pin,
  });
  const shown = shownControls(root, look, props.value.scores);
  const playing = player(find(".watch-play"), {
    last,
    now: look.epoch,
    goTo,
    speed: () => shown.speed(),
    loops: () => page.get("loop") !== null,
  });
  const exporting = exportDialog(find(".watch-export"), {
    look,
    frames: () => ({ names: namesOnScreen(), pinned: pinned.name(), last: last() }),
    pictureOf,
    server,
    upload,
    milliseconds: playing.frame,
  });

  // ---- the runs

  function choose() {
    const value = props.value;
    look.runs = value.runs.map((run) => ({
      ...run,
      epochs: Object.keys(run.mosaics)
        .map(Number)
        .sort((one, other) => one - other),
      places: new Map(run.tiles.map((tile, index) => [tile.name, index])),
      state: stateOf(run),
      pulse: run.status === "running" ? "pulse" : "",
    }));
    masks.setRuns(look.runs);
    root.classList.toggle("no-runs", !look.runs.length);
    sayWithCode(message, value.message);
    for (const control of [slider, find(".watch-play"), act("export")]) control.disabled = !look.runs.length;
    store.keepOnly(new Set(look.runs.flatMap((run) => [...Object.values(run.mosaics), run.truth].filter(Boolean))));
    if (!look.runs.length) {
      playing.pause();
      grid.fill([]);
      pinned.show(null);
      return;
    }
    slider.max = Math.max(...look.runs.map((run) => run.epochs.at(-1)));
    slider.value = asked();
    shown.follow();
    order();
    load();
  }

  // First what is looked at, then the rest, nearest first
  async function load() {
    const mine = ++asking;
    const first = await Promise.allSettled([...masks.wantLabels(), ...urlsNow().map(store.want)]);
    if (mine !== asking) return;
    layOut();
    const urls = nearestFirst(look.runs, look.epoch()).flatMap((epoch) =>
      look.runs.map((run) => run.mosaics[epoch]).filter(Boolean),
    );
    const broken = first.filter(({ status }) => status === "rejected").length;
    const lost = Math.max(broken, await store.fetchAhead(urls));
    if (mine !== asking) return;
    const pictures = lost === 1 ? "1 picture" : `${lost} pictures`;
    const told = lost ? `${pictures} could not be loaded: reload the page to try again.` : "";
    sayWithCode(message, [props.value.message, told].filter(Boolean).join(" "));
    decodeAhead(mine);
  }

  // As many as there is room for, so that the first slide is as smooth as the next
  async function decodeAhead(mine) {
    for (const epoch of nearestFirst(look.runs, look.epoch())) {
      for (const run of look.runs) {
        if (mine !== asking || store.held() > 0.8 * DECODED_BYTES) return;
        if (run.mosaics[epoch]) await store.want(run.mosaics[epoch]).catch(() => null); // counted above
      }
    }
  }

  const urlsNow = () => picturesAt(look.runs, look.epoch(), look.view);

  // ---- drawing

  // Whatever changes places: runs, order, one's own photo, the labels once they are there
  function layOut() {
    if (!look.runs.length) return;
    let tiles = allTiles(look.runs, look.view === "errors");
    if (page.get("order") === "f1") tiles = hardestFirst(tiles, meanF1);
    grid.fill([own.tile(), ...tiles].filter(Boolean));
    drawTimeline(find(".watch-timeline"), look.runs, last());
    slider.title = sidesInWords(look.runs);
    showPinned();
    own.offer();
    draw();
  }

  // After the last epoch that all have: a photo's place does not change while one slides
  function meanF1(name) {
    const values = look.runs.map((run) => masks.f1(run, name, shared())).filter((value) => value !== null);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  }

  const shared = () => Math.min(...look.runs.map((run) => run.epochs.at(-1)));

  // What the order needs is counted once, and then known
  async function order() {
    layOut();
    if (page.get("order") !== "f1" || !look.runs.length) return;
    const { runs } = look;
    await Promise.allSettled([...masks.wantLabels(), ...picturesAt(runs, shared(), "prediction").map(store.want)]);
    if (runs === look.runs) layOut();
  }

  function draw() {
    if (!look.runs.length || !looked()) return;
    slider.setAttribute("aria-valuetext", `Epoch ${slider.value} of ${slider.max}`);
    slider.style.setProperty("--done", look.epoch() / Math.max(1, last()));
    grid.draw();
    pinned.draw();
    fillHeads(find(".watch-heads"), look, last());
    fetchLate();
  }

  // What the page's epoch shows and is not at hand. A hand that slides on is not followed through every epoch: one errand at
  // a time, the next for where it is by then
  async function fetchLate() {
    const late = urlsNow().filter((url) => !store.ready(url));
    if (fetching || !late.length) return;
    fetching = true;
    const come = await Promise.allSettled(late.map(store.want));
    fetching = false;
    // what failed is said once all are fetched
    if (come.some(({ status }) => status === "fulfilled")) draw();
  }

  function namesOnScreen() {
    const seen = [...find(".watch-grid").children].filter((item) => {
      const { top, bottom } = item.getBoundingClientRect();
      const middle = (top + bottom) / 2; // a row of which a strip is seen is none that somebody looks at
      return middle > 0 && middle < innerHeight;
    });
    return seen.map((item) => item.firstChild.dataset.name);
  }

  // ---- what a person does

  function goTo(epoch) {
    page.set({ epoch: Math.min(Math.max(epoch, 0), last()) });
  }

  function jump(epoch) {
    playing.pause();
    goTo(epoch);
  }

  function pin(name) {
    const unpinned = ownPinned && name === null; // Try still shows it
    ownPinned = name === OWN;
    if (!ownPinned && !unpinned) page.set({ photo: name });
    layOut();
    grid.reveal(pinned.name());
  }

  function showPinned() {
    const wanted = ownPinned ? OWN : page.get("photo");
    const chosen = grid.names().includes(wanted) ? wanted : null;
    root.classList.toggle("pinned", chosen !== null);
    pinned.show(chosen);
    grid.mark(chosen);
    if (chosen) pinned.drawFigure(last());
    // beside the stage there is room for fewer
    drawHeads(find(".watch-heads"), find(".watch-grid"), look.runs, grid.names().length);
  }

  slider.addEventListener("input", () => jump(look.epoch()));
  act("export").addEventListener("click", () => {
    playing.pause();
    exporting.open();
  });
  onKeys(looked, {
    ArrowLeft: () => jump(look.epoch() - 1),
    ArrowRight: () => jump(look.epoch() + 1),
    Home: () => jump(0),
    End: () => jump(last()),
    " ": () => find(".watch-play").click(),
    Escape: () => pinned.name() !== null && pin(null),
    f: () => pinned.name() !== null && pinned.full(),
    ...Object.fromEntries(VIEWS.map(({ key }, place) => [String(place + 1), () => shown.chooseView(key)])),
  });
  page.watch(["epoch"], () => {
    if (!look.runs.length) return;
    slider.value = asked();
    draw();
  });
  page.watch(["photo"], () => {
    if (grid.names().includes(page.get("photo"))) ownPinned = false;
    if (looked()) layOut();
  });
  page.watch(SHOWN_KEYS, (changed) => {
    if (!look.runs.length) return;
    shown.follow();
    playing.hurry();
    if (changed.some((key) => ["order", "tile", "score", "show"].includes(key))) order();
    else draw();
  });
  page.watch(["solo"], () => pinned.draw());
  page.watch(["shownTab"], () => looked() || playing.pause());
  document.addEventListener("borderline:own", own.ask);
  giveBack(root);
  let width = 0;
  new ResizeObserver(() => {
    // a hidden tab has none: it is drawn when it shows
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    if (width) layOut();
  }).observe(root);
  watch("value", choose);
  if (props.value) choose();
}
