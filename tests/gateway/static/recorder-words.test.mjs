import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { heldSentence, recorderSentence } = await load("timeline/recorder-words.js");

/** What the recorder says of a camera that is always recorded, but for what the test changes. */
function state(changes) {
  return {
    state: "recording",
    reason: "",
    modes: ["always"],
    demanded: false,
    seconds_left: 0,
    held_bytes: 12_500_000_000,
    kept_bytes: 0,
    segments: 10,
    oldest: Date.UTC(2026, 4, 6, 7, 8, 9) / 1000,
    free_bytes: 52_000_000_000,
    ...changes,
  };
}

const cases = [
  [{}, "Recording."],
  [{ demanded: true, seconds_left: null }, "Recording until you stop it."],
  [{ demanded: true, seconds_left: 12.5 }, "Recording for 13 more seconds."],
  [{ state: "waiting", modes: ["motion"] }, "Recording begins with a motion."],
  [{ state: "waiting", modes: ["on-demand"] }, "Recording begins when you press Record."],
  [{ state: "waiting" }, "Waiting for pictures to record."],
  [{ state: "waiting", reason: "camera front gives no frames" }, "Nothing is recorded: camera front gives no frames."],
  [{ state: "failed", reason: "the disk is full." }, "Nothing can be recorded: the disk is full."],
  [{ state: "off" }, "This camera is not recorded."],
];
for (const [changes, sentence] of cases) {
  test(sentence, () => assert.equal(recorderSentence(state(changes)), sentence));
}

test("what the disk holds is told in a line", () => {
  const noon = Date.UTC(2026, 4, 6, 12);
  assert.match(heldSentence(state({}), noon), /^13 GB held · since 07:08:09.* · 52 GB free$/);
  assert.match(heldSentence(state({ kept_bytes: 2_345_000, free_bytes: null }), noon), / · 2\.3 MB of it kept$/);
  assert.equal(heldSentence(state({ oldest: null, held_bytes: 0 }), noon), "0 kB held · 52 GB free");
  assert.equal(heldSentence({ state: "off" }, noon), "");
});
