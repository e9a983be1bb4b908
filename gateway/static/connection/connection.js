/**
 * The websocket of the page. It reconnects with increasing pauses, and closes a connection on which nothing arrives. Its
 * owner decides what is sent.
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** The server sends a status each second; without cameras it sends nothing unless it is asked. */
const PROBE_AFTER_MS = 3000;
const SILENCE_MS = 6000;
/** On a very slow link one picture may take longer than SILENCE_MS: after each timeout, the limit is doubled. */
const LONGEST_SILENCE_MS = 24_000;
const SETTLED_MS = 30_000;

/**
 * @typedef {object} Handlers
 * @property {() => void} onOpen
 * @property {() => void} onLost each time an attempt failed or the connection broke
 * @property {(data: string | ArrayBuffer, reply: (answer: object) => void) => void} onMessage `reply` answers on the
 *   connection that the message came by, and does nothing when that is gone
 * @property {() => void} onSilence called to make the server send something
 */

export class Connection {
  #url;
  #handlers;
  /** @type {WebSocket | null} null while waiting for the next attempt */
  #socket = null;
  #timer = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #retryAt = 0;
  #startedAt = 0;
  #receivedAt = 0;
  #silenceLimitMs = SILENCE_MS;

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Milliseconds to the next attempt; null while one is made or the connection is open. @param {number} now */
  retryIn(now) {
    return this.#socket === null ? Math.max(0, this.#retryAt - now) : null;
  }

  /** Connect, unless that is done or under way. */
  connect() {
    if (this.#socket) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url, "framebus.v1");
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = () => this.#drop(socket);
    this.#socket = socket;
    this.#startedAt = this.#receivedAt = performance.now();
  }

  /** Send a message, if there is a connection. @param {object} message */
  send(message) {
    if (this.#socket) sendJson(this.#socket, message);
  }

  /** Check for a connection on which nothing arrives; to be called several times a second. @param {number} now */
  check(now) {
    const silent = now - this.#receivedAt;
    if (this.#socket && silent > this.#silenceLimitMs) {
      this.#silenceLimitMs = Math.min(2 * this.#silenceLimitMs, LONGEST_SILENCE_MS);
      this.#abandon(this.#socket);
    } else if (this.open && silent > PROBE_AFTER_MS) {
      this.#handlers.onSilence();
    }
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#receivedAt = performance.now();
    this.#handlers.onOpen();
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.#receivedAt = performance.now();
    this.#pauseMs = FIRST_PAUSE_MS;
    if (this.#receivedAt - this.#startedAt > SETTLED_MS) this.#silenceLimitMs = SILENCE_MS;
    this.#handlers.onMessage(data, (answer) => sendJson(socket, answer));
  }

  /** A half-open connection takes minutes to report its own end. @param {WebSocket} socket */
  #abandon(socket) {
    socket.close();
    this.#drop(socket);
  }

  /** @param {WebSocket} socket */
  #drop(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#retryAt = performance.now() + this.#pauseMs;
    this.#timer = setTimeout(() => this.connect(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#handlers.onLost();
  }
}

/** @param {WebSocket} socket @param {object} message */
function sendJson(socket, message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
