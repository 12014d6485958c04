// What no other test imports runs in a browser alone; that its imports are there can be seen without one.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const DEMO = new URL("../../demo/", import.meta.url);

// what a page, or a worker, has while a module loads
Object.assign(globalThis, { window: globalThis, onmessage: null, Worker: class {} });

const modules = readdirSync(fileURLToPath(DEMO), { recursive: true })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".js"));

for (const name of modules) {
  test(`${name} finds what it imports`, async () => {
    await import(new URL(name, DEMO));
  });
}

test("there are modules to see", () => {
  assert.ok(modules.includes("watch/js/watch.js"));
});
