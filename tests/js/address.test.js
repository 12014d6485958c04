import assert from "node:assert/strict";
import { test } from "node:test";

import { addressWith } from "../../demo/js/address.js";
import { randomNumbers } from "./random.js";

const PAGE = "https://example.org/pets/";

test("what is chosen is added, a list as one value", () => {
  assert.equal(
    addressWith(PAGE, { tab: "scrub", runs: ["ce-s0", "focal-s0"], epoch: 3 }),
    `${PAGE}?tab=scrub&runs=ce-s0%2Cfocal-s0&epoch=3`,
  );
});

test("what was said before is said anew, all else stays", () => {
  assert.equal(
    addressWith(`${PAGE}?__theme=dark&tab=scrub&epoch=3#below`, { epoch: 4 }),
    `${PAGE}?__theme=dark&tab=scrub&epoch=4#below`,
  );
});

test("nothing drops a key; zero is something", () => {
  const said = `${PAGE}?tab=scrub&runs=ce-s0&score=border_recall&epoch=3`;
  assert.equal(addressWith(said, { runs: [], score: null, epoch: undefined }), `${PAGE}?tab=scrub`);
  assert.equal(addressWith(said, { tab: "", runs: [], score: "", epoch: 0 }), `${PAGE}?epoch=0`);
});

test("any names come back as they were, however odd", () => {
  const random = randomNumbers(8);
  const letters = "aZ0 -_.~%&=?#+/\\'\"äß漢🐶";
  const word = () => Array.from({ length: 1 + random(6) }, () => [...letters][random([...letters].length)]).join("");
  for (let round = 0; round < 300; round++) {
    const changes = { tab: word(), runs: [word(), word()], score: word() };
    const address = addressWith(addressWith(PAGE, { tab: word(), epoch: 7 }), changes);
    const read = new URL(address).searchParams;
    assert.equal(read.get("tab"), changes.tab);
    assert.equal(read.get("runs"), changes.runs.join(","));
    assert.equal(read.get("score"), changes.score);
    assert.equal(read.get("epoch"), "7");
    assert.equal([...read].length, 4);
  }
});
