import assert from "node:assert/strict";
import { test } from "node:test";

import { epochBefore, shownEpoch } from "../../demo/scrub/js/epochs.js";
import { randomNumbers } from "./random.js";

test("a run shows the wanted epoch, or the last one before it", () => {
  const run = { epochs: [0, 1, 2, 5] };
  const shown = [0, 1, 2, 3, 4, 5, 6, 99].map((wanted) => shownEpoch(run, wanted));
  assert.deepEqual(shown, [0, 1, 2, 2, 2, 5, 5, 5]);
});

test("before a run's first epoch the first is shown", () => {
  assert.equal(shownEpoch({ epochs: [3, 4] }, 1), 3);
});

test("of any epochs the shown one is the greatest that is not later", () => {
  const random = randomNumbers(1);
  for (let round = 0; round < 300; round++) {
    const epochs = [...new Set(Array.from({ length: 1 + random(8) }, () => random(20)))].sort((a, b) => a - b);
    const wanted = random(25);
    let expected = epochs[0];
    for (const epoch of epochs) if (epoch <= wanted && epoch > expected) expected = epoch;
    assert.equal(shownEpoch({ epochs }, wanted), expected, `${epochs} at ${wanted}`);
  }
});

test("changes are those since the epoch that was kept before", () => {
  const run = { epochs: [0, 1, 2, 5] };
  assert.equal(epochBefore(run, 1), 0);
  assert.equal(epochBefore(run, 5), 2);
});

test("nothing has changed at the first epoch, nor once the run has stopped", () => {
  const run = { epochs: [0, 1, 2] };
  assert.equal(epochBefore(run, 0), undefined);
  assert.equal(epochBefore(run, 3), undefined);
});
