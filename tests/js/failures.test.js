import assert from "node:assert/strict";
import { test } from "node:test";

import { steppedTo } from "../../demo/failures/js/gallery.js";
import * as listed from "../../demo/failures/js/list.js";
import { createMarks, listText } from "../../demo/failures/js/marks.js";
import { pictureStore } from "../../demo/failures/js/pictures.js";
import { moved } from "../../demo/failures/js/spread.js";
import { randomNumbers } from "./random.js";

const VALUE = {
  photos: ["american_bulldog_97", "pug_1", "Sphynx_3", "pug_12", "beagle_4"],
  losses: [{ run: "ce-s0" }, { run: "focal-s0" }],
  values: { "ce-s0": [0.4, 0.9, 0.2, 0.5, 0.1], "focal-s0": [0.2, 0.8, 0.6, null, 0.1] },
  broken: [4],
  suspects: { order: [4, 0, 2], reasons: ["no pet", "swapped", "taken for pet"] },
  score: { better: true, top: 1, percent: true },
};
const names = (list) => list.map(({ name }) => name);

test("photos have their title, mean, and what speaks against their label", () => {
  const [first, , , unknown, broken] = listed.readPhotos(VALUE);
  assert.equal(first.title, "American bulldog 97");
  assert.ok(Math.abs(first.mean - 0.3) < 1e-9);
  assert.equal(first.reason, "swapped");
  assert.equal(unknown.mean, null);
  assert.ok(broken.broken && !first.broken);
});

test("the order is by mean, by distance, or by suspicion, and a broken label is set aside but in the last", () => {
  const photos = listed.readPhotos(VALUE);
  const order = (rank, value = VALUE) => names(listed.ordered(photos, value, rank, [0, 1]));
  assert.deepEqual(order("hardest"), ["american_bulldog_97", "Sphynx_3", "pug_1"]);
  const less = { ...VALUE, score: { ...VALUE.score, better: false } };
  assert.deepEqual(order("hardest", less), ["pug_1", "Sphynx_3", "american_bulldog_97"]);
  assert.deepEqual(order("disagreement"), ["Sphynx_3", "american_bulldog_97", "pug_1"]);
  assert.deepEqual(order("suspicion"), ["beagle_4", "american_bulldog_97", "Sphynx_3"]);
  assert.deepEqual(listed.ordered(photos, VALUE, "disagreement", null), []);
  const silent = { ...VALUE, suspects: { text: "why" } };
  assert.deepEqual(listed.ordered(listed.readPhotos(silent), silent, "suspicion", null), []);
});

test("two losses are those asked for, where they are two that are there", () => {
  const losses = ["a", "b", "c"].map((run) => ({ run }));
  assert.deepEqual(listed.pairOf(["c", "b"], losses), [2, 1]);
  for (const asked of [null, [], ["a"], ["a", "a"], ["a", "gone"]])
    assert.deepEqual(listed.pairOf(asked, losses), [0, 2]);
  assert.equal(listed.pairOf(null, losses.slice(1, 2)), null);
});

test("a search finds every word in any case, a range takes both its ends", () => {
  const photos = listed.readPhotos(VALUE);
  const found = (search, within = null) => names(listed.narrowed(photos, search, within, 100));
  assert.deepEqual(found("BULL american"), ["american_bulldog_97"]);
  assert.deepEqual(found("pug_1"), ["pug_1", "pug_12"]);
  assert.deepEqual(found("cat"), []);
  assert.deepEqual(found("", [30, 40]), ["american_bulldog_97", "Sphynx_3"]);
  assert.equal(found("  ").length, 5);
  // an unknown mean is in no range, what lies beyond the scale is in one that goes to its end
  const far = [{ title: "Far", name: "far", mean: 7 }, ...photos];
  assert.deepEqual(names(listed.narrowed(far, "", [80, 100], 100)), ["far", "pug_1"]);
});

test("a range is written as it is read, and the whole scale is none", () => {
  const random = randomNumbers(3);
  for (let round = 0; round < 200; round++) {
    const low = random(99);
    const range = [low, low + 1 + random(100 - low)];
    const text = listed.writeWithin(range, 100);
    assert.deepEqual(listed.readWithin(text, 100), text === null ? null : range);
  }
  assert.equal(listed.writeWithin([0, 100], 100), null);
  for (const text of [null, "", "8", "44-8", "8-8", "a-b", "-5-9", "0-100", "0-400"])
    assert.equal(listed.readWithin(text, 100), null, text);
  assert.deepEqual(listed.readWithin("8-400", 100), [8, 100]);
});

