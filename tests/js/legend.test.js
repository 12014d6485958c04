import assert from "node:assert/strict";
import { test } from "node:test";

import { legendShape, SHAPES } from "../../demo/figures/js/legend.js";

test("a shape is filled with its colour", () => {
  const svg = legendShape("square", "#D55E00");
  assert.match(svg, /<path d="M1\.5 1\.5h9v9h-9Z" fill="#D55E00"\/>/);
  assert.doesNotMatch(svg, /stroke/);
});

test("an open shape is the same one, drawn by its outline", () => {
  const svg = legendShape("triangle-up-open", "#009E73");
  assert.ok(svg.includes(`d="${SHAPES["triangle-up"]}"`));
  assert.match(svg, /fill="none" stroke="#009E73"/);
});

test("a marker without a shape is a circle", () => {
  assert.equal(legendShape("hexagram", "#888888"), legendShape("circle", "#888888"));
});

test("every shape is a closed path, and none like another", () => {
  for (const path of Object.values(SHAPES)) assert.match(path, /^M[-\d .hvaHVZ]+Z$/);
  assert.equal(new Set(Object.values(SHAPES)).size, Object.keys(SHAPES).length);
});
