// What is asked of an app that may not answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { answering, IN_VAIN, uploading } from "../../demo/js/answers.js";

// How often somebody was told that no answer came, while `act` ran
async function told(act) {
  let count = 0;
  globalThis.document = new EventTarget();
  globalThis.document.addEventListener(IN_VAIN, () => (count += 1));
  await act();
  return count;
}

test("an answer is handed on as it is, nothing among them", async () => {
  const server = answering({ look: async (name) => ({ name }), none: async () => null });
  const count = await told(async () => {
    assert.deepEqual(await server.look("pug_2"), { name: "pug_2" });
    assert.equal(await server.none(), null);
  });
  assert.equal(count, 0);
});

test("no answer is an error, and is told", async () => {
  const server = answering({ look: async () => undefined });
  const count = await told(() => assert.rejects(server.look("pug_2"), /Borderline does not answer/));
  assert.equal(count, 1);
});

test("of an upload only what nobody answers is said in other words", async () => {
  const fails = (words) =>
    uploading(async () => {
      throw new Error(words);
    });
  assert.equal(await uploading(async (file) => file)("a.jpg"), "a.jpg");
  const count = await told(async () => {
    await assert.rejects(fails("Connection errored out. Failed to fetch")("a.jpg"), /Borderline does not answer/);
    await assert.rejects(fails("File is larger than 5 MB")("a.jpg"), /larger than 5 MB/);
  });
  assert.equal(count, 1);
});
