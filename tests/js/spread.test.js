import assert from "node:assert/strict";
import { test } from "node:test";

import { spread, spreadOverLines } from "../../demo/compare/js/spread.js";
import { randomNumbers } from "./random.js";

test("labels that have room stay where they are wanted", () => {
  assert.deepEqual(spread([50, 150, 250], [30, 30, 30], 300, 6), [50, 150, 250]);
});

test("two that are wanted at one place part evenly", () => {
  assert.deepEqual(spread([100, 100], [30, 30], 300, 6), [82, 118]);
});

test("none leaves the line", () => {
  assert.deepEqual(spread([2, 299], [30, 40], 300, 6), [15, 280]);
});

test("what does not fit is not placed, and is spread over more lines", () => {
  assert.equal(spread([10, 20, 30], [60, 60, 60], 150, 6), null);
  const { placed, lines } = spreadOverLines([10, 20, 30], [60, 60, 60], 150, 6);
  assert.equal(lines, 2);
  assert.deepEqual(
    placed.map(({ line }) => line),
    [0, 1, 0],
  );
});

test("no two labels ever overlap, and none leaves the line", () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 500; round++) {
    const room = 120 + random(500);
    const count = 1 + Math.floor(random(8));
    const wanted = Array.from({ length: count }, () => random(room));
    const widths = Array.from({ length: count }, () => 20 + random(90));
    const { placed, lines } = spreadOverLines(wanted, widths, room, 6);
    assert.ok(lines <= count);
    placed.forEach(({ at, line }, i) => {
      assert.ok(at - widths[i] / 2 >= -1e-9 && at + widths[i] / 2 <= room + 1e-9);
      placed.slice(0, i).forEach((other, k) => {
        if (other.line === line) assert.ok(Math.abs(at - other.at) >= (widths[i] + widths[k]) / 2 + 6 - 1e-9);
      });
    });
  }
});

test("the sum of squared ways is the least: moving any label alone, or all, makes it no smaller", () => {
  const random = randomNumbers(6);
  const cost = (places, wanted) => places.reduce((sum, at, i) => sum + (at - wanted[i]) ** 2, 0);
  for (let round = 0; round < 100; round++) {
    const wanted = [random(300), random(300), random(300)].sort((one, other) => one - other);
    const widths = [40, 30, 50];
    const places = spread(wanted, widths, 300, 6);
    const best = cost(places, wanted);
    for (let attempt = 0; attempt < 50; attempt++) {
      const other = places.map((at) => at + (random(4) - 2));
      const fits = other[0] >= 20 && other[2] <= 275 && other[1] - other[0] >= 41 && other[2] - other[1] >= 46;
      if (fits) assert.ok(cost(other, wanted) >= best - 1e-9);
    }
  }
});
