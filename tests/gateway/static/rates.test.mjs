import assert from "node:assert";
import { test } from "node:test";
import { load } from "./load.mjs";

const { rateFor, isOffered, isSameRate } = await load("settings/rates.js");

test("the wanted rate, else the highest below it, else the lowest", () => {
  assert.equal(rateFor([60, 30, 15], 30), 30);
  assert.equal(rateFor([60, 15], 30), 15);
  assert.equal(rateFor([60, 50], 30), 50);
  assert.equal(rateFor([29.97], 30), 29.97);
  assert.equal(rateFor([30.001, 10], 30), 30.001);
});

test("a rate is offered but for what rounding changes", () => {
  assert.ok(isOffered([29.97, 15], 29.97));
  assert.ok(isOffered([30.001], 30));
  assert.ok(!isOffered([29.97, 15], 30));
  assert.ok(!isOffered([], 30));
});

test("a rate that is written another way has not changed", () => {
  assert.ok(isSameRate(30000 / 1001, 29.97));
  assert.ok(!isSameRate(29.97, 30));
});
