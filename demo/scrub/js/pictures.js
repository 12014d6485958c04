// Pictures of the scrubber: each is fetched and decoded once, in a worker, so that the page stays free meanwhile.

import { withUnknown } from "./pixels.js";
import { makeSource } from "./sheets.js";

const waiting = new Map(); // request number -> how to settle its promise
const pictures = new Map(); // URL -> promise of its picture
let count = 0;
let worker = startWorker();

function startWorker() {
  const started = new Worker(new URL("./decoder.js", import.meta.url), { type: "module" });
  started.onmessage = ({ data: { id, picture, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(picture);
  };
  // it could not be loaded: what it fails in by itself, it tells
  started.onerror = () => {
    for (const { reject } of waiting.values()) reject(new Error("the decoder could not be loaded"));
    waiting.clear();
    worker = null; // so that a later picture tries again
  };
  return started;
}

export function fetchPicture(url, colours = null) {
  if (!pictures.has(url)) {
    const picture = new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      worker ??= startWorker();
      worker.postMessage({ id, url: new URL(url, document.baseURI).href, colours });
    });
    picture.catch(() => pictures.delete(url)); // so that a later choice tries again
    pictures.set(url, picture);
  }
  return pictures.get(url);
}

// What no chosen run shows any more need not stay in memory
export function forgetPictures(kept) {
  for (const url of pictures.keys()) if (!kept.has(url)) pictures.delete(url);
}

// Runs with all their pictures, each with `epochs` that it has masks of; also the pictures' URLs and how many failed.
// `onProgress(fetched, all)` is called after each.
export async function loadRuns(runs, classColours, onProgress) {
  const jobs = [];
  const load = (url, kind, keep) => jobs.push({ url, promise: fetchPicture(url, kind).then(keep) });
  const loaded = runs.map((run) => {
    const source = makeSource({ tile: run.tile, columns: run.columns, tiles: run.tiles });
    for (const [epoch, url] of Object.entries(run.mosaics))
      load(url, classColours, (mask) => source.masks.set(Number(epoch), mask));
    if (run.photos) load(run.photos, null, (photo) => (source.photo = photo));
    if (run.truth) load(run.truth, classColours, (truth) => (source.truth = withUnknown(truth, run)));
    return { ...run, source, places: new Map(run.tiles.map((tile, index) => [tile.name, { source, index }])) };
  });
  let [fetched, missing] = [0, 0];
  for (const { promise } of jobs) {
    promise.catch(() => (missing += 1)).finally(() => onProgress(++fetched, jobs.length));
  }
  await Promise.allSettled(jobs.map(({ promise }) => promise));
  for (const run of loaded) run.epochs = [...run.source.masks.keys()].sort((a, b) => a - b);
  return { loaded, urls: new Set(jobs.map(({ url }) => url)), missing };
}
