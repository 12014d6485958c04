import assert from "node:assert/strict";
import { test } from "node:test";

import { describeCurve, perCent, scoreRange } from "../../demo/watch/js/curve.js";
import { randomNumbers } from "./random.js";

const runOf = (name, values) => ({
  title: name,
  epochs: values.map((_, epoch) => epoch),
  scores: Object.fromEntries(values.map((recall, epoch) => [epoch, { recall }])),
});

test("fractions are told in per cent, and what is not there by a dash", () => {
  assert.equal(perCent(0.8828), "88.3 %");
  assert.equal(perCent(0.8828, 0), "88 %");
  assert.equal(perCent(0), "0.0 %");
  assert.equal(perCent(null), "–");
  assert.equal(perCent(undefined), "–");
});

test("a curve is described by each run's first and last value, gaps left out", () => {
  const runs = [runOf("ce-s0", [null, 0.125, 0.5]), runOf("focal-s0", [0.25, 0.75, null]), runOf("empty", [null])];
  assert.equal(
    describeCurve(runs, "recall", "Border recall"),
    "Border recall by epoch. ce-s0: from 12.5 % to 50.0 %; focal-s0: from 25.0 % to 75.0 %; empty: no value.",
  );
});

test("the axis spans whole tenths around the values", () => {
  assert.deepEqual(scoreRange([runOf("a", [0.52, 0.88]), runOf("b", [null, 0.61])], "recall"), { low: 0.5, high: 0.9 });
  assert.deepEqual(scoreRange([runOf("a", [0, 1])], "recall"), { low: 0, high: 1 });
});

test("the axis spans a tenth where there is no value, or one alone", () => {
  assert.deepEqual(scoreRange([runOf("a", [null])], "recall"), { low: 0, high: 0.1 });
  const { low, high } = scoreRange([runOf("a", [1])], "recall");
  assert.deepEqual([low, high], [0.9, 1]);
});

test("any values lie on the axis", () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 300; round++) {
    const values = Array.from({ length: 1 + random(5) }, () => random(100_001) / 100_000);
    const { low, high } = scoreRange([runOf("a", values)], "recall");
    assert.ok(low >= 0 && high <= 1 && high - low >= 0.1 - 1e-9, values);
    for (const value of values) assert.ok(low <= value && value <= high, `${value} in ${low} to ${high}`);
    assert.ok(Math.max(...values) > high - 0.1 - 1e-9 || high <= 0.1, values);
  }
});
