import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { FrameStats } = await load("camera/frame-stats.js");
const { LinkDelay } = await load("connection/link-delay.js");

/** A page that shows a camera: time passes, statuses come once a second, and pictures when the test says. */
class Page {
  now = 0;
  link = new LinkDelay();
  stats = new FrameStats();
  /** What the camera has published so far, and when it took the last of it, which its statuses tell. */
  published = 0;
  captured = null;
  paces = new Set();

  constructor(cameras = 1) {
    this.link.cameras = cameras;
    this.stats.started(0, this.link.mark);
  }

  /** @param {number} seq @param {number | null} [ageMs] */
  draw(seq, ageMs = 20, epoch = "a") {
    this.published = Math.max(this.published, seq);
    this.link.picture();
    const captured = (this.now - (ageMs ?? 0)) / 1000;
    this.captured = Math.max(this.captured ?? captured, captured);
    this.stats.drawn({ seq, epoch, captured }, this.now, ageMs, this.link.mark);
  }

  /** The camera publishes pictures that do not reach the page. @param {number} count */
  publish(count) {
    this.published += count;
    this.captured = this.now / 1000;
  }

  /** @param {number} ms */
  wait(ms) {
    const end = this.now + ms;
    while (this.now < end) {
      const second = (Math.floor(this.now / 1000) + 1) * 1000;
      this.now = Math.min(end, second);
      if (this.now === second) this.stats.addStatus({ captured: this.captured });
      this.paces.add(this.pace);
    }
  }

  /** Pictures of the camera, one each `gap` milliseconds. */
  steady(gap, count, ageMs = 20) {
    for (let shown = 0; shown < count; shown += 1) {
      this.draw(this.published + 1, ageMs);
      this.wait(gap);
    }
    return this;
  }

  get pace() {
    return this.stats.pace(this.now, this.link);
  }
}

test("before the first picture the page waits", () => {
  const page = new Page();
  page.wait(9000);
  assert.equal(page.pace, "waiting");
  assert.equal(page.stats.fps(page.now), 0);
});

test("a fast camera is live", () => {
  const page = new Page().steady(33, 300);
  assert.deepEqual([...page.paces], ["live"]);
});

test("a picture that was old when it was drawn is behind, however fast they come", () => {
  const page = new Page().steady(33, 300, 13_000);
  assert.deepEqual([...page.paces], ["behind"]);
});

test("a picture of unknown age is live when another follows", () => {
  const page = new Page();
  page.draw(1, null);
  assert.equal(page.pace, "waiting");
  page.draw(2, null);
  assert.equal(page.pace, "live");
});

test("the first picture after a pause is not live when it is hours old", () => {
  const page = new Page();
  page.draw(1, 3_600_000);
  assert.equal(page.pace, "behind");
});

test("a repeated picture is no new one", () => {
  const page = new Page().steady(33, 5);
  const { now } = page;
  page.wait(2500);
  page.draw(5, 2500);
  assert.equal(page.stats.frames, 6);
  assert.equal(page.pace, "behind");
  assert.ok(page.stats.drawnAt < now);
});

test("pictures that are published and do not come are missing after three statuses", () => {
  const page = new Page().steady(33, 30);
  page.publish(100);
  page.wait(1900);
  assert.equal(page.pace, "live");
  page.wait(105);
  assert.equal(page.pace, "behind");
  page.wait(10);
  assert.equal(page.pace, "missing");
});

test("a camera that says nothing newer is missing only after its own rate explains it no more", () => {
  const page = new Page().steady(33, 30);
  page.wait(9500);
  assert.equal(page.pace, "behind");
  page.wait(1500);
  assert.equal(page.pace, "missing");
});

test("a camera of 0.2 fps is never missing", () => {
  const page = new Page().steady(5000, 12);
  assert.ok(!page.paces.has("missing"));
  assert.equal(page.pace, "live");
  assert.equal(page.stats.fps(page.now).toFixed(1), "0.2");
  page.wait(20_000);
  assert.equal(page.pace, "missing");
});

test("frames that come in pairs are never missing", () => {
  for (const pause of [2500, 5000, 8000]) {
    const page = new Page();
    for (let pair = 0; pair < 8; pair += 1) page.steady(33, 2).wait(pause);
    assert.ok(!page.paces.has("missing"), `pairs each ${pause} ms`);
  }
});

test("a stall does not make the next one wait for long", () => {
  const page = new Page().steady(33, 10);
  page.wait(20_000);
  page.steady(33, 30);
  page.wait(11_500);
  assert.equal(page.pace, "missing");
});

test("on a slow link a camera waits for its turn, and is behind", () => {
  const page = new Page(8);
  for (let round = 0; round < 6; round += 1) {
    page.publish(60);
    page.draw(page.published, 500);
    for (let other = 0; other < 7; other += 1) {
      page.publish(20);
      page.wait(700);
      page.link.picture();
    }
  }
  assert.deepEqual([...page.paces], ["live", "behind"]);
});

test("a camera that is passed over while the others go on is missing", () => {
  const page = new Page(3);
  page.draw(1);
  for (let round = 0; round < 20; round += 1) {
    page.publish(10);
    page.wait(200);
    page.link.picture();
  }
  assert.equal(page.pace, "missing");
});

test("a single picture that takes seconds is not missing, as no status passes it", () => {
  const page = new Page();
  page.draw(1, 4000);
  page.now += 4000;
  page.stats.addStatus({ captured: 4 });
  assert.equal(page.pace, "behind");
});

test("a hidden tab that returns waits anew", () => {
  const page = new Page().steady(33, 30);
  page.now += 3_600_000;
  page.publish(100_000);
  page.stats.started(page.now, page.link.mark);
  assert.equal(page.pace, "waiting");
  page.wait(1500);
  assert.equal(page.pace, "waiting");
  page.draw(page.published);
  assert.equal(page.pace, "live");
  assert.equal(page.stats.skipped, 0, "what was published meanwhile was not skipped");
});

test("what was behind is live when it was on time for three seconds", () => {
  const page = new Page().steady(33, 30, 5000);
  page.steady(33, 60);
  assert.equal(page.pace, "behind");
  page.steady(33, 40);
  assert.equal(page.pace, "live");
});

test("the rate is that of the last seconds, and none when nothing comes", () => {
  const page = new Page().steady(100, 100);
  assert.ok(Math.abs(page.stats.fps(page.now) - 10) < 0.01);
  assert.equal(page.stats.fps(page.now + 5000), 0);
});

test("pictures that never came are counted within one run of the camera", () => {
  const page = new Page().steady(33, 3);
  page.draw(7);
  assert.equal(page.stats.skipped, 3);
  page.draw(90, 20, "b");
  assert.equal(page.stats.skipped, 3);
});

test("a camera that was restarted counts from its own first picture", () => {
  const page = new Page().steady(33, 30);
  page.draw(2, 20, "b");
  page.published = 2;
  assert.equal(page.pace, "live");
});
