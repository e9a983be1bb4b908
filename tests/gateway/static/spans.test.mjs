import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Axis } = await load("timeline/axis.js");
const { eventAt, eventBeside, merge, pieces } = await load("timeline/spans.js");

const span = (begin, end, keep = false) => ({ begin, end, keep });
const event = (start, end, score = 0.5) => ({ id: String(start), type: "motion", start, end, score });

test("what is listed takes the place of what was known of that time", () => {
  assert.deepEqual(merge([], [span(10, 20), span(0, 5)], 0, 100), [span(0, 5), span(10, 20)]);
  assert.deepEqual(merge([span(0, 5), span(10, 20)], [span(10, 30)], 8, 100), [span(0, 5), span(10, 30)]);
  assert.deepEqual(merge([span(0, 5), span(10, 20)], [], 8, 100), [span(0, 5)], "it was deleted");
  assert.deepEqual(merge([span(0, 50)], [span(0, 50)], 20, 30), [span(0, 50)], "it goes on outside");
  assert.deepEqual(merge([span(0, 50)], [], 20, 30), [span(0, 20), span(30, 50)], "a part was deleted");
});

test("a part that is kept stays a part, without an overlap", () => {
  const listed = [span(0, 10), span(10, 20, true), span(20, 30)];
  assert.deepEqual(merge([], listed, 0, 100), listed);
  assert.deepEqual(merge([], [span(0, 12), span(10, 20, true)], 0, 100), [span(0, 12), span(12, 20, true)]);
});

test("thousands of spans are drawn as a few pieces, each at least a pixel wide", () => {
  const many = Array.from({ length: 5000 }, (_, at) => span(at * 10, at * 10 + 1));
  assert.deepEqual(pieces(many, new Axis(0, 50_000, 500)), [{ left: 0, right: 500, keep: false }]);
  const near = pieces(many, new Axis(0, 100, 500));
  assert.equal(near.length, 11);
  assert.deepEqual(near[1], { left: 50, right: 55, keep: false });
  assert.deepEqual(pieces([span(10, 10)], new Axis(0, 100, 50)), [{ left: 5, right: 6, keep: false }]);
});

test("kept pieces are drawn apart from the others", () => {
  assert.deepEqual(pieces([span(0, 50), span(50, 100, true)], new Axis(0, 100, 100)), [
    { left: 0, right: 50, keep: false },
    { left: 50, right: 100, keep: true },
  ]);
});

test("the next and the previous event are found, and one never leads to itself", () => {
  const events = [event(10, 20), event(30, 31), event(50, null)];
  assert.equal(eventBeside(events, 0, 1), events[0]);
  assert.equal(eventBeside(events, 30, 1), events[2]);
  assert.equal(eventBeside(events, 29.9999, 1), events[2], "the frame is as exact as its header");
  assert.equal(eventBeside(events, 30, -1), events[0]);
  assert.equal(eventBeside(events, 10, -1), null);
  assert.equal(eventBeside(events, 50, 1), null);
});

test("of events under the finger the strongest counts", () => {
  const axis = new Axis(0, 100, 100);
  const events = [event(10, 20, 0.2), event(18, 22, 0.9), event(60, null, 0.5)];
  assert.equal(eventAt(events, axis, 19, 2), events[1]);
  assert.equal(eventAt(events, axis, 12, 2), events[0]);
  assert.equal(eventAt(events, axis, 62, 2), events[2]);
  assert.equal(eventAt(events, axis, 63, 2), null);
});
