import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const model = await load("controls/control-model.js");
const control = (changes) => ({ name: "x", type: "int", value: 0, default: 0, min: 0, max: 100, ...changes });

test("each type has its widget", () => {
  const widgets = [
    [{}, "slider"],
    [{ type: "bool" }, "switch"],
    [{ type: "menu", menu: { 1: "a", 3: "b" } }, "menu"],
    [{ type: "menu", menu: {} }, "value"],
    [{ type: "menu", menu: undefined }, "value"],
    [{ type: "text" }, "text"],
    [{ type: "list", length: 2 }, "list"],
    [{ read_only: true }, "value"],
    [{ min: 5, max: 5 }, "value"],
    [{ min: 5, max: 4 }, "number"],
    [{ min: undefined }, "number"],
    [{ max: undefined }, "number"],
    [{ min: undefined, max: undefined, type: "float" }, "number"],
    [{ min: -1e300, max: 1e300, type: "float" }, "slider"],
  ];
  for (const [changes, widget] of widgets) assert.equal(model.widgetOf(control(changes)), widget, JSON.stringify(changes));
});

test("every position of every slider is a number that the camera takes, in rising order", () => {
  const odd = [
    {},
    { min: -64, max: 64 },
    { min: 0, max: 95, step: 5 },
    { min: 1, max: 8, step: 5 },
    { min: 0, max: 1 },
    { min: 0, max: 100, step: 0 },
    { min: 0, max: 10, step: 1000 },
    { min: 1, max: 66_666 },
    { min: 0, max: 1e9 },
    { min: -1e9, max: 1e9 },
    { min: -(2 ** 63), max: 2 ** 63 - 1 },
    { type: "float", min: -1, max: 1 },
    { type: "float", min: 0.1, max: 0.7, step: 0.25 },
    { type: "float", min: 0, max: 1e-5 },
    { type: "float", min: 1, max: 16, step: 1e-7 },
  ];
  for (const changes of odd) {
    const each = control(changes);
    const { min, max } = model.boundsOf(each);
    const positions = model.positionsOf(each);
    assert.ok(positions >= 1 && positions <= 1000, JSON.stringify(changes));
    let before = -Infinity;
    for (let position = 0; position <= positions; position += 1) {
      const number = model.numberAt(each, position);
      assert.ok(number >= min && number <= max && number >= before, `${number} of ${JSON.stringify(changes)}`);
      if (each.type === "int") assert.ok(Number.isSafeInteger(number), String(number));
      before = number;
    }
    assert.deepEqual([model.numberAt(each, 0), model.numberAt(each, positions)], [min, max]);
    assert.deepEqual([model.positionOf(each, min), model.positionOf(each, max)], [0, positions]);
  }
});

test("a slider of few steps has each of them, and finds it again", () => {
  const each = control({ min: 0, max: 95, step: 5 });
  assert.equal(model.positionsOf(each), 19);
  for (let number = 0; number <= 95; number += 5) assert.equal(model.numberAt(each, model.positionOf(each, number)), number);
});

test("a large range of positive numbers is logarithmic", () => {
  const exposure = control({ min: 1, max: 1_000_000 });
  const middle = model.numberAt(exposure, 500);
  assert.ok(middle > 500 && middle < 2000, String(middle));
});

test("numbers are rounded to the step, from the least on, without binary noise", () => {
  const rounded = (changes, number) => model.rounded(control(changes), number);
  assert.equal(rounded({ min: 1, max: 10, step: 4 }, 6.9), 5);
  assert.equal(rounded({ min: 0, max: 10, step: 4 }, 99), 10);
  assert.equal(rounded({ type: "float", min: -1, max: 1, step: 0.1 }, 0.30000000000000004), 0.3);
  assert.equal(rounded({ type: "float", min: -1, max: 1 }, 0.123), 0.12);
});

test("what is typed is taken, or refused", () => {
  const parsed = (changes, typed) => model.parsed(control(changes), typed);
  assert.equal(parsed({}, " 42 "), 42);
  assert.deepEqual([parsed({}, ""), parsed({}, "x"), parsed({}, "101"), parsed({}, "-1"), parsed({}, "Infinity")], [null, null, null, null, null]);
  assert.equal(parsed({ type: "float", min: undefined, max: undefined }, "1e3"), 1000);
  assert.deepEqual(parsed({ type: "list", length: 2, min: 0, max: 8 }, "1.5, 2"), [1.5, 2]);
  assert.deepEqual(parsed({ type: "list", length: undefined, min: 0, max: 8 }, "1;2 3"), [1, 2, 3]);
  assert.deepEqual([parsed({ type: "list", length: 2 }, "1"), parsed({ type: "list", length: 2, max: 8 }, "1 9")], [null, null]);
  assert.deepEqual([parsed({ type: "text", max: 3 }, "häß"), parsed({ type: "text", max: 3 }, "four")], ["häß", null]);
});

test("a menu with gaps keeps its numbers, and shows a value that has no name", () => {
  const menu = { 3: "Aperture", 1: "Manual", 10: "Ten" };
  const numbers = (value) => model.optionsOf(control({ type: "menu", menu, value })).map(({ number }) => number);
  assert.deepEqual(numbers(3), [1, 3, 10]);
  assert.deepEqual(numbers(2), [1, 2, 3, 10]);
  assert.deepEqual(numbers(undefined), [1, 3, 10]);
});

test("what is missing is not invented", () => {
  assert.equal(model.textOf(control({}), undefined), "–");
  assert.equal(model.isDefault(control({ value: 3, default: undefined })), true);
  assert.equal(model.isDefault(control({ value: undefined, default: 3 })), true);
  assert.equal(model.isDefault(control({ type: "list", value: [1, 2], default: [1, 2] })), true);
  assert.equal(model.isDefault(control({ type: "list", value: [1, 2], default: [2, 1] })), false);
});

test("names become words", () => {
  const titles = ["brightness", "power_line_frequency", "AwbMode", "HdrMode", "AEConstraintMode", "x", "white_balance__red"].map(model.titleOf);
  assert.deepEqual(titles, ["Brightness", "Power line frequency", "Awb mode", "Hdr mode", "AE constraint mode", "X", "White balance red"]);
});

test("groups", () => {
  const groups = ["brightness", "ColourGains", "gain", "auto_focus", "AfSpeed", "AeMeteringMode", "privacy"].map(model.groupOf);
  assert.deepEqual(groups, ["picture", "white", "exposure", "focus", "focus", "exposure", "other"]);
  assert.ok(groups.every((group) => model.GROUP_ORDER.includes(group)));
});

test("a control without effect says what it waits for", () => {
  const exposure = control({ name: "exposure_time", inactive: true });
  const automatic = (value) => ({ name: "auto_exposure", type: "bool", value });
  assert.match(model.whyInactive(exposure, [exposure, automatic(true)]), /while “Automatic exposure” is off/);
  assert.match(model.whyInactive(exposure, [exposure]), /another control/);
  assert.match(model.whyInactive(control({ name: "gamma", inactive: true }), []), /another control/);
  assert.equal(model.whyInactive(control({ name: "exposure_time" }), [automatic(true)]), "");
});
