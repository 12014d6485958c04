import assert from "node:assert/strict";
import { test } from "node:test";

import { createStore } from "../../demo/watch/js/store.js";

// A store over pictures of `size` bytes; `read` and `decoded` list what it has fetched and decoded
function storeOf({ limit = 30, size = 10, fails = new Set() } = {}) {
  const [read, decoded] = [[], []];
  const store = createStore({
    read: async (url) => {
      read.push(url);
      if (fails.has(url)) throw new Error("HTTP 404");
      return url;
    },
    decode: async (bytes) => {
      decoded.push(bytes);
      return { quarters: new Uint8Array(size), of: bytes };
    },
    limit,
  });
  return { store, read, decoded };
}

test("a picture is fetched and decoded once, however often it is wanted at once", async () => {
  const { store, read, decoded } = storeOf();
  assert.equal(store.ready("a"), null);
  const both = await Promise.all([store.want("a"), store.want("a")]);
  assert.equal(both[0], both[1]);
  assert.equal(store.ready("a").of, "a");
  assert.deepEqual([read, decoded], [["a"], ["a"]]);
});

test("of the decoded ones those longest unused go, and come back without a request", async () => {
  const { store, read, decoded } = storeOf({ limit: 30 });
  for (const url of ["a", "b", "c"]) await store.want(url);
  store.ready("a"); // looked at again
  await store.want("d");
  assert.equal(store.ready("b"), null);
  assert.equal(store.ready("a").of, "a");
  assert.ok(store.held() <= 30);
  await store.want("b");
  assert.deepEqual(read, ["a", "b", "c", "d"]);
  assert.deepEqual(decoded, ["a", "b", "c", "d", "b"]);
});

test("nine hundred pictures never hold more than the limit", async () => {
  const { store } = storeOf({ limit: 100 });
  for (let number = 0; number < 900; number++) {
    await store.want(`${number}`);
    assert.ok(store.held() <= 100);
  }
});

test("a picture larger than the limit is shown all the same", async () => {
  const { store } = storeOf({ limit: 5, size: 10 });
  assert.equal((await store.want("a")).of, "a");
  assert.equal(store.ready("a").of, "a");
});

test("fetching ahead goes in order, decodes nothing, counts what is lost and goes on", async () => {
  const { store, read, decoded } = storeOf({ fails: new Set(["b"]) });
  assert.equal(await store.fetchAhead(["a", "b", "c"]), 1);
  assert.deepEqual(read, ["a", "b", "c"]);
  assert.deepEqual(decoded, []);
  await assert.rejects(store.want("b"));
  assert.deepEqual(read, ["a", "b", "c", "b"]); // it is tried again
});

test("another errand ends the one before", async () => {
  const { store, read } = storeOf();
  const many = Array.from({ length: 50 }, (_, number) => `old ${number}`);
  const first = store.fetchAhead(many);
  await store.fetchAhead(["new"]);
  await first;
  assert.ok(read.includes("new"));
  assert.ok(read.length < 20);
});

test("what no chosen run shows is forgotten", async () => {
  const { store, read } = storeOf();
  await store.want("a");
  await store.want("b");
  store.keepOnly(new Set(["b"]));
  assert.equal(store.ready("a"), null);
  assert.equal(store.held(), 10);
  await store.want("a");
  assert.deepEqual(read, ["a", "b", "a"]);
});
