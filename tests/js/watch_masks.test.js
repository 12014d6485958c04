// Labels and masks of Watch's photos, from mosaics that are decoded anew as often as there is room for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createMasks, OWN } from "../../demo/watch/js/masks.js";
import { packClasses } from "../../demo/watch/js/pixels.js";
import { createStore } from "../../demo/watch/js/store.js";

const SIDE = 4;
const [PET, BACKGROUND, BORDER] = [0, 1, 2];

// Two tiles of one class each, beside each other
function mosaic(left, right) {
  const row = [...Array(SIDE).fill(left), ...Array(SIDE).fill(right)];
  return { width: 2 * SIDE, quarters: packClasses(Uint8Array.from(Array(SIDE).fill(row).flat())) };
}

const PICTURES = {
  truth: mosaic(BORDER, PET),
  "epoch 0": mosaic(BORDER, PET),
  "epoch 1": mosaic(BACKGROUND, BORDER),
};

function run(more = {}) {
  const tiles = ["one", "two"].map((name) => ({ name, truth: true, photo: true }));
  const mosaics = { 0: "epoch 0", 1: "epoch 1" };
  const places = new Map(tiles.map(({ name }, place) => [name, place]));
  return { name: "ce-s0", tile: SIDE, columns: 2, tiles, places, epochs: [0, 1], mosaics, truth: "truth", ...more };
}

// With room for one picture alone
function masksOf(runs, ownMask = () => undefined) {
  const store = createStore({ read: async (url) => url, decode: async (url) => PICTURES[url], limit: 8 });
  const masks = createMasks(store, ownMask);
  masks.setRuns(runs);
  return { store, masks };
}

test("labels stay, however many pictures come after them", async () => {
  const { store, masks } = masksOf([run()]);
  assert.equal(masks.truth("two"), undefined); // to come
  await Promise.all(masks.wantLabels());
  for (const epoch of [0, 1, 0]) await store.want(`epoch ${epoch}`);
  assert.equal(store.ready("truth"), null);
  assert.deepEqual(masks.truth("two").classes, new Uint8Array(16)); // drawn for the first time only now
  assert.equal(masks.f1(masks && run(), "one", 0), 1);
  assert.equal(masks.wantLabels().length, 0);
});

test("what is counted once is known when its picture is not here any more", async () => {
  const { store, masks } = masksOf([run()]);
  await Promise.all(masks.wantLabels());
  await store.want("epoch 1");
  assert.equal(masks.f1(run(), "one", 1), 0);
  await store.want("epoch 0");
  assert.equal(masks.found(run(), "one", 1), undefined);
  assert.equal(masks.f1(run(), "one", 1), 0);
});

test("a run has labels of its own side, and a line of any", async () => {
  const large = run({ name: "large", tile: 8, truth: null });
  const { masks } = masksOf([run(), large]);
  await Promise.all(masks.wantLabels());
  assert.equal(masks.truth("one").side, SIDE);
  assert.equal(masks.truth("one", 8), null);
  assert.equal(masks.truth("one", SIDE).side, SIDE);
});

test("of one's own photo there is what was made of it, and no label", () => {
  const made = new Uint8Array(16);
  const { masks } = masksOf([run()], (name, epoch) => (name === "ce-s0" && epoch === 1 ? made : undefined));
  assert.equal(masks.found(run(), OWN, 1), made);
  assert.equal(masks.found(run(), OWN, 0), null);
  assert.equal(masks.truth(OWN), null);
});
