import assert from "node:assert/strict";
import { test } from "node:test";

import { confusionRows, drawConfusion } from "../../demo/compare/js/confusion.js";
import { drawScores, scoreRows } from "../../demo/compare/js/scores_file.js";
import { csv, forFile } from "../../demo/figures/js/save.js";

const widthOf = (told) => 7 * told.length;
const none = { difference: null, difference_low: null, difference_high: null };

const scores = {
  title: "Scores after epoch 8",
  reading: "lines: 95 % intervals",
  low: 20,
  high: 80,
  ticks: [40, 60],
  article: { at: 70, text: "article: 70.00 %" },
  losses: [
    { name: "Cross-entropy", full: "Cross-entropy, seed 0", colour: "#0072b2", symbol: "circle" },
    { name: "R&D <focal>", full: "R&D <focal>, seed 0", colour: "#009e73", symbol: "diamond" },
  ],
  compared: 0,
  scores: [
    {
      title: "Recall",
      words: "found",
      article: false,
      marks: [
        { mean: 50, low: 45, high: 55, ...none },
        { mean: 41.84, low: 40, high: 43, difference: -8.16, difference_low: -9, difference_high: -7 },
      ],
    },
    {
      title: "Pixel accuracy",
      words: "all",
      article: true,
      marks: [
        { mean: null, low: null, high: null, ...none },
        { mean: 66.6, low: null, high: null, ...none },
      ],
    },
  ],
};

test("the scores' rows have interval and difference, and empty cells where there is none", () => {
  assert.deepEqual(scoreRows(scores).slice(0, 3), [
    [
      "Loss",
      "Score",
      "Mean, %",
      "Mean: low",
      "Mean: high",
      "Difference, points",
      "Difference: low",
      "Difference: high",
    ],
    ["Cross-entropy, seed 0", "Recall", 50, 45, 55, null, null, null],
    ["R&D <focal>, seed 0", "Recall", 41.84, 40, 43, -8.16, -9, -7],
  ]);
  assert.equal(csv(scoreRows(scores)).split("\n")[3], '"Cross-entropy, seed 0",Pixel accuracy,,,,,,');
  assert.equal(scoreRows({ ...scores, compared: null })[0].length, 5);
});

// Where each text begins, by what it says
function texts(svg) {
  const found = svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<\/text>/g);
  return new Map([...found].map(([, x, y, told]) => [told, { x: Number(x), y: Number(y) }]));
}

test("the scores' picture holds names, numbers and differences, on one scale", () => {
  const svg = drawScores(scores, widthOf);
  const told = texts(svg);
  for (const each of ["Scores after epoch 8", "Recall", "50.0", "41.8", "66.6", "−8.2", "–", "Cross-entropy"]) {
    assert.ok(told.has(each), each);
  }
  assert.ok(told.has("R&amp;D &lt;focal&gt;"));
  // the mark of 50 % is half the way between the ticks of 40 and 60 %
  const middle = (told.get("40 %").x + told.get("60 %").x) / 2;
  const marks = [...svg.matchAll(/<g transform="translate\(([\d.]+) [\d.]+\)"><path/g)].map(([, x]) => Number(x) + 6);
  assert.ok(marks.some((x) => Math.abs(x - middle) < 0.1));
  // and its whisker as wide as a half of that
  const wide = [...svg.matchAll(/x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="\2" stroke="#0072b2"/g)];
  assert.equal(wide.length, 1);
  const step = told.get("60 %").x - told.get("40 %").x;
  assert.ok(Math.abs(Number(wide[0][3]) - Number(wide[0][1]) - step / 2) < 0.1);
});

test("a loss alone has no differences in its picture", () => {
  assert.ok(!drawScores({ ...scores, compared: null }, widthOf).includes("−8.2"));
});

const confusion = {
  title: "What became of each class",
  reading: "Each row sums to 100 %",
  classes: ["pet", "background", "border"],
  losses: [
    {
      name: "Focal loss, seed 0",
      shares: [
        [82.5, 13, 4.5],
        [4, 93.7, 2.3],
        [null, null, null],
      ],
    },
  ],
};

test("what became of each class is a row a class and what it was taken for", () => {
  const rows = confusionRows(confusion);
  assert.equal(rows.length, 1 + 9);
  assert.deepEqual(rows[2], ["Focal loss, seed 0", "pet", "background", 13]);
  const told = texts(drawConfusion(confusion));
  for (const each of ["82.5 %", "13.0 %", "–", "Focal loss, seed 0", "border"]) assert.ok(told.has(each), each);
});

test("pictures are whole by themselves: on white, and nothing from elsewhere", () => {
  for (const svg of [drawScores(scores, widthOf), drawConfusion(confusion)]) {
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d+" height="\d+"/);
    assert.match(svg, /<rect width="\d+" height="\d+" fill="#ffffff"\/>/);
    assert.doesNotMatch(svg, /var\(|class=|style=|href|NaN|undefined/);
  }
});

test("a figure's file is on white, and has a legend of its data alone", () => {
  const data = [{ name: "equal F1", hoverinfo: "skip" }, { name: "focal loss" }, { meta: { left_out: true } }];
  const { data: traces, layout } = forFile(data, { height: 340, paper_bgcolor: "rgba(0,0,0,0)" }, { legend: true });
  assert.deepEqual(
    traces.map(({ showlegend }) => showlegend),
    [false, true, false],
  );
  assert.equal(layout.paper_bgcolor, "#ffffff");
  assert.equal(layout.height, 340);
  assert.equal(layout.showlegend, true);
});
