import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { stampText } = await load("camera/timestamp.js");

test("a time is written as ISO 8601 has it, whole seconds, never a later one", () => {
  assert.equal(stampText(Date.UTC(2026, 10, 29, 5, 7, 9) / 1000), "2026-11-29 05:07:09");
  assert.equal(stampText(Date.UTC(2026, 10, 29, 5, 7, 9) / 1000 + 0.999), "2026-11-29 05:07:09");
  assert.equal(stampText(0), "1970-01-01 00:00:00");
});

test("what is no time is no text", () => {
  for (const wrong of [NaN, Infinity, 1e300, undefined]) assert.equal(stampText(wrong), "");
});
