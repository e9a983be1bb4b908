/**
 * What is looked at: the live picture, one recorded moment, or a film. It says so to the server, and decides which recorded
 * frames are drawn. Pure code: the messages are those of docs/wire-format.md, times are Unix seconds.
 */

/** Seeks that may be under way: the frames of one are on their way while the server looks for those of the other. */
const SEEKS_UNDER_WAY = 2;
/** A seek without an answer for so long is given up: an answer may be lost with its connection. */
const ANSWER_MS = 5000;
/** Steps that may wait for the frame before them. */
const MAX_STEPS = 25;
/** Times as fast as it was. */
export const SPEEDS = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/**
 * @typedef {object} Film
 * @property {number} id
 * @property {number} speed negative for backwards
 */

export class Player {
  /** @type {"live" | "still" | "playing"} */
  mode = "live";
  /** The moment on the screen, or the one that is sought while there is none; null in live mode. @type {number | null} */
  at = null;
  /** What the server said last that a person should know. @type {{kind: "refused" | "gap" | "end", text: string, gap?: number[]} | null} */
  notice = null;
  #camera;
  #send;
  #now;
  #width = () => null;
  #id = 0;
  /** Frames of earlier requests are not drawn. */
  #firstId = 0;
  /** The newest request of which a frame was drawn. */
  #lastId = 0;
  /** @type {{id: number, sentAt: number}[]} */
  #underWay = [];
  /** @type {{at: number} | null} the seek that waits */
  #waiting = null;
  /** Steps that wait. */
  #steps = 0;
  /** @type {Film | null} */
  #film = null;

  /**
   * @param {string} camera
   * @param {(message: object) => void} send
   * @param {() => number} [now] milliseconds
   */
  constructor(camera, send, now = () => performance.now()) {
    this.#camera = camera;
    this.#send = send;
    this.#now = now;
  }

  /** How many pixels wide the picture is, asked at each request. @param {() => number | null} width */
  set width(width) {
    this.#width = width;
  }

  /** Of the film that runs; 0 while none does. */
  get speed() {
    return this.#film?.speed ?? 0;
  }

  /** Show the frame of a moment. Of seeks that wait, only the newest is sent. @param {number} at */
  seek(at) {
    this.#becomeStill();
    this.#steps = 0;
    this.at = at;
    this.#waiting = { at };
    this.#sendWaiting();
  }

  /** Show the next frame, or the one before. @param {1 | -1} direction @param {number} from where to begin in live mode */
  step(direction, from) {
    if (this.at === null) this.at = from;
    this.#becomeStill();
    this.#steps = Math.min(MAX_STEPS, Math.max(-MAX_STEPS, this.#steps + direction));
    this.#sendWaiting();
  }

  /** Play from the moment on the screen. @param {number} speed one of SPEEDS, negative for backwards @param {number} from in live mode */
  play(speed, from) {
    this.at ??= from;
    this.#forgetSeeks();
    this.mode = "playing";
    this.notice = null;
    this.#startFilm(speed);
  }

  /** Stop the film at the frame on the screen. */
  pause() {
    if (this.mode !== "playing") return;
    this.mode = "still";
    this.#endFilm();
    this.#send({ play: { camera: this.#camera, speed: 0, id: this.#nextId() } });
  }

  /** Show the live picture again. */
  live() {
    if (this.mode === "live") return;
    this.mode = "live";
    this.at = this.notice = null;
    this.#forgetSeeks();
    this.#endFilm();
    this.#firstId = this.#nextId() + 1;
    this.#send({ seek: { camera: this.#camera } });
  }

  /** The connection is a new one, which knows nothing: ask again for what is looked at. */
  connected() {
    this.#underWay = [];
    if (this.mode === "playing" && this.#film) return this.#startFilm(this.#film.speed);
    if (this.mode !== "still") return;
    this.#waiting ??= { at: this.at };
    this.#sendWaiting();
  }

  /**
   * A recorded frame has come.
   *
   * @param {{id: number, at: number}} header
   * @returns {boolean} whether to draw it
   */
  frame({ id, at }) {
    this.#settle(id);
    if (this.mode === "live" || id < this.#firstId || id < this.#lastId) return false;
    this.#lastId = id;
    // While something else is sought, the time line stays where the finger is.
    if (this.mode === "playing" || (!this.#waiting && this.#underWay.length === 0)) this.at = at;
    this.notice = null;
    this.#sendWaiting();
    return true;
  }

  /** The server found nothing for a seek; what was found comes as a frame. @param {{id: number, captured: number | null, reason?: string}} answer */
  sought({ id, captured, reason }) {
    if (captured !== null && captured !== undefined) return;
    const isNewest = this.mode === "still" && id >= this.#firstId && id === this.#id;
    this.#settle(id);
    if (isNewest) {
      this.notice = { kind: "refused", text: reason ?? "" };
      this.#steps = 0;
    }
    this.#sendWaiting();
  }

  /** The film has skipped a gap, or has ended. @param {{id: number, gap?: number[], at?: number | null, reason?: string}} answer */
  played({ id, gap, at, reason }) {
    if (this.#film?.id !== id) return;
    if (gap) {
      this.notice = { kind: "gap", text: "", gap };
      return;
    }
    this.mode = "still";
    if (typeof at === "number") this.at = at;
    this.notice = reason === "end" ? { kind: "end", text: "" } : { kind: "refused", text: reason ?? "" };
    this.#endFilm();
    if (this.#lastId >= id) return;
    // No frame of it came: what is on the screen may be the live picture.
    this.#waiting = { at: this.at };
    this.#sendWaiting();
  }

  /** Go on after a seek that was not answered; to be called now and then. */
  check() {
    if (this.mode === "still") this.#sendWaiting();
  }

  #becomeStill() {
    if (this.mode === "playing") this.#endFilm();
    if (this.mode !== "still") this.#firstId = this.#id + 1;
    this.mode = "still";
    this.notice = null;
  }

  /** @param {number} speed */
  #startFilm(speed) {
    const id = this.#nextId();
    this.#film = { id, speed };
    this.#firstId = id;
    this.#send({ play: { camera: this.#camera, from: this.at, speed, ...this.#sized(), id } });
  }

  #endFilm() {
    this.#film = null;
    this.#firstId = this.#id + 1;
  }

  #forgetSeeks() {
    this.#underWay = [];
    this.#waiting = null;
    this.#steps = 0;
  }

  /** An answer settles the request and those before it, which it has replaced. @param {number} id */
  #settle(id) {
    this.#underWay = this.#underWay.filter((seek) => seek.id > id);
  }

  #sendWaiting() {
    const now = this.#now();
    this.#underWay = this.#underWay.filter((seek) => now - seek.sentAt < ANSWER_MS);
    if (this.#waiting && this.#underWay.length < SEEKS_UNDER_WAY) {
      const { at } = this.#waiting;
      this.#waiting = null;
      this.#request({ at });
    } else if (this.#steps !== 0 && !this.#waiting && this.#underWay.length === 0) {
      const step = Math.sign(this.#steps);
      this.#steps -= step;
      this.#request({ at: this.at, step });
    }
  }

  /** @param {object} values */
  #request(values) {
    const id = this.#nextId();
    this.#underWay.push({ id, sentAt: this.#now() });
    this.#send({ seek: { camera: this.#camera, ...values, ...this.#sized(), id } });
  }

  #sized() {
    const width = this.#width();
    return width === null ? {} : { width };
  }

  #nextId() {
    this.#id += 1;
    return this.#id;
  }
}
