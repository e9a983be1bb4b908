import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { isSilent, SILENT_MS, withMessage } = await load("timeline/pushed-events.js");

const message = (id, phase, captured, more = {}) => ({ id, type: "motion", phase, score: 0.5, seconds: 0, captured, published: captured, ...more });
const told = (events) => events.map(({ id, start, end, score }) => [id, start, end, score]);

test("an event begins, goes on, and ends", () => {
  let events = withMessage([], message("a", "start", 100), 1);
  assert.deepEqual(told(events), [["a", 100, null, 0.5]]);
  events = withMessage(events, message("a", "update", 101, { seconds: 1, score: 0.9 }), 2);
  events = withMessage(events, message("a", "end", 102, { seconds: 2, score: 0.7 }), 3);
  assert.deepEqual(told(events), [["a", 100, 102, 0.9]]);
});

test("one that is met in its middle began before, and events stay sorted", () => {
  let events = withMessage([], message("b", "update", 110, { seconds: 5 }), 1);
  events = withMessage(events, message("a", "start", 100), 2);
  assert.deepEqual(told(events), [["a", 100, null, 0.5], ["b", 105, null, 0.5]]);
});

test("a message that is repeated changes nothing", () => {
  const events = withMessage(withMessage([], message("a", "start", 100), 1), message("a", "end", 102), 2);
  assert.equal(withMessage(events, message("a", "update", 101), 3), events);
  assert.equal(withMessage(events, message("a", "end", 102), 3), events);
});

test("what was listed keeps its beginning", () => {
  const listed = [{ id: "a", type: "motion", start: 100.5, end: null, score: 0.9 }];
  assert.deepEqual(told(withMessage(listed, message("a", "end", 103, { seconds: 3 }), 1)), [["a", 100.5, 103, 0.9]]);
});

test("an event in progress of which nothing is said is silent", () => {
  const [event] = withMessage([], message("a", "start", 100), 1000);
  assert.equal(isSilent(event, 0, 1000 + SILENT_MS), false);
  assert.equal(isSilent(event, 0, 1001 + SILENT_MS), true);
  assert.equal(isSilent(event, 500 + SILENT_MS, 1001 + SILENT_MS), false, "it was listed since");
  assert.equal(isSilent({ ...event, end: 101 }, 0, 1e9), false);
});
