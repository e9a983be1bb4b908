import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { viewState } = await load("camera/view-state.js");
const status = (state, reason = "", since = 100) => ({ state, reason, since });

/** A camera that is watched and live, but for what the test says. */
function seen(differently) {
  return {
    connected: true,
    lostSince: null,
    stills: false,
    status: status("live"),
    watched: true,
    pace: "live",
    pictureSince: 90,
    undrawable: false,
    recorded: false,
    ...differently,
  };
}

const cases = [
  ["pictures that move are live", {}, "live", ""],
  ["without a connection nothing is live", { connected: false, lostSince: 5 }, "connecting", "The camera server does not answer."],
  ["a recorded picture is never live", { recorded: true }, "recorded", "A recorded picture, not the live one."],
  ["a recorded picture stays one", { recorded: true, connected: false }, "recorded", "A recorded picture, not the live one."],
  ["before the first connection", { connected: false }, "connecting", "Connecting to the camera server."],
  ["a view that shows stills", { stills: true, pace: "behind" }, "stills", "A still every few seconds."],
  ["an offline camera is not live, whatever was drawn", { status: status("offline", "Unplugged.") }, "offline", "Unplugged."],
  ["an offline camera without a reason", { status: status("offline") }, "offline", "The camera gives no pictures."],
  ["a picture that is old", { pace: "behind" }, "behind", "The picture is older than two seconds."],
  ["an old picture of a camera that starts", { pace: "behind", status: status("starting", "Opening it.") }, "connecting", "Opening it."],
  ["what is not watched", { watched: false }, "idle", "Not watched while it is out of sight."],
  ["a camera without a status", { status: null, pace: "waiting" }, "connecting", "Waiting for the status of the camera."],
  ["a camera that starts", { status: status("starting", "Opening it."), pace: "missing" }, "connecting", "Opening it."],
  ["a camera that sleeps", { status: status("idle", "Nobody watches."), pace: "missing" }, "idle", "Waking the camera."],
  ["a camera watched only now", { pace: "waiting" }, "connecting", "Waiting for a new picture."],
  [
    "a camera that says live and shows nothing new",
    { pace: "missing" },
    "stalled",
    "The camera says it is live, but no new picture arrives.",
  ],
  [
    "pictures that cannot be decoded",
    { pace: "behind", status: status("live"), undrawable: true },
    "stalled",
    "Pictures arrive, but this browser cannot draw them.",
  ],
];

for (const [what, differently, state, reason] of cases) {
  test(what, () => {
    const condition = viewState(seen(differently));
    assert.equal(condition.state, state);
    assert.equal(condition.reason, reason);
  });
}

test("since when is told from the side that knows it", () => {
  assert.equal(viewState(seen({ connected: false, lostSince: 5 })).since, 5);
  assert.equal(viewState(seen({ status: status("offline", "", 77) })).since, 77);
  assert.equal(viewState(seen({ pace: "missing" })).since, 90);
});
