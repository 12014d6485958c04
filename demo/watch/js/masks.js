// What is known of a photo: its true classes, and those that a run found after an epoch.

import { contours } from "../../stage/js/contours.js";
import { shownEpoch } from "./epochs.js";
import { borderF1, confusionOf, tileClasses } from "./pixels.js";

export const OWN = "your photo";
const INSIDE = Float32Array.of(1, -1, 1); // pet and border are, background is not

// `store` as `createStore` gives it. A run is what Python says of it, with `epochs`, `places` {name: index of its tile},
// and `own`, the masks of one's own photo by epoch
export function createMasks(store) {
  let runs = [];
  const f1s = new Map(); // of a picture's address and a name: counting is done once
  let truths = new Map(); // name -> {classes, outline}; null where it is not known

  function setRuns(chosen) {
    runs = chosen;
    truths = new Map();
  }

  // The classes of a tile; null where none were kept of it, undefined where they are still to come
  function found(run, name, epoch) {
    if (name === OWN) return run.own?.get(epoch) ?? null;
    const index = run.places.get(name);
    if (index === undefined || run.mosaics[epoch] === undefined) return null;
    const picture = store.ready(run.mosaics[epoch]);
    return picture ? tileClasses(picture, index, run.columns, run.tile) : undefined;
  }

  // {classes, outline: SVG path of a square of its own pixels}; null where there is none, undefined where it is to come
  function truth(name) {
    if (truths.has(name)) return truths.get(name);
    const run = runs.find((each) => each.truth && each.tiles[each.places.get(name)]?.truth);
    const picture = run ? store.ready(run.truth) : null;
    if (run && !picture) return undefined;
    const known = picture
      ? describe(tileClasses(picture, run.places.get(name), run.columns, run.tile), run.tile)
      : null;
    truths.set(name, known);
    return known;
  }

  // Border F1 of one photo as a fraction; null where it is not known
  function f1(run, name, epoch) {
    const shown = shownEpoch(run, epoch);
    const key = `${run.mosaics[shown]} ${name}`;
    if (f1s.has(key)) return f1s.get(key);
    const known = truth(name);
    if (!known || known.side !== run.tile) return null;
    const classes = found(run, name, shown);
    if (!classes) return null;
    f1s.set(key, borderF1(confusionOf(classes, known.classes)));
    return f1s.get(key);
  }

  return { setRuns, found, truth, f1 };
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
