import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, KEYS, readAddress, writeAddress } from "../../demo/js/state.js";
import { randomNumbers } from "./random.js";

const PAGE = "https://example.org/pets/";
const nothing = () => readAddress("");

// A window with a clock of its own, a history that can go back, and a parent that listens
function drawnWindow(search = "", framed = false) {
  const entries = [{ href: PAGE + search, state: null }];
  const listeners = {};
  const told = [];
  let place = 0;
  let timers = [];
  const view = {
    location: {
      get href() {
        return entries[place].href;
      },
      get search() {
        return new URL(entries[place].href).search;
      },
    },
    history: {
      pushState(state, _, href) {
        entries.splice(place + 1, entries.length, { href, state });
        place += 1;
      },
      replaceState: (state, _, href) => (entries[place] = { href, state }),
      get state() {
        return structuredClone(entries[place].state);
      },
    },
    addEventListener: (name, then) => (listeners[name] = then),
    setTimeout: (then) => timers.push(then),
    clearTimeout: (number) => number && (timers[number - 1] = null),
    go(steps) {
      place += steps;
      listeners.popstate({ state: structuredClone(entries[place].state) });
    },
    rest() {
      const due = timers;
      timers = [];
      for (const then of due) then?.();
    },
    entries,
    told,
    leave: () => listeners.pagehide(),
  };
  view.parent = framed ? { postMessage: (message, origin) => told.push([message, origin]) } : view;
  return view;
}

test("an address says all that it was given, and keeps what is not the page's", () => {
  const state = { ...nothing(), tab: "watch", runs: ["ce-s0", "focal-s0"], epoch: 3, photo: "Bengal_35" };
  const address = writeAddress(`${PAGE}?__theme=dark#below`, state);
  assert.equal(address, `${PAGE}?__theme=dark&run=ce-s0&run=focal-s0&epoch=3&tab=watch&photo=Bengal_35#below`);
  assert.deepEqual(readAddress(new URL(address).search), state);
});

test("links of older versions open what took their place", () => {
  const tabs = { segment: "try", compare: "which-loss", scrub: "watch", spot: "failures", nowhere: "nowhere" };
  for (const [former, now] of Object.entries(tabs)) assert.equal(readAddress(`?tab=${former}`).tab, now);
  assert.deepEqual(readAddress("?runs=ce-s0,focal-s0").runs, ["ce-s0", "focal-s0"]);
  const rewritten = writeAddress(`${PAGE}?runs=ce-s0,focal-s0`, readAddress("?runs=ce-s0,focal-s0"));
  assert.equal(rewritten, `${PAGE}?run=ce-s0&run=focal-s0`);
});

test("none chosen is something else than nothing said", () => {
  const none = { ...nothing(), runs: [] };
  assert.deepEqual(readAddress(new URL(writeAddress(PAGE, none)).search), none);
  assert.equal(writeAddress(PAGE, nothing()), PAGE);
});

test("numbers that cannot be are as if they were not said", () => {
  for (const epoch of ["-1", "1.5", "last", "", "99999999999", "NaN", "Infinity"]) {
    assert.equal(readAddress(`?epoch=${epoch}`).epoch, null, epoch);
  }
  assert.equal(readAddress("?epoch=0").epoch, 0);
  assert.equal(readAddress("?shift=-0.4").shift, -0.4);
});

test("any names come back as they were, commas and all", () => {
  const random = randomNumbers(8);
  const letters = [..."aZ0 -_.~%&=?#+/\\'\"äß漢🐶,"];
  const word = () => Array.from({ length: 1 + random(6) }, () => letters[random(letters.length)]).join("");
  for (let round = 0; round < 300; round++) {
    const state = { ...nothing(), runs: [word(), word()], photo: word(), breed: word(), epoch: random(500) };
    if (state.photo.startsWith("own:")) continue;
    assert.deepEqual(readAddress(new URL(writeAddress(PAGE, state)).search), state);
  }
});

test("a hundred changes are written once, when the hand rests", () => {
  const view = drawnWindow();
  const state = createState(view);
  for (let shift = 1; shift <= 100; shift++) state.set({ shift: shift / 100 });
  assert.equal(view.location.href, PAGE);
  view.rest();
  assert.equal(view.location.href, `${PAGE}?shift=1`);
  assert.equal(view.entries.length, 1); // sliding is no step of the history
});

test("back and forward show what was seen, and tell who watches", () => {
  const view = drawnWindow("?tab=try");
  const state = createState(view);
  const seen = [];
  state.watch(["tab", "runs"], () => seen.push([state.get("tab"), state.get("runs")]));
  state.set({ tab: "watch" });
  view.rest();
  state.set({ runs: ["focal-s0"] });
  view.rest();
  assert.equal(view.entries.length, 3);
  view.go(-1);
  assert.deepEqual([state.get("tab"), state.get("runs")], ["watch", null]);
  view.go(-1);
  assert.deepEqual([state.get("tab"), state.get("runs")], ["try", null]);
  view.go(2);
  assert.deepEqual([state.get("tab"), state.get("runs")], ["watch", ["focal-s0"]]);
  assert.equal(seen.length, 5);
  view.rest();
  assert.equal(view.entries.length, 3); // going back writes nothing
});

