import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, fileName, rowsOf } from "../../demo/figures/js/save.js";

const layout = { xaxis: { title: { text: "Epoch" } }, yaxis: { ticksuffix: " %" } };

test("a figure's rows are its points, and lines for the eye are none", () => {
  const data = [
    { name: "band", hoverinfo: "skip", x: [0], y: [9] },
    { name: "focal loss", hoverinfo: "text", x: [0, 1], y: [null, 25.5] },
    { name: "mark", meta: { left_out: true }, x: [3], y: [3] },
  ];
  assert.deepEqual(rowsOf({ title: "Recall", layout, data }), [
    ["", "Epoch", "Recall"],
    ["focal loss", 0, null],
    ["focal loss", 1, 25.5],
  ]);
});

test("intervals and what else a point has are columns", () => {
  const error_y = { array: [2], arrayminus: [1] };
  const meta = { columns: ["Threshold"], name: "focal loss, seed 0" };
  const data = [{ name: "focal loss", meta, x: [40], y: [60], error_y, customdata: [[0.5]] }];
  assert.deepEqual(rowsOf({ title: "Recall", layout, data }), [
    ["", "Epoch", "Recall", "Recall: low", "Recall: high", "Threshold"],
    ["focal loss, seed 0", 40, 60, 59, 62, 0.5],
  ]);
});

test("a cell with a comma or a quote stays one, and none is a formula", () => {
  assert.equal(csv([["a, b", 'c "d"', "=1+1", -2.5, null]]), '"a, b","c ""d""",\'=1+1,-2.5,\n');
});

test("a number stays a number, also where it is written out, and a name that begins as one does not", () => {
  assert.equal(
    csv([["-2.5", "+1e-3", "-1+1", "-cat", "\t=1", "@SUM(A1)"]]),
    "-2.5,+1e-3,'-1+1,'-cat,'\t=1,'@SUM(A1)\n",
  );
});

test("a text says that it is UTF-8 where it is not ASCII, and only there", () => {
  assert.equal(csv([["Katzen", 1]]), "Katzen,1\n");
  assert.equal(csv([["Kätzchen", 1]]), "\ufeffKätzchen,1\n");
});

test("a name of several lines stays one cell", () => {
  assert.equal(csv([["a\rb", "c\nd"]]), '"a\rb","c\nd"\n');
});

test("a file is named after its figure", () => {
  assert.equal(fileName("Border F1 by epoch"), "borderline-border-f1-by-epoch");
});
