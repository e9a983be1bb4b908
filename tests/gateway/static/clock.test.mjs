import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { ServerClock } = await load("connection/clock.js");

test("nothing is known before the first answer", () => {
  assert.equal(new ServerClock().at(0), null);
});

test("the answer is taken for the middle of the round trip", () => {
  const clock = new ServerClock();
  clock.add(1000, 1200, 50);
  assert.equal(clock.at(1100), 50_000);
  assert.equal(clock.at(2100), 51_000);
});

test("the shortest round trip is trusted, whenever it was", () => {
  const clock = new ServerClock();
  clock.add(0, 400, 100.05);
  clock.add(1000, 1010, 101);
  clock.add(2000, 2300, 102.2);
  assert.equal(clock.at(1005), 101_000);
});

test("a clock that was set makes the older answers void", () => {
  const clock = new ServerClock();
  clock.add(0, 10, 100);
  clock.add(1000, 1200, 7000);
  assert.equal(clock.at(1100), 7_000_000);
});

test("an answer that makes no sense is left out", () => {
  const clock = new ServerClock();
  clock.add(0, 10, undefined);
  clock.add(20, 10, 5);
  assert.equal(clock.at(0), null);
});

test("after a reset nothing is known", () => {
  const clock = new ServerClock();
  clock.add(0, 10, 100);
  clock.reset();
  assert.equal(clock.at(0), null);
});
