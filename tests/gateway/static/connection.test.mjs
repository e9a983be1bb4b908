import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const DAY_MS = 86_400_000;
const STEP_MS = 1000;

/** The browser's websocket, to a server that is there or not. */
class Socket {
  static OPEN = 1;
  static isServerThere = false;
  static made = [];
  readyState = 0;

  constructor() {
    Socket.made.push(this);
  }

  /** What the browser does next. */
  proceed() {
    if (this.readyState === 0 && Socket.isServerThere) {
      this.readyState = Socket.OPEN;
      this.onopen();
      this.onmessage({ data: "{}" });
    } else if (this.readyState === 0) {
      this.end();
    }
  }

  end() {
    this.readyState = 3;
    this.onclose();
  }

  close() {
    this.readyState = 2; // nothing answers: the browser takes minutes to close it
  }

  send() {}
}

globalThis.WebSocket = Socket;
const { Connection } = await load("connection/connection.js");

/** A connection, and a clock that goes on by itself. */
function started(context) {
  let now = 0;
  const seen = { opened: 0, lost: 0, probes: 0 };
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(performance, "now", () => now);
  Socket.made = [];
  const connection = new Connection("ws://host/ws", {
    onOpen: () => (seen.opened += 1),
    onLost: () => (seen.lost += 1),
    onMessage: () => {},
    onSilence: () => (seen.probes += 1),
  });
  connection.connect();
  const pass = (ms) => {
    for (const end = now + ms; now < end; ) {
      now += STEP_MS;
      context.mock.timers.tick(STEP_MS);
      Socket.made[Socket.made.length - 1].proceed();
      connection.check(now);
    }
  };
  return { connection, seen, pass };
}

test("it reconnects for a day, every few seconds, and is there at once when the server is", (context) => {
  Socket.isServerThere = false;
  const { connection, seen, pass } = started(context);
  pass(DAY_MS);
  assert.ok(Socket.made.length > DAY_MS / 6000, `${Socket.made.length} attempts`);
  assert.ok(Socket.made.length < DAY_MS / 4000, "and no more");
  assert.equal(seen.lost, Socket.made.length - (connection.retryIn(0) === null ? 1 : 0));
  Socket.isServerThere = true;
  pass(6000);
  assert.deepEqual([connection.open, seen.opened], [true, 1]);
  Socket.made[Socket.made.length - 1].end();
  pass(1000);
  assert.deepEqual([connection.open, seen.opened], [true, 2], "the pauses are short again");
});

test("a connection on which nothing arrives is given up, however often that happens", (context) => {
  Socket.isServerThere = true;
  const { seen, pass } = started(context);
  pass(DAY_MS / 4);
  assert.ok(seen.opened > DAY_MS / 4 / 31_000, `${seen.opened} connections`);
  assert.ok(seen.probes > 0);
});
