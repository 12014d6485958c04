// The grid: a group a photo, of the photo and what each run found in it. Only what is on the screen is drawn.

import { titleOf } from "../../js/words.js";
import { OWN } from "./masks.js";
import { momentOf, paintView, viewOf } from "./tile.js";

const MARGIN = "200px"; // beyond the screen, so that a tile is there before it is seen

// `look` tells what is shown: {runs, masks, view, outline, classes, epoch()}; `pin(name)` is called when a person chooses
export function photoGrid(list, look, pin) {
  let groups = []; // {tile, element, button, cells: [{canvas, drawn, outline, f1, badge}], seen}

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const group = groups.find(({ element }) => element === target);
        if (group) group.seen = isIntersecting;
      }
      draw();
    },
    { rootMargin: MARGIN },
  );

  // Anew for these tiles, in this order; those that stay keep their elements
  function fill(tiles) {
    const there = new Map(groups.map((group) => [group.tile.name, group]));
    const runs = look.runs.map(({ name }) => name).join();
    groups = tiles.map((tile) => {
      const known = there.get(tile.name);
      if (known && known.runs === runs && known.tile.photo === tile.photo && known.url === photoUrl(tile)) {
        return Object.assign(known, { tile });
      }
      return makeGroup(tile, runs);
    });
    const elements = groups.map(({ element }) => element);
    if (elements.length === list.children.length && elements.every((each, at) => each === list.children[at])) return;
    const had = list.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    observer.disconnect();
    list.replaceChildren(...elements);
    for (const element of elements) observer.observe(element);
    // who walked through the grid by keys is where they were
    if (had !== null) groups.find(({ tile }) => tile.name === had)?.button.focus({ preventScroll: true });
  }

  const lender = (tile) => look.runs.find((run) => run.photos && run.tiles[run.places.get(tile.name)]?.photo);
  const photoUrl = (tile) => (tile.own ? tile.picture : lender(tile)?.photos);

  function makeGroup(tile, runs) {
    const element = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.name = tile.name;
    button.setAttribute("aria-label", `Pin ${titleOf(tile.name)}`);
    button.addEventListener("click", () => pin(tile.name));
    element.append(button);
    const first = cell(tile);
    first.append(said("name", titleOf(tile.name)));
    button.append(first);
    const cells = look.runs.map((run) => {
      const place = cell(tile);
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = run.tile;
      const outline = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      outline.setAttribute("class", "label");
      outline.innerHTML = `<path class="casing"/><path/>`;
      const [f1, badge] = [said("f1", ""), said("badge", "")];
      place.append(canvas, outline, f1, badge);
      button.append(place);
      return { place, canvas, outline, f1, badge, drawn: null };
    });
    const outline = cells[0]?.outline.cloneNode(true);
    if (outline) first.append(outline);
    return { tile, element, button, cells, first: outline, seen: false, runs, url: photoUrl(tile) };
  }

  // A place of the photo, which is one of the mosaic's tiles
  function cell(tile) {
    const place = document.createElement("span");
    place.className = "tile";
    const photo = document.createElement("span");
    photo.className = "photo";
    const url = photoUrl(tile);
    if (tile.own && url) photo.style.backgroundImage = `url("${url}")`;
    else if (url) {
      const run = lender(tile);
      const index = run.places.get(tile.name);
      const rows = Math.ceil(run.tiles.length / run.columns);
      const share = (at, count) => (count > 1 ? (100 * at) / (count - 1) : 0);
      photo.style.backgroundImage = `url("${new URL(url, document.baseURI).href}")`;
      photo.style.backgroundSize = `${100 * run.columns}% ${100 * rows}%`;
      photo.style.backgroundPosition = `${share(index % run.columns, run.columns)}% ${share(Math.floor(index / run.columns), rows)}%`;
    } else place.classList.add("bare");
    place.append(photo);
    return place;
  }

  function draw() {
    const epoch = look.epoch();
    for (const group of groups) if (group.seen) drawGroup(group, epoch);
  }

  function drawGroup(group, epoch) {
    const truth = look.masks.truth(group.tile.name);
    drawOutline(group.first, truth);
    look.runs.forEach((run, number) => {
      const place = group.cells[number];
      const moment = momentOf(look, run, epoch);
      const state = paintRun(place.canvas, run, group.tile.name, moment, place.drawn);
      place.place.classList.toggle("late", state === undefined);
      if (state !== undefined) place.drawn = state;
      drawOutline(place.outline, truth);
      const ended = moment.shown < epoch;
      place.place.classList.toggle("ended", ended);
      const unknown = look.view === "errors" && look.masks.truth(group.tile.name, run.tile) === null;
      place.badge.textContent = unknown ? "no label" : ended ? `epoch ${moment.shown}` : "";
      const f1 = state === undefined ? null : look.masks.f1(run, group.tile.name, epoch);
      place.f1.textContent = f1 === null ? "" : `F1 ${Math.round(100 * f1)}`;
    });
  }

  function drawOutline(svg, truth) {
    const path = look.outline && truth ? truth.outline : "";
    if (!svg || svg.dataset.path === path) return;
    svg.dataset.path = path;
    svg.setAttribute("viewBox", `0 0 ${truth?.side ?? 1} ${truth?.side ?? 1}`);
    for (const line of svg.children) line.setAttribute("d", path);
  }

  // Paints one run's tile; gives what is painted, which is not painted again, or undefined where it is still to come
  function paintRun(canvas, run, name, moment, drawn) {
    const files = [run.mosaics[moment.shown], run.mosaics[moment.before]]; // a run trained anew has others
    const own = name === OWN && Boolean(look.masks.found(run, name, moment.shown));
    const state = JSON.stringify([moment, look.view, look.classes, files, own]);
    if (state === drawn) return state;
    const view = viewOf(look, run, name, moment);
    if (view === undefined) return undefined;
    paintView(canvas, look, view);
    return state;
  }

  // The group whose photo is pinned; one Tab stop, of that or the first
  function mark(name) {
    for (const { tile, button } of groups) {
      const here = tile.name === name;
      button.setAttribute("aria-pressed", String(here));
      button.tabIndex = here ? 0 : -1;
    }
    if (groups.length && !groups.some(({ button }) => button.tabIndex === 0)) groups[0].button.tabIndex = 0;
  }

  // Its row, where others have moved it out of sight
  function reveal(name) {
    groups.find(({ tile }) => tile.name === name)?.element.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const place = groups.findIndex(({ button }) => button === document.activeElement);
    if (!step || place < 0) return;
    event.preventDefault();
    const next = groups[Math.min(groups.length - 1, Math.max(0, place + step))];
    for (const { button } of groups) button.tabIndex = -1;
    next.button.tabIndex = 0;
    next.button.focus();
  });

  return { fill, draw, mark, reveal, names: () => groups.map(({ tile }) => tile.name) };
}

function said(kind, text) {
  const made = document.createElement("small");
  made.className = kind;
  made.textContent = text;
  return made;
}
