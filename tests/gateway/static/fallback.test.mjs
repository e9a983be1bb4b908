import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { load } from "./load.mjs";

/** The requests for stills, which the test answers, and what waits for the first; streams get no answer. */
const stills = [];
let onStill = () => {};
const streams = [];
let onStream = () => {};
const server = createServer((request, response) => {
  if (request.url.includes("/stream.mjpg")) {
    streams.push(request.url);
    onStream();
  }
  if (!request.url.startsWith("/camera/c5/snapshot.jpg")) return;
  stills.push(response);
  onStill();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});

Object.assign(globalThis, {
  location: { search: "" },
  document: { baseURI: `http://127.0.0.1:${server.address().port}/` },
  setInterval() {},
});
const { Fallback } = await load("connection/fallback.js");

/** Six views, so that the last one shows stills. */
function sixViews() {
  const drawn = [];
  const views = [...Array(6).keys()].map((number) => ({
    dataset: { camera: `c${number}` },
    wanted: { width: 64 },
    offerPlain: (body) => drawn.push(String.fromCharCode(...body)),
  }));
  return { views, drawn };
}

test("a still that comes after the websocket is back is not drawn", async () => {
  const { views, drawn } = sixViews();
  const fallback = new Fallback();
  const asked = new Promise((resolve) => (onStill = resolve));
  fallback.show(views, 0);
  await asked;
  fallback.show([], 1000); // the websocket is back
  stills.pop().end("old");
  for (let now = 10_000; stills.length === 0; now += 10_000) {
    fallback.show(views, now); // and lost again
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const done = new Promise((resolve) => (views[5].offerPlain = (body) => resolve(drawn.push(String.fromCharCode(...body)))));
  stills.pop().end("new");
  await done;
  fallback.show([], 1);
  assert.deepEqual(drawn, ["new"]);
});

test("a zoomed picture has a stream of full size, for as long", async () => {
  streams.length = 0;
  const view = { dataset: { camera: "c0" }, wanted: { width: 64 }, offerPlain() {} };
  const fallback = new Fallback();
  const next = async (wanted) => {
    view.wanted = wanted;
    const opened = new Promise((resolve) => (onStream = resolve));
    fallback.show([view], 0);
    await opened;
  };
  await next({ width: 64 });
  await next({});
  fallback.show([view], 1); // it is as it should be
  await next({ width: 64 });
  fallback.show([], 2);
  assert.deepEqual(streams, ["/camera/c0/stream.mjpg?width=64", "/camera/c0/stream.mjpg", "/camera/c0/stream.mjpg?width=64"]);
});
