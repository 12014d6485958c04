import assert from "node:assert/strict";
import { test } from "node:test";

import {
  allTiles,
  epochBefore,
  hardestFirst,
  nearestFirst,
  scaleSteps,
  shownEpoch,
} from "../../demo/watch/js/epochs.js";
import { frameEpochs, frameLayout } from "../../demo/watch/js/export.js";
import { sideChanges, sidesInWords } from "../../demo/watch/js/timeline.js";
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

test("what is looked at is fetched first, then what is nearest to it", () => {
  const runs = [{ epochs: [0, 1, 2, 3] }, { epochs: [0, 2, 4] }];
  assert.deepEqual(nearestFirst(runs, 2), [2, 1, 3, 0, 4]);
});

test("tiles of all runs are listed once, samples first", () => {
  const [pug, beagle, lion] = [{ name: "pug_1" }, { name: "beagle_2" }, { name: "lion", sample: true }];
  const tiles = (list) => list.map((tile) => ({ sample: false, ...tile }));
  const names = allTiles([{ tiles: tiles([pug, lion]) }, { tiles: tiles([beagle, pug]) }]).map(({ name }) => name);
  assert.deepEqual(names, ["lion", "pug_1", "beagle_2"]);
});

test("the hardest photos come first, those that nobody can score last, as they were", () => {
  const scores = { a: 0.5, b: null, c: 0.2, d: null };
  const order = hardestFirst(
    Object.keys(scores).map((name) => ({ name })),
    (name) => scores[name],
  );
  assert.deepEqual(
    order.map(({ name }) => name),
    ["c", "a", "b", "d"],
  );
});

test("a scale has whole steps of 1, 2 or 5, and no more numbers than fit", () => {
  assert.deepEqual(scaleSteps(20, 10), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  assert.deepEqual(scaleSteps(300, 10), [0, 50, 100, 150, 200, 250, 300]);
  assert.deepEqual(scaleSteps(3, 10), [0, 1, 2, 3]);
  assert.deepEqual(scaleSteps(0, 10), [0]);
  for (let last = 0; last < 400; last += 7) assert.ok(scaleSteps(last, 6).length <= 7);
});

test("ticks stand where any run goes on with photos of another side", () => {
  const runs = [
    {
      sides: [
        [1, 64],
        [15, 96],
        [18, 128],
      ],
    },
    {
      sides: [
        [1, 64],
        [15, 128],
      ],
    },
    { sides: [[1, 128]] },
  ];
  assert.deepEqual(sideChanges(runs), [
    [15, [96, 128]],
    [18, [128]],
  ]);
  const said = "in training photos are 96 or 128 pixels wide from epoch 15 on, 128 pixels wide from epoch 18 on";
  assert.equal(sidesInWords(runs), `Dotted: ${said}`);
  assert.equal(sidesInWords([{ sides: [[1, 128]] }]), "");
});

test("an animation has every epoch, or as many as stay small, the first and the last among them", () => {
  assert.deepEqual(frameEpochs(3), [0, 1, 2, 3]);
  assert.deepEqual(frameEpochs(0), [0]);
  const many = frameEpochs(300, 61);
  assert.deepEqual([many.length, many[0], many.at(-1)], [61, 0, 300]);
  assert.ok(many.every((epoch, place) => place === 0 || epoch > many[place - 1]));
});

test("an animation's tiles fill its width", () => {
  for (const [columns, width] of [
    [2, 480],
    [4, 720],
    [7, 960],
  ]) {
    const { side, height } = frameLayout(["a", "b"], columns, width);
    const used = columns * side + (columns - 1) * 4 + 24;
    assert.ok(used <= width && used > width - columns);
    assert.ok(height > 2 * side);
  }
});
