import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { ControlValues } = await load("controls/control-values.js");

/** A camera with an automatic, as V4L2 has it: what it decides cannot be set. */
function camera() {
  const values = { auto_exposure: true, exposure_time: 100, brightness: 0 };
  const defaults = { auto_exposure: true, exposure_time: 50, brightness: 0 };
  const types = { auto_exposure: "bool", exposure_time: "int", brightness: "int" };
  const wishes = [];
  const held = [];
  async function send(wish) {
    wishes.push(wish);
    if (camera.hold) await new Promise((resolve) => held.push(resolve));
    if (wish?.set && "exposure_time" in wish.set && values.auto_exposure && wish.set.auto_exposure !== false) throw new Error("inactive");
    Object.assign(values, wish?.set);
    for (const name of wish?.reset ?? []) values[name] = defaults[name];
    if (wish?.reset?.length === 0) Object.assign(values, defaults);
    return Object.keys(values).map((name) => ({
      name,
      type: types[name],
      value: values[name],
      default: defaults[name],
      ...(name === "exposure_time" && values.auto_exposure ? { inactive: true } : {}),
    }));
  }
  const errors = [];
  const made = new ControlValues(send, (error) => errors.push(error?.message ?? ""), () => Promise.resolve());
  return { made, values, wishes, errors, release: () => held.shift()() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("while a request is under way, only the newest value waits", async () => {
  const { made, values, wishes, release } = camera();
  await made.refresh();
  camera.hold = true;
  for (const value of [1, 2, 3, 4]) made.set("brightness", value);
  await settled();
  assert.equal(made.isChanging("brightness"), true);
  camera.hold = false;
  release();
  await settled();
  assert.deepEqual(wishes, [null, { set: { brightness: 1 } }, { set: { brightness: 4 } }]);
  assert.equal(values.brightness, 4);
  assert.equal(made.isChanging("brightness"), false);
});

test("everything is put back, the switches first, and by a reset where that is the same", async () => {
  const { made, values, wishes } = camera();
  values.auto_exposure = false;
  values.exposure_time = 100;
  await made.refresh();
  made.set("brightness", 7);
  await settled();
  made.set("exposure_time", 60);
  await settled();
  made.set("auto_exposure", true);
  await settled();
  assert.equal(made.changes, 3);
  wishes.length = 0;
  await made.undo();
  assert.deepEqual(wishes, [{ reset: ["brightness"] }, { set: { auto_exposure: false } }, { set: { exposure_time: 100 } }]);
  assert.deepEqual(values, { auto_exposure: false, exposure_time: 100, brightness: 0 });
  assert.equal(made.changes, 0);
});

test("a change that is under way is put back as well", async () => {
  const { made, values, release } = camera();
  await made.refresh();
  camera.hold = true;
  made.set("brightness", 9);
  await settled();
  const done = made.undo();
  camera.hold = false;
  release();
  await done;
  assert.equal(values.brightness, 0);
});

test("a reset of all is put back", async () => {
  const { made, values } = camera();
  values.brightness = 3;
  await made.refresh();
  await made.reset();
  assert.equal(values.brightness, 0);
  await made.undo();
  assert.equal(values.brightness, 3);
});

test("a refusal is told, and nothing has changed", async () => {
  const { made, errors } = camera();
  await made.refresh();
  made.set("exposure_time", 5);
  await settled();
  assert.deepEqual(errors, ["", "inactive"]);
  assert.equal(made.changes, 0);
  made.set("brightness", 1);
  await settled();
  assert.equal(made.controls.find(({ name }) => name === "brightness").value, 1);
});
