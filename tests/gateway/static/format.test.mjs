import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const format = await load("words/format.js");

test("ages", () => {
  const said = [null, 0, 26.6, 999, 1234, 9949, 9950, 119_000, 120_000, 7_199_000, 86_400_000].map(format.age);
  assert.deepEqual(said, [
    "age unknown",
    "0 ms old",
    "27 ms old",
    "999 ms old",
    "1.2 s old",
    "9.9 s old",
    "10 s old",
    "119 s old",
    "2 min old",
    "120 min old",
    "24 h old",
  ]);
});

test("sizes of files and disks", () => {
  const texts = [0, 1, 1500, 999_400, 1e6, 9_940_000, 9_950_000, 1.5e9, 52e9, 2e12].map(format.dataSize);
  assert.deepEqual(texts, ["0 kB", "1 kB", "2 kB", "999 kB", "1.0 MB", "9.9 MB", "10 MB", "1.5 GB", "52 GB", "2.0 TB"]);
});

test("rates", () => {
  assert.deepEqual([0, 0.2, 1, 9.94, 29.97].map(format.frameRate), ["0 fps", "0.2 fps", "1.0 fps", "9.9 fps", "30 fps"]);
});

test("times of another day have their date", () => {
  const noon = Date.UTC(2026, 4, 6, 12, 0, 0);
  assert.match(format.timeOfDay(noon / 1000, noon + 3_600_000), /^12:00:00/);
  assert.match(format.timeOfDay(noon / 1000, noon + 86_400_000), /2026.*, 12:00:00/);
});

test("a time that no Date can hold is said to be unknown", () => {
  for (const time of [1e300, -1e300, 1e18, NaN]) assert.equal(format.timeOfDay(time), "an unknown time");
});

test("a moment of the past has its date and milliseconds", () => {
  assert.match(format.moment(Date.UTC(2026, 4, 6, 7, 8, 9, 45) / 1000), /^Wed.* 2026, 07:08:09[.,]045/);
  assert.equal(format.moment(null), "an unknown time");
});

test("the name of a file has local time and nothing that a file system refuses", () => {
  assert.equal(format.fileName("front", new Date(Date.UTC(2026, 4, 6, 7, 8, 9)), "jpg"), "front-2026-05-06_07-08-09.jpg");
});

test("a language of the browser that is no tag is no mistake", () => {
  Object.defineProperty(globalThis, "navigator", { value: { language: "en-US@posix" }, configurable: true });
  assert.match(format.timeOfDay(Date.UTC(2026, 4, 6, 7, 8, 9) / 1000, 0), /7:08:09/);
  delete globalThis.navigator;
});
