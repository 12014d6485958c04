import assert from "node:assert/strict";
import { test } from "node:test";

import { stepped } from "../../demo/segment/js/strip.js";

test("arrow keys lead to the next photo and stop at the ends", () => {
  assert.equal(stepped("ArrowRight", 1, 4), 2);
  assert.equal(stepped("ArrowRight", 3, 4), 3);
  assert.equal(stepped("ArrowLeft", 0, 4), 0);
  assert.equal(stepped("Home", 2, 4), 0);
  assert.equal(stepped("End", 0, 4), 3);
  assert.equal(stepped("a", 0, 4), null);
});
