import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { recentEvents } = await load("timeline/recent-events.js");
const now = { unix: 10_000, ms: 50_000 };
const event = (start, end) => ({ id: `e${start}`, type: "motion", start, end, score: 0.5 });

test("events of the last hour count", () => {
  assert.equal(recentEvents([], now.ms, now), null);
  assert.equal(recentEvents([event(6000, 6010)], now.ms, now), null);
  const events = [event(6000, 6010), event(6500, 6510), event(9000, 9001)];
  assert.deepEqual(recentEvents(events, now.ms, now), { count: 2, start: 9000, isNow: false });
});

test("one that is in progress counts however long it lasts, unless nothing is heard of it", () => {
  const events = [event(6000, null)];
  assert.deepEqual(recentEvents(events, now.ms, now), { count: 1, start: 6000, isNow: true });
  assert.equal(recentEvents(events, now.ms - 6000, now), null);
  assert.deepEqual(recentEvents([{ ...event(9990, null), heardAt: now.ms - 1000 }], 0, now), { count: 1, start: 9990, isNow: true });
  assert.deepEqual(recentEvents([event(9990, null)], 0, now), { count: 1, start: 9990, isNow: false });
});
