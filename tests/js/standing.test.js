// What was asked is looked after: its place is said, and what was lost is fetched.

import assert from "node:assert/strict";
import { test } from "node:test";

import { watchStanding } from "../../demo/selection/js/standing.js";

// A watch over these answers, looked at again by hand
function watched(answers) {
  const did = [];
  let next = null;
  const watch = watchStanding({
    ask: async () => {
      if (answers[0] instanceof Error) throw answers.shift();
      return answers.shift();
    },
    fetch: () => did.push("fetch"),
    say: (before) => did.push(before),
    wait: (look) => (next = look),
  });
  const look = async () => {
    const now = next;
    next = null;
    await now?.();
  };
  return { watch, did, look, waits: () => next !== null };
}

test("the place is said as long as it is waited for", async () => {
  const { watch, did, look, waits } = watched([
    { before: 3, lost: false },
    { before: 1, lost: false },
    { before: 0, lost: false },
    { before: null, lost: false },
  ]);
  watch.asked();
  for (let times = 0; times < 4; times += 1) await look();
  assert.deepEqual(did, [3, 1]);
  assert.equal(waits(), false);
});

test("what is lost twice is fetched, what is lost once may be on its way", async () => {
  const lost = { before: null, lost: true };
  const { watch, did, look, waits } = watched([
    lost,
    { before: 0, lost: false },
    lost,
    lost,
    { before: null, lost: false },
  ]);
  watch.asked();
  for (let times = 0; times < 3; times += 1) await look();
  assert.deepEqual(did, []);
  await look();
  assert.deepEqual(did, ["fetch"]);
  await look();
  assert.equal(waits(), false);
});

test("a newer question takes the older one's place, and where nobody answers it ends", async () => {
  const { watch, did, look, waits } = watched([new Error("nobody answers")]);
  watch.asked();
  watch.asked();
  await look();
  assert.deepEqual(did, []);
  assert.equal(waits(), false);
});
