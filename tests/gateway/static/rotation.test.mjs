import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Rotation } = await load("grid/rotation.js");
const THREE = ["front", "garden", "yard"];

test("each camera is shown for its time, in order, and again from the first", () => {
  const rotation = new Rotation();
  const shown = [0, 4, 9.9, 10, 19, 20.1, 30.2, 41].map((seconds) => rotation.at(THREE, 10, seconds * 1000).shown);
  assert.deepEqual(shown, ["front", "front", "front", "garden", "garden", "yard", "front", "garden"]);
});

test("the next one is made ready shortly before", () => {
  const rotation = new Rotation();
  const next = [0, 7, 7.6, 9.9, 10].map((seconds) => rotation.at(THREE, 10, seconds * 1000).next);
  assert.deepEqual(next, [null, null, "garden", "garden", null]);
});

test("one camera alone stays, and none is no mistake", () => {
  const rotation = new Rotation();
  for (const now of [0, 9000, 12_000]) assert.deepEqual(rotation.at(["front"], 10, now), { shown: "front", next: null });
  assert.deepEqual(rotation.at([], 10, 13_000), { shown: null, next: null });
});

test("a camera that is gone gives its place to the first", () => {
  const rotation = new Rotation();
  rotation.at(THREE, 10, 0);
  assert.equal(rotation.at(THREE, 10, 10_000).shown, "garden");
  assert.equal(rotation.at(["front", "yard"], 10, 11_000).shown, "front");
});

test("a page that slept shows the next camera, and for its whole time", () => {
  const rotation = new Rotation();
  rotation.at(THREE, 10, 0);
  assert.equal(rotation.at(THREE, 10, 3_600_000).shown, "garden");
  assert.equal(rotation.at(THREE, 10, 3_609_000).shown, "garden");
});

test("a camera that fills the window stays, and then has its whole time", () => {
  const rotation = new Rotation();
  rotation.at(THREE, 10, 0);
  for (const now of [1000, 9000, 60_000]) assert.deepEqual(rotation.at(THREE, 10, now, "garden"), { shown: "garden", next: null });
  assert.equal(rotation.at(THREE, 10, 69_000).shown, "garden");
  assert.equal(rotation.at(THREE, 10, 70_000).shown, "yard");
});