test("a photo of one's own is in the history, and in no link", () => {
  const view = drawnWindow();
  const state = createState(view);
  state.set({ photo: "own:1" });
  view.rest();
  assert.equal(view.location.href, PAGE);
  state.set({ photo: "cheetah2" });
  view.rest();
  assert.equal(view.location.href, `${PAGE}?photo=cheetah2`);
  view.go(-1);
  assert.equal(state.get("photo"), "own:1");
});

test("what is looked for among the failures is in the address, and a drawn range is no step of the history", () => {
  const view = drawnWindow("?tab=failures");
  const state = createState(view);
  state.set({ rank: "disagreement", pair: ["ce-s0", "focal-s0"], breed: "american bulldog", panes: "mask" });
  view.rest();
  for (let low = 1; low < 9; low++) {
    state.set({ within: `${low}-44` });
    view.rest();
  }
  assert.equal(view.entries.length, 2);
  const said = new URL(view.location.href).searchParams;
  assert.deepEqual(said.getAll("against"), ["ce-s0", "focal-s0"]);
  assert.equal(said.get("within"), "8-44");
  const read = readAddress(view.location.search);
  assert.deepEqual([read.rank, read.breed, read.panes], ["disagreement", "american bulldog", "mask"]);
  view.go(-1);
  assert.deepEqual([state.get("pair"), state.get("within"), state.get("breed")], [null, null, null]);
  view.go(1);
  assert.equal(state.get("within"), "8-44");
});

test("what is taken back because it is not there is no step of the history", () => {
  const view = drawnWindow();
  const state = createState(view);
  state.set({ photo: "own:1" });
  view.rest();
  state.set({ photo: "cheetah2" });
  view.rest();
  view.go(-1);
  state.set({ photo: null }, { mends: true });
  view.rest();
  assert.equal(view.entries.length, 3);
  view.go(1);
  assert.equal(state.get("photo"), "cheetah2");
  state.set({ photo: null }, { mends: true });
  state.set({ tab: "watch" }); // a person chose meanwhile
  view.rest();
  assert.equal(view.entries.length, 4);
});

test("a word of the language is no tab of an older link", () => {
  for (const tab of ["constructor", "toString", "__proto__"]) assert.equal(readAddress(`?tab=${tab}`).tab, tab);
});

test("what the parts tell each other is not written, and nothing is told twice", () => {
  const view = drawnWindow();
  const state = createState(view);
  let times = 0;
  state.watch(["chosen"], () => (times += 1));
  state.set({ chosen: ["ce-s0"] });
  state.set({ chosen: ["ce-s0"] });
  view.rest();
  assert.equal(times, 1);
  assert.equal(view.location.href, PAGE);
  assert.ok(!KEYS.includes("chosen"));
});

test("a page that is left keeps what was chosen last", () => {
  const view = drawnWindow();
  createState(view).set({ tab: "watch" });
  view.leave();
  assert.equal(view.location.href, `${PAGE}?tab=watch`);
});

test("what a browser refuses to write for now is written later, and nothing between is lost", () => {
  const view = drawnWindow();
  const { pushState } = view.history;
  const state = createState(view);
  view.history.pushState = () => {
    throw new Error("more than 100 times per 30 seconds");
  };
  state.set({ tab: "watch" });
  view.rest();
  state.set({ epoch: 5 });
  view.rest();
  assert.equal(view.location.href, PAGE);
  view.history.pushState = pushState;
  view.rest();
  assert.equal(view.location.href, `${PAGE}?epoch=5&tab=watch`);
  view.rest();
  assert.equal(view.entries.length, 2);
});

test("of what is too long for an address the rest is written, and a reload shows all of it", () => {
  const runs = Array.from({ length: 400 }, (_, number) => `lr=0.001,bs=32,seed=${number}`);
  const view = drawnWindow();
  const state = createState(view);
  state.set({ runs, tab: "watch", epoch: 3 });
  view.rest();
  assert.equal(view.location.href, `${PAGE}?epoch=3&tab=watch`);
  assert.deepEqual(state.link(), { address: view.location.href, whole: false });
  const again = createState(view); // as a reload does
  assert.deepEqual([again.get("runs"), again.get("epoch")], [runs, 3]);
  again.set({ runs: runs.slice(0, 2) });
  view.rest();
  assert.deepEqual(readAddress(view.location.search).runs, runs.slice(0, 2));
  assert.equal(again.link().whole, true);
  view.go(-1);
  assert.deepEqual(again.get("runs"), runs);
});

test("an address that somebody typed is what is shown, whatever was chosen before", () => {
  const view = drawnWindow("?run=ce-s0");
  createState(view).set({ runs: ["focal-s0"] });
  view.rest();
  view.entries.push({ href: `${PAGE}?tab=watch`, state: null });
  view.go(1);
  assert.deepEqual(createState(view).get("runs"), null);
});

test("the page around that of a Space is told, and no other", () => {
  const framed = drawnWindow("", true);
  createState(framed).set({ tab: "watch", epoch: 3 });
  framed.rest();
  assert.deepEqual(framed.told, [[{ queryString: "epoch=3&tab=watch" }, "https://huggingface.co"]]);
  const alone = drawnWindow();
  createState(alone).set({ tab: "watch" });
  alone.rest();
  assert.deepEqual(alone.told, []);
});