test("the bars hold every photo with a mean once", () => {
  const photos = listed.readPhotos(VALUE);
  const counts = listed.binned(photos, 50, 100);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    3,
  );
  assert.equal(counts[15], 1); // 0.3
  assert.equal(listed.binned([{ mean: 3, broken: false }], 50, 100)[49], 1);
});

test("numbers are short, and a difference has its sign", () => {
  assert.equal(listed.short(0.324, true), "32");
  assert.equal(listed.short(0.324, false), "0.32");
  assert.equal(listed.short(null, true), "–");
  assert.deepEqual([listed.hundredths(20, true), listed.hundredths(20, false)], ["20", "0.20"]);
  assert.deepEqual(
    [0.34, -0.34, 0.001, -0.001].map((value) => listed.signed(value, true)),
    ["+34", "−34", "0", "0"],
  );
});

test("a difference is the second loss less the first", () => {
  const [first] = listed.readPhotos(VALUE);
  assert.ok(Math.abs(listed.apart(first, [0, 1]) + 0.2) < 1e-9);
  assert.ok(Math.abs(listed.apart(first, [1, 0]) - 0.2) < 1e-9);
});

test("what is spread is said: of which runs, and that broken labels are left out", () => {
  const said = (titles, broken) => listed.spreadOf({ losses: titles.map((title) => ({ title })), broken });
  assert.equal(said(["Focal"], []), "of Focal, all photos");
  assert.equal(said(["Focal", "Dice"], [4]), "mean of the two, all photos but 1 with a broken label");
  assert.equal(said(["a", "b", "c"], [4, 7]), "mean of the three, all photos but 2 with broken labels");
  assert.equal(said(["a", "b", "c", "d"], []), "mean of 4 runs, all photos");
});

test("of a grid the rows on the screen are seen, with two more on each side", () => {
  const grid = { row: 100, columns: 5, count: 52 };
  assert.deepEqual(listed.seenOf({ ...grid, above: -300, height: 700 }), { first: 0, last: 30 });
  assert.deepEqual(listed.seenOf({ ...grid, above: 450, height: 300 }), { first: 10, last: 50 });
  const past = listed.seenOf({ ...grid, above: 5000, height: 300 });
  assert.ok(past.first >= past.last);
  assert.deepEqual(listed.seenOf({ ...grid, count: 0, above: 0, height: 900 }), { first: 0, last: 0 });
});

test("keys lead through rows, stay in their column, and stop at the first and the last row", () => {
  assert.equal(steppedTo("ArrowDown", 1, 12, 5), 6);
  assert.equal(steppedTo("ArrowUp", 8, 12, 5), 3);
  assert.equal(steppedTo("ArrowUp", 3, 12, 5), 3);
  assert.equal(steppedTo("PageUp", 8, 12, 5), 3);
  assert.equal(steppedTo("PageDown", 1, 12, 5), 11);
  assert.equal(steppedTo("ArrowDown", 10, 12, 5), 10);
  assert.equal(steppedTo("ArrowDown", 8, 12, 5), 11); // no photo stands below: the last one
  assert.equal(steppedTo("Tab", 1, 12, 5), null);
});

test("an end of a range stays before the other, and in the scale", () => {
  assert.deepEqual(moved([8, 44], 0, 60, 100), [43, 44]);
  assert.deepEqual(moved([8, 44], 1, -3, 100), [8, 9]);
  assert.deepEqual(moved([8, 44], 0, -3, 100), [0, 44]);
  assert.deepEqual(moved([8, 44], 1, 300, 100), [8, 100]);
});

function drawnStorage() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), kept };
}

test("marks survive the page, and another tab's are kept", () => {
  const storage = drawnStorage();
  const [one, other] = [createMarks(() => storage), createMarks(() => storage)];
  one.toggle("pug_1");
  other.toggle("beagle_4");
  assert.deepEqual(createMarks(() => storage).all(), ["beagle_4", "pug_1"]);
  assert.deepEqual(one.all(), ["beagle_4", "pug_1"]);
  other.toggle("pug_1");
  assert.deepEqual(createMarks(() => storage).all(), ["beagle_4"]);
});

