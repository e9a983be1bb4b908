import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { stampText, utcOffset } = await load("camera/timestamp.js");

test("a time is written as ISO 8601 has it, whole seconds, never a later one", () => {
  assert.equal(stampText(Date.UTC(2026, 10, 29, 5, 7, 9) / 1000), "2026-11-29 05:07:09");
  assert.equal(stampText(Date.UTC(2026, 10, 29, 5, 7, 9) / 1000 + 0.999), "2026-11-29 05:07:09");
  assert.equal(stampText(0), "1970-01-01 00:00:00");
});

test("what is no time is no text", () => {
  for (const wrong of [NaN, Infinity, 1e300, undefined]) assert.equal(stampText(wrong), "");
});

test("the offset from UTC is that of the moment", () => {
  const before = process.env.TZ;
  const winter = Date.UTC(2026, 0, 1) / 1000;
  const summer = Date.UTC(2026, 6, 1) / 1000;
  const offsets = { UTC: ["+00:00", "+00:00"], "Europe/Berlin": ["+01:00", "+02:00"], "Asia/Kolkata": ["+05:30", "+05:30"], "America/St_Johns": ["-03:30", "-02:30"] };
  for (const [zone, expected] of Object.entries(offsets)) {
    process.env.TZ = zone;
    assert.deepEqual([utcOffset(winter), utcOffset(summer)], expected);
  }
  process.env.TZ = before ?? "UTC";
});
