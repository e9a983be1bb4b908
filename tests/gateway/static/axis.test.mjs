import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

process.env.TZ = "Europe/Berlin";
const { Axis, LONGEST, SHORTEST, localDay, ticks } = await load("timeline/axis.js");

const unix = (text) => Date.parse(text) / 1000;
/** The times of day of ticks, as on the wall. */
const clock = (found) => found.map(({ time }) => new Date(time * 1000).toTimeString().slice(0, 5));

test("times and pixels are the two ways of one map", () => {
  const axis = new Axis(1000, 1100, 500);
  assert.equal(axis.x(1010), 50);
  assert.equal(axis.time(50), 1010);
  assert.equal(axis.time(axis.x(1066.125)), 1066.125);
});

test("zooming keeps what is under the finger, and ends at the limits", () => {
  const axis = new Axis(1_767_225_600, 1_767_229_200, 800);
  const under = axis.time(200);
  const near = axis.zoomed(0.25, 200);
  assert.equal(near.span, 900);
  assert.ok(Math.abs(near.time(200) - under) < 1e-6);
  assert.equal(axis.zoomed(1e-9, 0).span, SHORTEST);
  assert.equal(axis.zoomed(1e9, 0).span, LONGEST);
});

test("panning moves the times with the finger", () => {
  assert.deepEqual({ ...new Axis(1000, 1100, 500).panned(50) }, { from: 990, to: 1090, width: 500 });
});

test("little is shown beyond the first and the last moment", () => {
  const axis = new Axis(0, 100, 500);
  assert.equal(axis.within(-1000, 50).to, 58);
  assert.equal(axis.within(500, 1000).from, 492);
  assert.equal(axis.within(-1000, 1000), axis);
  assert.equal(axis.within(90, 95).to, 103, "where both do not fit, the newest is shown");
});

test("the axis follows a moment that leaves it, and no other", () => {
  const axis = new Axis(0, 100, 500);
  assert.equal(axis.reaching(50), axis);
  assert.equal(axis.reaching(100).to, 108);
  assert.equal(axis.reaching(-10).from, -18);
});

test("days have 23 and 25 hours where summer time begins and ends", () => {
  const hours = (text) => {
    const { from, to } = localDay(unix(text));
    return (to - from) / 3600;
  };
  assert.equal(hours("2026-03-29T12:00:00+02:00"), 23);
  assert.equal(hours("2026-10-25T12:00:00+01:00"), 25);
  assert.equal(hours("2026-10-26T00:00:00+01:00"), 24);
});

test("the ticks of a day of 25 hours are those of the clock on the wall", () => {
  const { from, to } = localDay(unix("2026-10-25T12:00:00+01:00"));
  const found = ticks(new Axis(from, to, 1000), 100);
  assert.deepEqual(clock(found), ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"]);
  assert.deepEqual(found.map(({ kind }) => kind === "day"), [true, false, false, false, false, false, false, false, true]);
  const apart = found.slice(1).map(({ time }, at) => (time - found[at].time) / 3600);
  assert.deepEqual(apart, [4, 3, 3, 3, 3, 3, 3, 3]);
});

test("the hour that comes twice has two ticks, and the one that does not exist none", () => {
  const autumn = ticks(new Axis(unix("2026-10-25T00:30:00+02:00"), unix("2026-10-25T04:30:00+01:00"), 1000), 150);
  assert.deepEqual(clock(autumn), ["01:00", "02:00", "02:00", "03:00", "04:00"]);
  const spring = ticks(new Axis(unix("2026-03-29T00:30:00+01:00"), unix("2026-03-29T05:30:00+02:00"), 1000), 150);
  assert.deepEqual(clock(spring), ["01:00", "03:00", "04:00", "05:00"]);
});

test("ticks are as near as allowed, at round times, whatever the zoom", () => {
  for (const span of [SHORTEST, 60, 600, 3600, 86_400, 14 * 86_400, LONGEST]) {
    const axis = new Axis(unix("2026-10-20T05:07:09Z"), unix("2026-10-20T05:07:09Z") + span, 1000);
    const found = ticks(axis, 80);
    assert.ok(found.length >= 3 && found.length <= 13, `${found.length} ticks in ${span} s`);
    for (const [at, { time }] of found.slice(1).entries()) assert.ok(axis.x(time) - axis.x(found[at].time) >= 40);
  }
  const seconds = ticks(new Axis(unix("2026-10-20T05:07:09.5Z"), unix("2026-10-20T05:07:21Z"), 1000), 80);
  assert.deepEqual(seconds.map(({ time, kind }) => [new Date(time * 1000).getSeconds(), kind]), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21].map((each) => [each, "second"]));
});

test("a tick keeps its place while the axis is panned", () => {
  const axis = new Axis(unix("2026-01-01T00:00:00Z"), unix("2026-01-25T00:00:00Z"), 1000);
  const before = ticks(axis, 80).map(({ time }) => time);
  const after = ticks(axis.panned(-100), 80).map(({ time }) => time);
  assert.ok(after.some((time) => before.includes(time)));
  for (const time of after) assert.ok(before.includes(time) || time > axis.to);
});

test("ticks are at full hours where the zone is not a full hour from UTC", () => {
  process.env.TZ = "Asia/Kathmandu";
  const found = ticks(new Axis(unix("2026-01-01T00:00:00Z"), unix("2026-01-01T06:00:00Z"), 1000), 100);
  process.env.TZ = "Europe/Berlin";
  assert.ok(found.length >= 5);
  assert.deepEqual(found.map(({ time }) => time % 3600), found.map(() => 900));
});
