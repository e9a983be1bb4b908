import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { FrameStats } = await load("frame-stats.js");
const picture = (seq, epoch = "a") => ({ seq, epoch, captured: 0 });

/** A camera whose pictures come every `gap` milliseconds, `count` of them from 0 on. */
function steady(gap, count, ageMs = 20) {
  const stats = new FrameStats();
  for (let seq = 1; seq <= count; seq += 1) stats.drawn(picture(seq), (seq - 1) * gap, ageMs);
  return stats;
}

test("nothing moves before the first picture", () => {
  const stats = new FrameStats();
  assert.equal(stats.isLive(0), false);
  assert.equal(stats.fps(0), 0);
});

test("a young picture passes for live for two seconds", () => {
  const stats = steady(33, 1);
  assert.equal(stats.isLive(2000), true);
  assert.equal(stats.isLive(2001), false);
});

test("an old picture alone never passes for live", () => {
  assert.equal(steady(33, 1, 3_600_000).isLive(0), false);
});

test("a picture of unknown age passes for live when another follows", () => {
  assert.equal(steady(33, 1, null).isLive(0), false);
  assert.equal(steady(33, 2, null).isLive(33), true);
});

test("a repeated picture is no new one", () => {
  const stats = steady(33, 5);
  stats.drawn(picture(5), 1900, 1900);
  assert.equal(stats.frames, 6);
  assert.equal(stats.isLive(2200), false);
});

test("the first old picture after a pause does not end the stall, the second does", () => {
  const stats = steady(33, 5);
  stats.drawn(picture(6), 60_000, 59_000);
  assert.equal(stats.isLive(60_000), false);
  stats.drawn(picture(7), 60_033, 20);
  assert.equal(stats.isLive(60_033), true);
});

test("a slow camera is not taken for a stalled one", () => {
  assert.equal(steady(5000, 4).isLive(15_000 + 4900), true);
  assert.equal(steady(5000, 4).isLive(15_000 + 15_001), false);
});

test("one stall does not make the next one wait", () => {
  const stats = steady(33, 5);
  stats.drawn(picture(6), 20_000, 20);
  stats.drawn(picture(7), 20_033, 20);
  assert.equal(stats.stallAfterMs, 2000);
});

test("the rate is that of the last seconds, and none when nothing moves", () => {
  const stats = steady(100, 100);
  assert.ok(Math.abs(stats.fps(9900) - 10) < 0.01);
  assert.equal(stats.fps(20_000), 0);
});

test("pictures that never came are counted within one run of the camera", () => {
  const stats = steady(33, 3);
  stats.drawn(picture(7), 140, 20);
  assert.equal(stats.skipped, 3);
  stats.drawn(picture(90, "b"), 170, 20);
  assert.equal(stats.skipped, 3);
});

test("what was published while nobody watched was not skipped", () => {
  const stats = steady(33, 3);
  stats.drawn(picture(500), 60_000, 20);
  assert.equal(stats.skipped, 0);
});
