import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Player } = await load("timeline/player.js");

/** A player, what it has said since it was last asked, and a clock. */
function made() {
  const page = { now: 0, sent: [] };
  page.player = new Player("front", (message) => page.sent.push(message), () => page.now);
  page.said = () => page.sent.splice(0);
  return page;
}

const seek = (id, at, step) => ({ seek: { camera: "front", at, ...(step ? { step } : {}), id } });

test("a seek asks for the moment, and its frame is drawn", () => {
  const { player, said } = made();
  assert.equal(player.mode, "live");
  player.seek(100);
  assert.deepEqual(said(), [seek(1, 100)]);
  assert.equal(player.mode, "still");
  assert.equal(player.frame({ id: 1, at: 99.9 }), true);
  assert.equal(player.at, 99.9);
});

test("the server is told how wide the picture is", () => {
  const { player, said } = made();
  player.width = () => 640;
  player.seek(100);
  assert.equal(said()[0].seek.width, 640);
});

test("of many seeks the newest wins, and no queue grows", () => {
  const { player, said } = made();
  for (let at = 1; at <= 50; at += 1) player.seek(at);
  assert.deepEqual(said(), [seek(1, 1), seek(2, 2)]);
  assert.equal(player.frame({ id: 1, at: 1 }), true, "it shows that something happens");
  assert.equal(player.at, 50, "the time line stays under the finger");
  assert.deepEqual(said(), [seek(3, 50)]);
  assert.equal(player.frame({ id: 3, at: 50 }), true);
  assert.equal(player.frame({ id: 2, at: 2 }), false, "an older frame never follows a newer one");
  assert.equal(player.at, 50);
  assert.deepEqual(said(), []);
});

test("a seek that the server has replaced is not waited for", () => {
  const { player, said } = made();
  for (const at of [1, 2, 3]) player.seek(at);
  said();
  player.frame({ id: 2, at: 2 });
  assert.deepEqual(said(), [seek(3, 3)]);
});

test("an answer that never comes holds nothing up for long", () => {
  const page = made();
  for (const at of [1, 2, 3]) page.player.seek(at);
  page.said();
  page.now = 10_000;
  page.player.check();
  assert.deepEqual(page.said(), [seek(3, 3)]);
});

test("steps go from frame to frame, each after the one before has come", () => {
  const { player, said } = made();
  player.seek(100);
  player.frame({ id: 1, at: 100 });
  said();
  player.step(1);
  player.step(1);
  assert.deepEqual(said(), [seek(2, 100, 1)]);
  player.frame({ id: 2, at: 100.1 });
  assert.deepEqual(said(), [seek(3, 100.1, 1)]);
  player.frame({ id: 3, at: 100.2 });
  player.step(-1);
  assert.deepEqual(said(), [seek(4, 100.2, -1)]);
});

test("a step out of live begins at the live picture", () => {
  const { player, said } = made();
  player.step(-1, 500);
  assert.deepEqual(said(), [seek(1, 500, -1)]);
});

test("where nothing is recorded, the reason is shown and the moment stays", () => {
  const { player, said } = made();
  player.seek(100);
  player.frame({ id: 1, at: 99 });
  player.step(1);
  player.step(1);
  said();
  player.sought({ id: 2, captured: null, reason: "there is no recording after this time" });
  assert.equal(player.at, 99);
  assert.equal(player.notice.text, "there is no recording after this time");
  assert.deepEqual(said(), [], "the other step would say the same");
  player.seek(50);
  assert.equal(player.notice, null);
});

test("a film shows its own frames and no earlier ones", () => {
  const { player, said } = made();
  player.seek(100);
  player.play(4);
  assert.deepEqual(said(), [seek(1, 100), { play: { camera: "front", from: 100, speed: 4, id: 2 } }]);
  assert.equal(player.frame({ id: 1, at: 100 }), false);
  assert.equal(player.frame({ id: 2, at: 100.1 }), true);
  assert.equal(player.frame({ id: 2, at: 100.5 }), true);
  assert.equal(player.at, 100.5);
  assert.equal(player.speed, 4);
  player.pause();
  assert.deepEqual(said(), [{ play: { camera: "front", speed: 0, id: 3 } }]);
  assert.equal(player.frame({ id: 2, at: 100.6 }), false, "the picture stays");
  player.step(1);
  assert.deepEqual(said(), [seek(4, 100.5, 1)]);
});

test("a seek ends the film", () => {
  const { player, said } = made();
  player.play(-2, 500);
  said();
  player.seek(30);
  assert.deepEqual(said(), [seek(2, 30)]);
  assert.equal(player.frame({ id: 1, at: 499 }), false);
  assert.equal(player.frame({ id: 2, at: 30 }), true);
});

test("gaps and the end of a film are told, and the end is not live", () => {
  const { player } = made();
  player.play(1, 100);
  player.played({ id: 1, gap: [101, 150] });
  assert.deepEqual(player.notice, { kind: "gap", text: "", gap: [101, 150] });
  assert.equal(player.mode, "playing");
  player.frame({ id: 1, at: 150 });
  player.played({ id: 9, at: 7, reason: "end" });
  assert.equal(player.mode, "playing", "another film");
  player.played({ id: 1, at: 160, reason: "end" });
  assert.deepEqual([player.mode, player.at, player.notice.kind, player.speed], ["still", 160, "end", 0]);
});

test("of a film that did not begin, its first frame is shown: the picture may be live", () => {
  const { player, said } = made();
  player.play(1, 100);
  said();
  player.played({ id: 1, at: null, reason: "no films here" });
  assert.deepEqual([player.mode, player.notice.text], ["still", "no films here"]);
  assert.deepEqual(said(), [seek(2, 100)]);
  assert.equal(player.frame({ id: 2, at: 100 }), true);
});

test("back to live, nothing recorded is drawn", () => {
  const { player, said } = made();
  player.live();
  assert.deepEqual(said(), [], "it is live already");
  player.seek(100);
  player.live();
  assert.deepEqual(said().slice(1), [{ seek: { camera: "front" } }]);
  assert.equal(player.frame({ id: 1, at: 100 }), false);
  assert.equal(player.at, null);
  player.seek(200);
  const [{ seek: again }] = said();
  assert.equal(player.frame({ id: 1, at: 100 }), false);
  assert.equal(player.frame({ id: again.id, at: 200 }), true);
});

test("a new connection is asked for what is looked at", () => {
  const { player, said } = made();
  player.connected();
  assert.deepEqual(said(), [], "live");
  player.seek(100);
  player.frame({ id: 1, at: 99.5 });
  said();
  player.connected();
  assert.deepEqual(said(), [seek(2, 99.5)]);
  player.play(8);
  said();
  player.connected();
  assert.deepEqual(said(), [{ play: { camera: "front", from: 99.5, speed: 8, id: 4 } }]);
});
