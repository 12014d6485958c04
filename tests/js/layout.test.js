import assert from "node:assert/strict";
import { test } from "node:test";

import { allTiles, arrange, corner, referenceHead } from "../../demo/scrub/js/layout.js";
import { randomNumbers } from "./random.js";

const PHOTO = { photo: true, truth: false };
const tilesOf = (count, fields = {}) =>
  Array.from({ length: count }, (_, index) => ({ name: `tile-${index}`, photo: true, truth: false, ...fields }));
const runsOf = (count, tile = 128) => Array.from({ length: count }, (_, index) => ({ title: `run-${index}`, tile }));

test("a wide page has several groups beside each other", () => {
  // four columns of at least 96 and three gaps of 4 are 396, two such groups and 14 between them 806, three 1216;
  // 1000 - 14 - 6 gaps leave 962 for 8 tiles
  const [section] = arrange(tilesOf(5), runsOf(3), PHOTO, 1000);
  assert.equal(section.groups, 2);
  assert.equal(section.side, 120);
  assert.equal(section.groupWidth, 4 * 120 + 3 * 4);
  assert.deepEqual(section.heads, ["photo", "run-0", "run-1", "run-2"]);
  // a heading of 20, three rows of 120 and 4 below each, and 4 more
  assert.equal(section.height, 20 + 3 * 124 + 4);
});

test("a narrow page has one group, as small as it must be", () => {
  const [section] = arrange(tilesOf(2), runsOf(3), PHOTO, 200);
  assert.equal(section.groups, 1);
  assert.equal(section.side, 47); // (200 - 3 gaps of 4) / 4
});

test("a tile is never larger than it is stored", () => {
  const [section] = arrange(tilesOf(1), runsOf(1, 128), { photo: false }, 180);
  assert.equal(section.groups, 1);
  assert.equal(section.side, 128);
});

test("of runs that differ the largest tile counts, and 96 where all are smaller", () => {
  const sideOf = (runs) => arrange(tilesOf(1), runs, {}, 10_000)[0].side;
  assert.equal(sideOf([...runsOf(1, 8), ...runsOf(1, 16)]), 96);
  const [narrow] = arrange(tilesOf(1), [...runsOf(1, 100), ...runsOf(1, 160)], {}, 324);
  assert.equal(narrow.side, 160);
});

test("tiles with a photo and tiles without stand below each other", () => {
  const tiles = [...tilesOf(3), ...tilesOf(2, { photo: false }), ...tilesOf(1)];
  const sections = arrange(tiles, runsOf(1), PHOTO, 430);
  assert.deepEqual(
    sections.map(({ head, heads, tiles: members }) => [head, heads, members.length]),
    [
      ["photo", ["photo", "run-0"], 4],
      [null, ["run-0"], 2],
    ],
  );
  assert.equal(sections[0].top, 0);
  assert.equal(sections[1].top, sections[0].height);
});

test("no tiles, no sections", () => {
  assert.deepEqual(arrange([], runsOf(2), PHOTO, 1000), []);
});

// every rectangle that is drawn: a tile's columns in each section
function rectangles(sections) {
  return sections.flatMap((section) =>
    section.tiles.flatMap((tile, index) => {
      const { x, y } = corner(section, index);
      return section.heads.map((_, column) => ({ x: x + column * (section.side + 4), y, side: section.side }));
    }),
  );
}

test("of any page's width as many groups fit as can, tiles are as large as can be, and none covers another", () => {
  const random = randomNumbers(2);
  for (let round = 0; round < 150; round++) {
    const runs = runsOf(1 + random(4), [32, 128, 192][random(3)]);
    const kinds = [{}, { photo: false }, { truth: true }];
    const tiles = kinds.flatMap((fields) => tilesOf(random(8), fields));
    const width = 250 + random(1800);
    const sections = arrange(tiles, runs, { photo: true, truth: true }, width);
    const label = `${runs.length} runs of ${runs[0].tile}, ${tiles.length} tiles, ${width} wide`;
    let top = 0;
    for (const section of sections) {
      const columns = section.heads.length;
      const taken = (groups, side) => groups * (columns * side + (columns - 1) * 4) + (groups - 1) * 14;
      let groups = 1;
      while (taken(groups + 1, 96) <= width) groups += 1;
      let side = 1;
      while (side < Math.max(96, runs[0].tile) && taken(groups, side + 1) <= width) side += 1;
      assert.equal(section.groups, groups, label);
      assert.equal(section.side, side, label);
      assert.equal(section.top, top, label);
      top += section.height;
    }
    const drawn = rectangles(sections);
    for (const [index, one] of drawn.entries()) {
      assert.ok(one.x >= 0 && one.x + one.side <= width && one.y >= 20 && one.y + one.side <= top, label);
      for (const other of drawn.slice(index + 1)) {
        const apart =
          Math.abs(one.x - other.x) >= Math.max(one.side, other.side) || Math.abs(one.y - other.y) >= one.side;
        assert.ok(apart, label);
      }
    }
  }
});

test("a tile begins at its group's left upper corner, below the heading", () => {
  const section = { groups: 3, groupWidth: 200, side: 60, top: 100 };
  const corners = [0, 2, 3, 7].map((index) => corner(section, index));
  assert.deepEqual(corners, [
    { x: 0, y: 120 },
    { x: 428, y: 120 },
    { x: 0, y: 184 },
    { x: 214, y: 248 },
  ]);
});

test("before the runs stands the truth where it is shown and there, else the photo", () => {
  const heads = [];
  for (const photo of [false, true]) {
    for (const truth of [false, true]) {
      for (const tile of [{}, { photo: true }, { truth: true }, { photo: true, truth: true }]) {
        heads.push(referenceHead(tile, { photo, truth }));
      }
    }
  }
  assert.deepEqual(heads, [
    ...[null, null, null, null], // neither is shown
    ...[null, null, "truth", "truth"], // the truth
    ...[null, "photo", null, "photo"], // photos
    ...[null, "photo", "truth", "truth"], // both
  ]);
});

function runOf(tiles) {
  const source = { tiles };
  return { places: new Map(tiles.map((tile, index) => [tile.name, { source, index }])) };
}

test("one's own photo comes first, then samples, then the others as the runs have them, each once", () => {
  const own = { name: "your photo", own: true };
  const [cat, dog, pug] = [{ name: "cat", sample: true }, { name: "dog" }, { name: "pug" }];
  const cheetah = { name: "cheetah", sample: true };
  const again = { ...dog };
  const tiles = allTiles([runOf([dog, cat]), runOf([pug, again, cheetah, own])]);
  assert.deepEqual(
    tiles.map(({ name }) => name),
    ["your photo", "cat", "cheetah", "dog", "pug"],
  );
  assert.equal(tiles[3], dog); // the first run's, which has the photo that is shown
});
