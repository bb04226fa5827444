import assert from "node:assert/strict";
import { test } from "node:test";

import { isRepeat, missed, placeAfter, readPlace } from "../src/place.ts";

const place = { epoch: "e", seq: 5 };

test("a place is read out of a message, or there is none", () => {
  assert.deepEqual(readPlace({ epoch: "e", seq: 5 }), place);
  for (const said of [{}, { seq: 5 }, { epoch: "e" }, { epoch: 1, seq: 5 }, { epoch: "e", seq: 1.5 }]) {
    assert.equal(readPlace(said), null);
  }
});

test("what is not beyond the place is a repeat, in the same journal only", () => {
  assert.equal(isRepeat(place, { epoch: "e", seq: 5 }), true);
  assert.equal(isRepeat(place, { epoch: "e", seq: 6 }), false);
  assert.equal(isRepeat(place, { epoch: "f", seq: 1 }), false);
  assert.equal(isRepeat(null, { epoch: "e", seq: 1 }), false);
});

test("the place moves to where the line begins, but not ahead of what is still to come", () => {
  assert.deepEqual(placeAfter(place, { epoch: "e", seq: 9, recovered: true }), place);
  assert.deepEqual(placeAfter(place, { epoch: "e", seq: 9, recovered: false }), {
    epoch: "e",
    seq: 9,
  });
  assert.deepEqual(placeAfter(place, { epoch: "f", seq: 2, recovered: false }), {
    epoch: "f",
    seq: 2,
  });
  assert.deepEqual(placeAfter(null, { epoch: "e", seq: 5, recovered: null }), place);
  assert.deepEqual(placeAfter(place, { epoch: "e", seq: 3, recovered: null }), place);
});

test("what was missed is counted where it can be known", () => {
  assert.equal(missed(place, { epoch: "e", seq: 5, recovered: true }), 0);
  assert.equal(missed(place, { epoch: "e", seq: 9, recovered: false }), 4);
  assert.equal(missed(place, { epoch: "f", seq: 9, recovered: false }), null);
  assert.equal(missed(place, { epoch: "e", seq: 2, recovered: false }), null);
});
