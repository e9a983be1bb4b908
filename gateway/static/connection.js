/**
 * The websocket of the page. It reconnects with increasing pauses, and closes a connection on which nothing arrives. Its
 * owner decides what is sent.
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** The server sends a status each second; without cameras it sends nothing unless it is asked. */
const ASK_AFTER_MS = 3000;
const SILENCE_MS = 6000;
/** On a very slow link one picture may take longer than SILENCE_MS: after each timeout, the limit is doubled. */
const LONGEST_SILENCE_MS = 24_000;
const SETTLED_MS = 30_000;

/**
 * @typedef {object} Owner
 * @property {() => void} opened
 * @property {() => void} lost each time an attempt failed or the connection broke
 * @property {(data: string | ArrayBuffer, reply: (answer: object) => void) => void} received `reply` answers on the
 *   connection that the message came by, and does nothing when that is gone
 * @property {() => void} silent called to make the server send something
 */

export class Connection {
  #url;
  #owner;
  /** @type {WebSocket | null} null while waiting for the next attempt */
  #socket = null;
  #timer = 0;
  #pause = FIRST_PAUSE_MS;
  #retryAt = 0;
  #startedAt = 0;
  #heardAt = 0;
  #silence = SILENCE_MS;

  /** @param {string} url @param {Owner} owner */
  constructor(url, owner) {
    this.#url = url;
    this.#owner = owner;
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
    this.#startedAt = this.#heardAt = performance.now();
  }

  /** Send a message, if there is a connection. @param {object} message */
  send(message) {
    if (this.#socket) post(this.#socket, message);
  }

  /** Check for a connection on which nothing arrives; to be called several times a second. @param {number} now */
  check(now) {
    const silent = now - this.#heardAt;
    if (this.#socket && silent > this.#silence) {
      this.#silence = Math.min(2 * this.#silence, LONGEST_SILENCE_MS);
      this.#abandon(this.#socket);
    } else if (this.open && silent > ASK_AFTER_MS) {
      this.#owner.silent();
    }
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#heardAt = performance.now();
    this.#owner.opened();
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.#heardAt = performance.now();
    this.#pause = FIRST_PAUSE_MS;
    if (this.#heardAt - this.#startedAt > SETTLED_MS) this.#silence = SILENCE_MS;
    this.#owner.received(data, (answer) => post(socket, answer));
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
    this.#retryAt = performance.now() + this.#pause;
    this.#timer = setTimeout(() => this.connect(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
    this.#owner.lost();
  }
}

/** @param {WebSocket} socket @param {object} message */
function post(socket, message) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}
