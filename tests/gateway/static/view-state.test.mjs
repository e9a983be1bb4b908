import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { viewState } = await load("view-state.js");
const status = (state, reason = "", since = 100) => ({ state, reason, since });

/** A camera that is watched and live, but for what the test says. */
function input(differently) {
  return {
    connected: true,
    lostSince: null,
    blocked: false,
    status: status("live"),
    watched: true,
    isLive: true,
    waiting: false,
    pictureSince: 90,
    undrawable: false,
    ...differently,
  };
}

const cases = [
  ["pictures that move are live", {}, "live", ""],
  ["without a connection nothing is live", { connected: false, lostSince: 5 }, "connecting", "The camera server does not answer."],
  ["before the first connection", { connected: false }, "connecting", "Connecting to the camera server."],
  [
    "a server that opens no websocket",
    { connected: false, blocked: true },
    "connecting",
    "No websocket can be opened to the camera server.",
  ],
  ["an offline camera is not live, whatever was drawn", { status: status("offline", "Unplugged.") }, "offline", "Unplugged."],
  ["an offline camera without a reason", { status: status("offline") }, "offline", "The camera gives no pictures."],
  ["what is not watched", { watched: false }, "idle", "Not watched while it is out of sight."],
  ["a camera without a status", { status: null, isLive: false }, "connecting", "Waiting for the status of the camera."],
  ["a camera that starts", { status: status("starting", "Opening it."), isLive: false }, "connecting", "Opening it."],
  ["a camera that sleeps", { status: status("idle", "Nobody watches."), isLive: false }, "idle", "Waking the camera."],
  ["a camera watched only now", { isLive: false, waiting: true }, "connecting", "Waiting for a new picture."],
  [
    "a camera that says live and shows nothing new",
    { isLive: false },
    "stalled",
    "The camera says it is live, but no new picture arrives.",
  ],
  [
    "pictures that cannot be decoded",
    { isLive: false, undrawable: true },
    "stalled",
    "Pictures arrive, but this browser cannot draw them.",
  ],
];

for (const [what, differently, state, reason] of cases) {
  test(what, () => {
    const shown = viewState(input(differently));
    assert.equal(shown.state, state);
    assert.equal(shown.reason, reason);
  });
}

test("since when is told from the side that knows it", () => {
  assert.equal(viewState(input({ connected: false, lostSince: 5 })).since, 5);
  assert.equal(viewState(input({ status: status("offline", "", 77) })).since, 77);
  assert.equal(viewState(input({ isLive: false })).since, 90);
});
