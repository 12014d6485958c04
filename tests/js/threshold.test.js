import assert from "node:assert/strict";
import { test } from "node:test";

import { marksAt, signed, toldAt } from "../../demo/compare/js/threshold.js";

const curve = {
  name: "focal loss",
  line: { color: "#009E73" },
  x: [10, 40, 70],
  y: [90, 60, 30],
  customdata: [
    [-0.1, 18, 85],
    [0, 48, 84.5],
    [0.1, 42, 80],
  ],
};
const data = [curve, { name: "focal loss", meta: { left_out: true } }, { meta: { along: 0, symbol: "diamond" } }];

test("a shift has its sign, and none at zero", () => {
  assert.deepEqual([0.8, -1.2, 0, -0.0].map(signed), ["+0.8", "−1.2", "0.0", "0.0"]);
});

test("a mark goes to the point of its curve with that shift", () => {
  assert.deepEqual(marksAt(data, 0.1), [{ trace: 2, x: 70, y: 30 }]);
  assert.deepEqual(marksAt(data, -0.1), [{ trace: 2, x: 10, y: 90 }]);
});

test("a slider's step that is no round number finds its point", () => {
  assert.deepEqual(marksAt(data, 0.1 + 1e-12), [{ trace: 2, x: 70, y: 30 }]);
});

test("where a network paints no border its mark is gone, and it is said", () => {
  assert.deepEqual(marksAt(data, -2), [{ trace: 2, x: null, y: null }]);
  assert.equal(toldAt(data, -2)[0].text, "paints no border there");
});

test("a sentence says F1 and pixel accuracy there, and as trained", () => {
  const [told] = toldAt(data, 0.1);
  assert.deepEqual(told, {
    name: "focal loss",
    colour: "#009E73",
    symbol: "diamond",
    text: "F1 42.0, pixel accuracy 80.0 (as trained 48.0, 84.5)",
  });
  assert.equal(toldAt(data, 0)[0].text, "F1 48.0, pixel accuracy 84.5, as trained");
});

test("without a curve there is nothing to move", () => {
  assert.deepEqual(marksAt([{ name: "mark" }], 0), []);
  assert.deepEqual(toldAt([{ name: "mark" }], 0), []);
});
