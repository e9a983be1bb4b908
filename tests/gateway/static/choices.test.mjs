import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Choices } = await load("grid/choices.js");
const CAMERAS = ["front", "garden", "yard", "hall"];

test("without a choice, everything is as the server has it", () => {
  for (const text of [null, "", "{", "null", "7", "[]", '"front"', '{"order":7,"hidden":{},"layout":"none","seconds":0}']) {
    const choices = Choices.parse(text);
    assert.deepEqual(choices.sorted(CAMERAS), CAMERAS);
    assert.equal(CAMERAS.some((camera) => choices.isHidden(camera)), false);
    assert.deepEqual([choices.layout, choices.large, choices.seconds, choices.timestamps], ["all", null, 10, false]);
  }
});

test("what was chosen is read again", () => {
  const choices = Choices.parse(null);
  choices.move(CAMERAS, "hall", 0);
  choices.hide("garden", true);
  Object.assign(choices, { layout: "rotation", large: "yard", seconds: 30, timestamps: true });
  const again = Choices.parse(String(choices));
  assert.deepEqual(again.sorted(CAMERAS), ["hall", "front", "garden", "yard"]);
  assert.equal(again.isHidden("garden"), true);
  assert.deepEqual([again.layout, again.large, again.seconds, again.timestamps], ["rotation", "yard", 30, true]);
});

test("a camera moves to its place, and not beyond the ends", () => {
  const choices = Choices.parse(null);
  choices.move(CAMERAS, "front", 2);
  assert.deepEqual(choices.sorted(CAMERAS), ["garden", "yard", "front", "hall"]);
  choices.move(CAMERAS, "front", 99);
  assert.deepEqual(choices.sorted(CAMERAS), ["garden", "yard", "hall", "front"]);
  choices.move(CAMERAS, "hall", -1);
  assert.deepEqual(choices.sorted(CAMERAS), ["hall", "garden", "yard", "front"]);
});

test("a new camera comes last, and one that is back has its old place", () => {
  const choices = Choices.parse(null);
  choices.move(CAMERAS, "hall", 0);
  assert.deepEqual(choices.sorted(["front", "porch", "yard"]), ["front", "yard", "porch"]);
  choices.move(["front", "porch", "yard"], "porch", 0);
  assert.deepEqual(choices.sorted([...CAMERAS, "porch"]), ["porch", "front", "yard", "hall", "garden"]);
});

test("cameras that are hidden are left out, but for the one that is shown all the same", () => {
  const choices = Choices.parse(null);
  choices.move(CAMERAS, "hall", 0);
  choices.hide("garden", true);
  choices.hide("yard", true);
  const cameras = CAMERAS.map((name) => ({ name, title: `The ${name}` }));
  const names = (kept) => choices.shown(cameras, kept).map(({ name }) => name);
  assert.deepEqual(names(null), ["hall", "front"]);
  assert.deepEqual(names("yard"), ["hall", "front", "yard"]);
  assert.equal(choices.shown(cameras, null)[0].title, "The hall");
  assert.deepEqual(choices.shown([], "front"), []);
});

test("a reset shows all, in the server's order", () => {
  const choices = Choices.parse(null);
  choices.move(CAMERAS, "hall", 0);
  choices.hide("front", true);
  choices.reset();
  assert.deepEqual(choices.sorted(CAMERAS), CAMERAS);
  assert.equal(choices.isHidden("front"), false);
});

test("names that are none, and too many, are not kept", () => {
  const order = ["../..", "<b>", 5, null, "front", "front", ...Array.from({ length: 600 }, (_, at) => `c${at}`)];
  const kept = JSON.parse(String(Choices.parse(JSON.stringify({ order, hidden: ["Front"] }))));
  assert.deepEqual(kept.order.slice(0, 2), ["front", "c0"]);
  assert.equal(kept.order.length, 500);
  assert.deepEqual(kept.hidden, []);
});
