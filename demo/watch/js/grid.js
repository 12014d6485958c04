// The grid: a group a photo, of the photo and what each run found in it. Only what is on the screen is drawn.

import { OWN } from "./masks.js";
import { epochBefore, shownEpoch } from "./epochs.js";
import { paintTile } from "./pixels.js";

const MARGIN = "200px"; // beyond the screen, so that a tile is there before it is seen

export const titleOf = (name) => {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
};

// `look` tells what is shown: {runs, masks, view, outline, classes, epoch()}; `pin(name)` is called when a person chooses
export function photoGrid(list, look, pin) {
  let groups = []; // {tile, element, button, cells: [{canvas, drawn, outline, f1, badge}], seen}
  const images = new Map(); // side -> ImageData

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
    observer.disconnect();
    list.replaceChildren(...groups.map(({ element }) => element));
    for (const { element } of groups) observer.observe(element);
    mark(null);
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
      const state = paintRun(place.canvas, run, group.tile.name, epoch, place.drawn);
      place.place.classList.toggle("late", state === undefined);
      if (state !== undefined) place.drawn = state;
      drawOutline(place.outline, truth);
      const shown = shownEpoch(run, epoch);
      const ended = shown < epoch;
      place.place.classList.toggle("ended", ended);
      place.badge.textContent = look.view === "errors" && truth === null ? "no label" : ended ? `epoch ${shown}` : "";
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
  function paintRun(canvas, run, name, epoch, drawn) {
    const shown = shownEpoch(run, epoch);
    const before = look.view === "change" ? epochBefore(run, epoch) : null;
    const state = JSON.stringify([shown, before, look.view, look.classes, name === OWN && run.own?.size]);
    if (state === drawn) return state;
    const found = look.masks.found(run, name, shown);
    const other = otherClasses(look, run, name, before);
    if (found === undefined || other === undefined) return undefined;
    const image = found && imageOf(run.tile);
    const context = canvas.getContext("2d");
    if (!found) context.clearRect(0, 0, canvas.width, canvas.height);
    else {
      paintTile(new Uint32Array(image.data.buffer), look.view, found, other, look.classes, run.tile);
      context.putImageData(image, 0, 0);
    }
    return state;
  }

  function imageOf(side) {
    if (!images.has(side)) images.set(side, new ImageData(side, side));
    return images.get(side);
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

  return { fill, draw, mark, names: () => groups.map(({ tile }) => tile.name) };
}

// What a view compares with; null where nobody knows, undefined where it is to come
export function otherClasses(look, run, name, before) {
  if (look.view === "errors") {
    const truth = look.masks.truth(name);
    return truth === undefined || truth === null ? truth : truth.side === run.tile ? truth.classes : null;
  }
  if (look.view === "change") return before === undefined ? null : look.masks.found(run, name, before);
  return null;
}

function said(kind, text) {
  const made = document.createElement("small");
  made.className = kind;
  made.textContent = text;
  return made;
}
