import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, stepped } from "../../demo/segment/js/slider.js";
import { randomNumbers } from "./random.js";

test("a high picture leaves room at both sides of its frame", () => {
  const frame = { x: 10, width: 400, height: 300 };
  assert.deepEqual(fitted(frame, { width: 200, height: 600 }), { start: 160, width: 100 });
});

test("a wide picture fills its frame's width", () => {
  const frame = { x: 10, width: 400, height: 300 };
  assert.deepEqual(fitted(frame, { width: 1000, height: 100 }), { start: 10, width: 400 });
});

test("a step is a share of the picture's width, and ends at its edge", () => {
  const place = { start: 100, width: 200 };
  assert.equal(stepped(150, 0.05, place), 160);
  assert.equal(stepped(150, -0.05, place), 140);
  assert.equal(stepped(105, -0.05, place), 100);
  assert.equal(stepped(295, 0.05, place), 300);
  assert.equal(stepped(150, -1, place), 100);
  assert.equal(stepped(150, 1, place), 300);
});

test("of any frame the picture lies in the middle, in its own proportions", () => {
  const random = randomNumbers(9);
  for (let round = 0; round < 200; round++) {
    const frame = { x: random(500), width: 1 + random(900), height: 1 + random(900) };
    const natural = { width: 1 + random(4000), height: 1 + random(4000) };
    const { start, width } = fitted(frame, natural);
    const height = (width * natural.height) / natural.width;
    assert.ok(width <= frame.width + 1e-9 && height <= frame.height + 1e-9);
    assert.ok(Math.abs(width - frame.width) < 1e-9 || Math.abs(height - frame.height) < 1e-9);
    assert.ok(Math.abs(start - frame.x - (frame.x + frame.width - start - width)) < 1e-6);
  }
});
