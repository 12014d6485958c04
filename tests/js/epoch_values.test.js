import assert from "node:assert/strict";
import { test } from "node:test";

import {
  epochsOf,
  linesOf,
  nearest,
  runAt,
  sharedEpoch,
  stepped,
  valuesAt,
} from "../../demo/compare/js/epoch_values.js";

const line = (name, x, symbol, run) => ({
  name,
  x,
  line: { color: "#0072b2" },
  marker: { symbol },
  meta: { told: x.map((epoch) => `${epoch}.0 %`) },
  customdata: x.map(() => run),
});
const data = [
  { name: "band", x: [0, 9] },
  line("cross-entropy", [0, 1, 2, 3], ["circle-open", "circle-open", "circle-open", "circle"], "ce-s0"),
  line("focal loss", [0, 1, 4], "diamond-open-dot", "focal-s0"),
];
const lines = linesOf(data);

test("epochs are those that any line has, and the shared one the deepest that all have", () => {
  assert.deepEqual(epochsOf(lines), [0, 1, 2, 3, 4]);
  assert.equal(sharedEpoch(lines), 1);
  assert.equal(sharedEpoch([line("one", [0], "circle", ""), line("other", [1], "circle", "")]), null);
  assert.equal(sharedEpoch([]), null);
});

test("each line has its value in words, and a dash where it has none", () => {
  const told = valuesAt(lines, 3).map(({ name, symbol, value }) => [name, symbol, value]);
  assert.deepEqual(told, [
    ["cross-entropy", "circle", "3.0 %"],
    ["focal loss", "diamond-open", "–"],
  ]);
  assert.equal(valuesAt(lines, 1)[0].symbol, "circle-open");
});

test("a run is of the first line that has the epoch", () => {
  assert.deepEqual(
    [0, 4, 9].map((epoch) => runAt(lines, epoch)),
    ["ce-s0", "focal-s0", null],
  );
});

test("keys step along the epochs that there are, and not past the ends", () => {
  const epochs = [0, 2, 4, 30];
  assert.equal(stepped(epochs, 2, "ArrowRight"), 4);
  assert.equal(stepped(epochs, 2, "ArrowLeft"), 0);
  assert.equal(stepped(epochs, 0, "ArrowLeft"), 0);
  assert.equal(stepped(epochs, 3, "ArrowLeft"), 2);
  assert.equal(stepped(epochs, 99, "ArrowRight"), 30);
  assert.equal(stepped(epochs, 2, "PageUp"), 30);
  assert.equal(stepped(epochs, 2, "End"), 30);
  assert.equal(stepped(epochs, 4, "Home"), 0);
  assert.equal(stepped(epochs, 2, "a"), null);
  assert.equal(stepped([], 2, "End"), null);
});

test("the pointer means the epoch that is nearest", () => {
  assert.equal(nearest([0, 1, 2], 1.4), 1);
  assert.equal(nearest([0, 1, 2], 9), 2);
});
