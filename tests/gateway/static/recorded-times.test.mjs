import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

globalThis.document = { hidden: false };
const { RecordedTimes } = await load("timeline/recorded-times.js");

/** A server that has recorded everything up to `now`, and an event each 100 s. */
class Server {
  asked = [];
  now = 100_000;

  gaps = [];

  async spans(from, to, gap) {
    this.asked.push([from, to]);
    this.gaps.push(gap);
    if (this.broken) throw new Error("broken");
    return [{ begin: Math.max(0, from - 5), end: Math.min(this.now, to + 5), keep: false }];
  }

  async events(from, to) {
    const events = [];
    for (let start = Math.ceil(from / 100) * 100; start < to; start += 100) events.push({ id: `e${start}`, type: "motion", start, end: start + 5, score: 0.5 });
    return events;
  }
}

test("what is visible is asked for once, and a little more", async () => {
  const server = new Server();
  const times = new RecordedTimes(server, () => {});
  for (let call = 0; call < 5; call += 1) times.want(50_000, 51_000, server.now);
  await times.loaded;
  times.want(50_000, 51_000, server.now);
  times.want(49_800, 50_800, server.now);
  await times.loaded;
  assert.deepEqual(server.asked, [[49_500, 51_500]]);
  assert.equal(times.events.length, 20);
});

test("only what is missing is asked for while the time line is panned and zoomed", async () => {
  const server = new Server();
  const times = new RecordedTimes(server, () => {});
  times.want(50_000, 51_000, server.now);
  await times.loaded;
  times.want(49_000, 50_000, server.now);
  await times.loaded;
  assert.deepEqual(server.asked[1], [48_500, 49_500]);
  times.want(40_000, 60_000, server.now);
  await times.loaded;
  times.want(40_000, 60_000, server.now);
  await times.loaded;
  assert.deepEqual(server.asked.slice(2), [[30_000, 48_500], [51_500, 70_000]]);
  assert.equal(times.spans.length, 1);
  assert.equal(new Set(times.events.map(({ id }) => id)).size, times.events.length);
});

test("pauses shorter than a pixel are not asked for, until they are to be seen", async () => {
  const server = new Server();
  const times = new RecordedTimes(server, () => {});
  const want = async (from, to, pixel) => {
    for (let call = 0; call < 3; call += 1) {
      times.want(from, to, server.now, pixel);
      await times.loaded;
    }
  };
  await want(50_000, 51_000, 1);
  await want(20_000, 80_000, 70);
  assert.deepEqual(server.gaps, [0, 60, 60], "what is known is not asked for again");
  await want(50_000, 51_000, 1);
  assert.deepEqual(server.asked[3], [49_500, 51_500]);
  assert.deepEqual(server.gaps, [0, 60, 60, 0]);
  await want(0, server.now, 2000);
  assert.deepEqual(server.gaps.slice(4), [1200, 1200]);
  await times.again(60_000, 60_010);
  await times.loaded;
  assert.equal(server.gaps[6], 1200, "short pauses are still not known");
  await want(50_000, 51_000, 100);
  assert.equal(server.gaps[7], 60);
  assert.ok(times.spans.length === 1);
});

test("far away, what was known is forgotten: what lies between is not known", async () => {
  const server = new Server();
  const times = new RecordedTimes(server, () => {});
  times.want(50_000, 51_000, server.now);
  await times.loaded;
  times.want(10_000, 11_000, server.now);
  await times.loaded;
  assert.ok(times.spans.every(({ end }) => end < 12_000));
});

test("after a failure the server is left alone for a while", async () => {
  const server = new Server();
  server.broken = true;
  const times = new RecordedTimes(server, () => {});
  times.want(50_000, 51_000, server.now);
  await times.loaded;
  times.want(50_000, 51_000, server.now);
  await times.loaded;
  assert.equal(server.asked.length, 1);
});

test("an event is found also where the time line does not show it", async () => {
  const server = new Server();
  const times = new RecordedTimes(server, () => {});
  times.want(50_010, 50_050, server.now);
  assert.equal((await times.eventBeside(50_010, 1, server.now)).start, 50_100);
  assert.equal((await times.eventBeside(50_010, -1, server.now)).start, 50_000);
  assert.equal((await times.eventBeside(20, -1, server.now)).start, 0);
  assert.equal(await times.eventBeside(server.now, 1, server.now), null);
});

test("an event that a message tells of is there at once, and is not asked for", async () => {
  const server = new Server();
  let asked = 0;
  const { events } = server;
  server.events = (...period) => {
    asked += 1;
    return events(...period);
  };
  let changes = 0;
  const times = new RecordedTimes(server, () => (changes += 1));
  const message = { id: "new", type: "motion", phase: "start", score: 0.9, seconds: 0, captured: 99_990, published: 1 };
  times.happened(message);
  assert.deepEqual(times.events, [], "nothing is known yet");
  times.want(99_000, 100_000, server.now);
  await times.loaded;
  assert.equal(changes, 1);
  times.happened(message);
  assert.equal(times.events[times.events.length - 1].id, "new");
  times.happened({ ...message, phase: "end", captured: 99_995, published: 2 });
  times.happened({ ...message, id: "far", captured: 200_000, published: 3 });
  assert.deepEqual([changes, times.events[times.events.length - 1].end], [3, 99_995]);
  assert.equal((await times.eventBeside(99_950, 1, server.now)).id, "new");
  await times.again(99_900, 100_000); // a list that does not have it yet
  await times.loaded;
  assert.equal(times.events[times.events.length - 1].id, "new");
  assert.equal(asked, 2);
});

test("events are asked for with the newest spans only where they may have been missed", async (context) => {
  const server = new Server();
  const periods = [];
  server.events = async (from, to) => {
    periods.push([from, to]);
    return [];
  };
  let now = 1_000_000;
  context.mock.method(performance, "now", () => now);
  const times = new RecordedTimes(server, () => {});
  const tail = async () => {
    now += 6000;
    server.now += 6;
    times.want(server.now - 1000, server.now, server.now);
    await times.loaded;
    return periods.length;
  };
  assert.equal(await tail(), 1);
  assert.equal(await tail(), 1);
  times.mayHaveMissed();
  assert.equal(await tail(), 2);
  assert.equal(periods[1][0], server.now - 6 - 90);
  assert.equal(await tail(), 2);
  const message = { id: "cut", type: "motion", phase: "start", score: 0.9, seconds: 0, captured: server.now, published: 1 };
  times.happened(message);
  assert.equal(await tail(), 3, "nothing is heard of it any more");
});

test("a page that stays open forgets what lies a week before what is visible", async (context) => {
  const server = new Server();
  server.now = 1_000_000;
  server.spans = async (from, to) => [{ begin: from, end: Math.min(server.now, to), keep: false }];
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const times = new RecordedTimes(server, () => {});
  for (let step = 0; step < 60; step += 1) {
    times.want(server.now - 86_400, server.now, server.now);
    await times.loaded;
    now += 40_000_000;
    server.now += 40_000;
  }
  assert.ok(times.events.length <= 864 * 8.2, `${times.events.length} events of a week and a day`);
  assert.ok(times.events.length >= 864 * 7.5, `${times.events.length} events`);
  assert.ok(server.now - times.events[0].start < 8.6 * 86_400);
});
