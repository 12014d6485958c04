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

test("a file that is too large is not sent, and the app's own words stand alone", async () => {
  let sent = 0;
  const upload = uploading(
    async () => {
      sent += 1;
      throw new Error("HTTP 413: The file is larger than 20 MB: save it smaller, or scale it down.");
    },
    20 * 2 ** 20,
  );
  const smaller = { message: "it is larger than 20 MB, so save it smaller, or scale it down" };
  await assert.rejects(upload({ size: 20 * 2 ** 20 + 1 }), smaller);
  assert.equal(sent, 0);
  await assert.rejects(upload({ size: 20 * 2 ** 20 }), { message: /^The file is larger than 20 MB/ });
  await assert.rejects(uploading(upload, 1500)({ size: 1501 }), { message: /1\.46 kB/ });
});
