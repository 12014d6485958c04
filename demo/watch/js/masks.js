// What is known of a photo: its true classes, and those that a run found after an epoch.

import { contours } from "../../stage/js/contours.js";
import { shownEpoch } from "./epochs.js";
import { borderF1, confusionOf, tileClasses } from "./pixels.js";

export const OWN = "your photo";
const INSIDE = Float32Array.of(1, -1, 1); // pet and border are, background is not

// `store` as `createStore` gives it. A run is what Python says of it, with `epochs` and `places` {name: index of its tile};
// `ownMask(run's name, epoch)` has one's own photo's, where there is one
export function createMasks(store, ownMask) {
  let runs = [];
  const f1s = new Map(); // of a picture's address and a name: counting is done once
  let labels = new Map(); // URL of the labels' mosaic -> its picture: few, and wanted at every epoch
  let truths = new Map(); // `name side` -> {classes, outline}; null where it is not known

  function setRuns(chosen) {
    runs = chosen;
    truths = new Map();
    labels = new Map(urlsOfLabels().map((url) => [url, labels.get(url)]));
  }

  const urlsOfLabels = () => [...new Set(runs.map((run) => run.truth).filter(Boolean))];

  // Promises of all labels that are not here yet
  function wantLabels() {
    return urlsOfLabels()
      .filter((url) => !labels.get(url))
      .map(async (url) => labels.set(url, await store.want(url)));
  }

  // The classes of a tile; null where none were kept of it, undefined where they are still to come
  function found(run, name, epoch) {
    if (name === OWN) return ownMask(run.name, epoch) ?? null;
    const index = run.places.get(name);
    if (index === undefined || run.mosaics[epoch] === undefined) return null;
    const picture = store.ready(run.mosaics[epoch]);
    return picture ? tileClasses(picture, index, run.columns, run.tile) : undefined;
  }

  // {classes, side, outline: SVG path of a square of its own pixels}, of any side or of this one; null where there is none,
  // undefined where it is to come
  function truth(name, side = null) {
    const key = `${name} ${side}`;
    if (truths.has(key)) return truths.get(key);
    const run = runs.find((each) => {
      return each.truth && each.tiles[each.places.get(name)]?.truth && (side === null || side === each.tile);
    });
    const picture = run ? labels.get(run.truth) : null;
    if (run && !picture) return undefined;
    const known = picture
      ? describe(tileClasses(picture, run.places.get(name), run.columns, run.tile), run.tile)
      : null;
    truths.set(key, known);
    return known;
  }

  // Border F1 of one photo as a fraction; null where it is not known
  function f1(run, name, epoch) {
    const shown = shownEpoch(run, epoch);
    const key = `${run.mosaics[shown]} ${name}`;
    if (f1s.has(key)) return f1s.get(key);
    const known = truth(name, run.tile);
    if (!known) return null;
    const classes = found(run, name, shown);
    if (!classes) return null;
    f1s.set(key, borderF1(confusionOf(classes, known.classes)));
    return f1s.get(key);
  }

  return { setRuns, wantLabels, found, truth, f1 };
}

function describe(classes, side) {
  const lines = contours({ pixels: classes, size: [side, side] }, INSIDE);
  return { classes, side, outline: lines.map(pathOf).join("") };
}

function pathOf(line) {
  const points = [];
  for (let at = 0; at < line.length; at += 2) points.push(`${line[at].toFixed(1)} ${line[at + 1].toFixed(1)}`);
  return `M${points.join("L")}`;
}
