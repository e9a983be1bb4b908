import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { keyAction, keyHelp } = await load("timeline/keys.js");
const { default: words } = await load("words/en.js");
const pressed = (key, more = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, ...more });

test("keys of the page work everywhere, also in capitals", () => {
  assert.equal(keyAction(pressed("."), false), "stepOn");
  assert.equal(keyAction(pressed("L"), false), "live");
  assert.equal(keyAction(pressed("l"), true), "live");
});

test("keys that others need belong to the time line only while it has the focus", () => {
  for (const key of ["ArrowLeft", " ", "+", "Escape", "Home"]) assert.equal(keyAction(pressed(key), false), null);
  assert.equal(keyAction(pressed("ArrowLeft"), true), "stepBack");
  assert.equal(keyAction(pressed(" "), true), "play");
});

test("the browser's own shortcuts stay its own", () => {
  for (const held of ["ctrlKey", "altKey", "metaKey"]) assert.equal(keyAction(pressed("l", { [held]: true }), true), null);
  for (const key of ["f", "constructor", "Tab", "F5"]) assert.equal(keyAction(pressed(key), true), null);
});

test("the help names every action once, with a text", () => {
  for (const onTrack of [false, true]) {
    const help = keyHelp(onTrack);
    assert.equal(new Set(help.map(({ action }) => action)).size, help.length);
    for (const { action, keys } of help) {
      assert.ok(keys.length > 0);
      assert.ok(words[`timeline.key.${action}`], action);
    }
    assert.deepEqual(help.find(({ action }) => action === "stepBack"), { action: "stepBack", keys: onTrack ? ["←"] : [","] });
  }
});