test("what one window unmarks stays unmarked when another marks", () => {
  const storage = drawnStorage();
  const one = createMarks(() => storage);
  one.toggle("pug_1");
  const other = createMarks(() => storage);
  one.toggle("pug_1");
  other.toggle("beagle_4");
  assert.deepEqual(createMarks(() => storage).all(), ["beagle_4"]);
  assert.ok(!one.has("beagle_4"));
  one.refresh();
  assert.ok(one.has("beagle_4"));
});

test("where the browser keeps nothing, or something else, marks last as long as the page", () => {
  const refused = createMarks(() => {
    throw new Error("SecurityError");
  });
  refused.toggle("pug_1");
  assert.ok(refused.has("pug_1"));
  const full = createMarks(() => ({
    getItem: () => null,
    setItem() {
      throw new Error("QuotaExceededError");
    },
  }));
  for (const name of ["pug_1", "beagle_4"]) full.toggle(name);
  full.refresh();
  assert.deepEqual(full.all(), ["beagle_4", "pug_1"]);
  const storage = drawnStorage();
  for (const text of ["{", "{}", "7", "[1, null]", "null"]) {
    for (const key of [...storage.kept.keys(), "borderline-wrong-labels"]) storage.setItem(key, text);
    assert.deepEqual(createMarks(() => storage).all(), []);
  }
});

test("the list has a name a line, after a comment", () => {
  const lines = listText(["beagle_4", "pug_1"]).split("\n");
  assert.match(lines[0], /^# /);
  assert.deepEqual(lines.slice(1), ["beagle_4", "pug_1", ""]);
});

const turns = async () => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
};

test("pictures are asked for once, of what is seen last, and one that is not there is not asked for again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  let drawn = 0;
  const store = pictureStore(
    async (photos) => {
      asked.push(photos);
      return Object.fromEntries(photos.map((name) => [name, name === "gone" ? null : `of ${name}`]));
    },
    () => (drawn += 1),
  );
  const rest = async () => {
    t.mock.timers.tick(100);
    await turns();
  };
  store.want(["scrolled past"]);
  store.want(["pug_1", "gone"]);
  await rest();
  store.want(["pug_1", "gone", "pug_2"]);
  await rest();
  assert.deepEqual(asked, [["pug_1", "gone"], ["pug_2"]]);
  assert.deepEqual([store.get("pug_1"), store.get("gone"), store.get("other")], ["of pug_1", null, undefined]);
  assert.equal(drawn, 2);
  store.forget();
  assert.equal(store.get("pug_1"), undefined);
});

test("pictures that the app did not give are asked for again, those seen by then", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  let silent = true;
  const store = pictureStore(
    async (photos) => {
      asked.push(photos);
      if (silent) return undefined; // as Gradio's client has it
      return Object.fromEntries(photos.map((name) => [name, `of ${name}`]));
    },
    () => {},
  );
  const after = async (time) => {
    t.mock.timers.tick(time);
    await turns();
  };
  store.want(["pug_1"]);
  await after(40);
  await after(1000);
  assert.deepEqual(asked, [["pug_1"]]); // no storm
  store.want(["pug_2"]); // another look asks at once
  await after(40);
  assert.deepEqual(asked, [["pug_1"], ["pug_2"]]);
  silent = false;
  await after(3000);
  assert.deepEqual(asked, [["pug_1"], ["pug_2"], ["pug_2"]]);
  assert.equal(store.get("pug_2"), "of pug_2");
  await after(10000);
  assert.equal(asked.length, 3);
});

test("what is seen while the app is silent about other pictures is not lost", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  let fail;
  const store = pictureStore(
    (photos) => {
      asked.push(photos);
      return new Promise((_, reject) => (fail = reject));
    },
    () => {},
  );
  store.want(["pug_1"]);
  t.mock.timers.tick(40);
  store.want(["pug_2"]);
  t.mock.timers.tick(40);
  fail(new Error("no answer"));
  await turns();
  t.mock.timers.tick(3000);
  assert.deepEqual(asked, [["pug_1"], ["pug_2"]]);
});
