import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { isoTime, linkedMoment, momentLink } = await load("timeline/moment-link.js");

test("a link names the moment, and no token", () => {
  const link = momentLink("https://cam.example/x/camera/front/?token=fb_secret&at=5#y", 1_767_225_600.5);
  assert.equal(link, "https://cam.example/x/camera/front/?at=2026-01-01T00:00:00.500Z");
  assert.equal(linkedMoment(new URL(link).search), 1_767_225_600.5);
});

test("a link leads to the frame that it was made at, and not to the one before", () => {
  for (const captured of [1_767_225_600.123456, 1_767_225_600.1, 1_767_225_600.000001, 1_795_966_962.0348203]) {
    const linked = linkedMoment(`?at=${isoTime(captured)}`);
    assert.ok(linked >= captured - 1e-6 && linked < captured + 0.0011, `${captured} ${linked}`);
  }
});

test("moments are read in several forms", () => {
  assert.equal(linkedMoment("?at=1767225600.25"), 1_767_225_600.25);
  assert.equal(linkedMoment("?at=2026-01-01T01:00:00%2B01:00"), 1_767_225_600);
  assert.equal(linkedMoment("?token=x&at=2026-01-01T00:00:00Z"), 1_767_225_600);
});

test("what is no moment is none", () => {
  for (const search of ["", "?at=", "?at=now", "?at=-5", "?at=1e300", "?at=99999999999999", "?at=1800-01-01T00:00:00Z"]) {
    assert.equal(linkedMoment(search), null, search);
  }
});
