import assert from "node:assert/strict";
import { test } from "node:test";

import {
  chipNote,
  chipsOf,
  chooseFrom,
  lostSentence,
  matches,
  sharedEpochs,
  sorted,
  stateOf,
} from "../../demo/selection/js/chosen.js";

const run = (name, fields = {}) => ({
  name,
  loss: name.split("-")[0],
  title: name.split("-")[0].toUpperCase(),
  colour: "#000",
  symbol: "circle",
  configuration: name,
  seed: 0,
  epochs: 20,
  planned: 20,
  status: "finished",
  left: null,
  scores: { f1: 0.5 },
  differs: "",
  ...fields,
});
const VALUE = {
  runs: [
    run("ce-s0", { configuration: 0 }),
    run("ce-s1", { configuration: 0, seed: 1 }),
    run("ce-b", { configuration: 1, epochs: 8, differs: "batch size 32" }),
    run("focal-s0", { configuration: 2, epochs: 8, status: "running", left: 54, symbol: "diamond" }),
  ],
  first: ["ce-s0", "focal-s0"],
  symbols: ["triangle-up", "triangle-down"],
};

test("where nobody chose the first are shown, in the order of the list", () => {
  assert.deepEqual(chooseFrom(VALUE, null), { names: ["ce-s0", "focal-s0"], lost: [] });
  assert.deepEqual(chooseFrom(VALUE, ["focal-s0", "ce-b"]), { names: ["ce-b", "focal-s0"], lost: [] });
  assert.deepEqual(chooseFrom(VALUE, []), { names: [], lost: [] });
});

test("what a link asks for and is not there is said", () => {
  const { names, lost } = chooseFrom(VALUE, ["dice-s7", "ce-s1"]);
  assert.deepEqual(names, ["ce-s1"]);
  assert.equal(lostSentence(lost, ["dice-s7", "ce-s1"]), "There is no run dice-s7 here: the others are shown.");
  assert.deepEqual(chooseFrom(VALUE, ["a,b", "c"]), { names: VALUE.first, lost: ["a,b", "c"] });
  assert.equal(lostSentence(["a,b"], ["a,b"]), "There is no run a,b here: one of each loss is shown.");
  assert.equal(lostSentence([], names), "");
});

test("seeds share a chip, and the first of a loss has its marker", () => {
  const chips = chipsOf(VALUE, ["ce-s0", "ce-s1", "ce-b", "focal-s0"]);
  assert.deepEqual(
    chips.map((chip) => [chip.runs.map(({ name }) => name), chip.symbol]),
    [
      [["ce-s0", "ce-s1"], "circle"],
      [["ce-b"], "triangle-up"],
      [["focal-s0"], "diamond"],
    ],
  );
  assert.deepEqual(
    chips.map((chip) => chipNote(chip)),
    ["20/20 · 2 seeds", "8/20 · ended", "8/20 · training"],
  );
});

test("there are markers for any number of chips, and a loss that is not known has one of the others", () => {
  const runs = Array.from({ length: 30 }, (_, place) => run(`ce-${place}`));
  const symbols = chipsOf(
    { ...VALUE, runs },
    runs.map(({ name }) => name),
  ).map(({ symbol }) => symbol);
  assert.deepEqual(symbols.slice(0, 4), ["circle", "triangle-up", "triangle-down", "triangle-up"]);
  assert.ok(symbols.every(Boolean));
  const odd = [run("x-0", { symbol: null })];
  assert.equal(chipsOf({ ...VALUE, runs: odd }, ["x-0"])[0].symbol, "triangle-up");
});

test("how far a run is is said in words", () => {
  assert.equal(stateOf(VALUE.runs[0]), "20 epochs");
  assert.equal(stateOf(VALUE.runs[2]), "ended after epoch 8 of 20");
  assert.equal(stateOf(VALUE.runs[3]), "training, about 54 min left");
  assert.equal(stateOf({ ...VALUE.runs[3], left: 240 }), "training, about 4 h left");
  assert.equal(stateOf({ ...VALUE.runs[3], left: 0.2 }), "training, about 1 min left");
  assert.equal(stateOf({ ...VALUE.runs[3], left: null, epochs: 0 }), "training, epoch 0 of 20");
});

test("the deepest epoch is the one that all have", () => {
  assert.deepEqual(sharedEpochs(VALUE.runs), { deepest: 8, last: 20 });
  assert.deepEqual(sharedEpochs([]), { deepest: 0, last: 0 });
});

test("a search finds every word, in any order, in any of its fields", () => {
  const found = (search) => VALUE.runs.filter((each) => matches(each, search)).map(({ name }) => name);
  assert.deepEqual(found(""), ["ce-s0", "ce-s1", "ce-b", "focal-s0"]);
  assert.deepEqual(found("seed 1"), ["ce-s1"]);
  assert.deepEqual(found("32 CE"), ["ce-b"]);
  assert.deepEqual(found("training"), ["focal-s0"]);
  assert.deepEqual(found("nothing of it"), []);
});

test("runs are sorted by any score, those without one last", () => {
  const scored = [0.2, null, 0.9, 0.5].map((f1, place) => run(`r-${place}`, { scores: { f1 }, epochs: place }));
  const order = (...by) => sorted(scored, ...by).map(({ name }) => name);
  assert.deepEqual(order("f1", true), ["r-2", "r-3", "r-0", "r-1"]);
  assert.deepEqual(order("f1", false), ["r-0", "r-3", "r-2", "r-1"]);
  assert.deepEqual(order("epochs", true), ["r-3", "r-2", "r-1", "r-0"]);
  assert.deepEqual(order("name", true), ["r-3", "r-2", "r-1", "r-0"]);
});
