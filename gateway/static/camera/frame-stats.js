/**
 * Statistics of the frames of one camera: how many were drawn, at which rate, how many were skipped, and whether the
 * picture on the screen is as new as it should be. Pure code: times are milliseconds of performance.now().
 */

/** A picture that is older than this is behind, unless the camera itself takes them as rarely. */
const BEHIND_MS = 2000;
/** After it was behind, a picture is live again when it was on time for so long: the word must not change with each picture. */
const ON_TIME_MS = 3000;
/** Statuses that name a newer picture, one a second, after which it should have arrived. */
const STATUSES = 3;
/** Without a newer picture at the camera, so long a silence is a stall, or three times the camera's longest gap. */
const SILENCE_MS = 10_000;
/** Times of capture that differ by less are the same one: they were rounded. */
const SAME_SECONDS = 0.001;
const GAPS = 3;
const GAPS_KEPT = 8;
const FPS_WINDOW_MS = 3000;

/**
 * @typedef {object} FrameHeader the keys of a frame's header that the page reads
 * @property {number} seq
 * @property {string} epoch
 * @property {number} captured Unix seconds
 *
 * @typedef {"waiting" | "live" | "behind" | "missing"} Pace
 */

export class FrameStats {
  /** Frames drawn. */
  frames = 0;
  /** Published frames that were not received, as the link or this browser is slower than the camera. */
  skipped = 0;
  /** @type {FrameHeader | null} of the last picture drawn */
  last = null;
  /** When the last new picture was drawn. */
  drawnAt = -Infinity;
  /** @type {number[]} when the newest pictures were drawn, without repetitions */
  #times = [];
  /** @type {number[]} milliseconds between two pictures of the camera, whether or not they were received */
  #gaps = [];
  /** When the page subscribed. */
  #startedAt = -Infinity;
  /** Pictures since then. */
  #drawnSince = 0;
  /** @type {number | null} age of the last picture when it was drawn */
  #ageMs = null;
  #lateAt = -Infinity;
  /** Statuses since the last new picture, and how many of them named a newer one. */
  #statuses = 0;
  #newerStatuses = 0;
  #mark = 0;

  /** The page has subscribed, or the connection is a new one. @param {number} now @param {number} mark of LinkDelay */
  started(now, mark) {
    this.#startedAt = now;
    this.#drawnSince = 0;
    this.#lateAt = -Infinity;
    this.#expectFrom(mark);
  }

  /**
   * Record a frame that was drawn.
   *
   * @param {FrameHeader} header
   * @param {number} now
   * @param {number | null} ageMs at the moment of drawing; null when unknown
   * @param {number} mark of LinkDelay
   */
  drawn(header, now, ageMs, mark) {
    const before = this.last;
    this.frames += 1;
    this.last = header;
    this.#ageMs = ageMs;
    if (before && before.epoch === header.epoch && before.seq === header.seq) return;
    if (before && this.#drawnSince > 0 && before.epoch === header.epoch) this.#count(before, header);
    this.#drawnSince += 1;
    this.drawnAt = now;
    this.#expectFrom(mark);
    this.#addTime(now);
  }

  /** Record a status of the camera. @param {{captured: number | null}} status `captured` of its newest picture */
  addStatus(status) {
    this.#statuses += 1;
    if (this.#isNewer(status)) this.#newerStatuses += 1;
  }

  /**
   * Whether the picture on the screen is as new as it should be.
   *
   * "waiting": none has come since the page subscribed. "behind": it is old, as the link is slow or the camera is late.
   * "missing": neither the camera's own rate nor the link explains that no new one comes.
   *
   * @param {number} now
   * @param {import("../connection/link-delay.js").LinkDelay} link
   * @returns {Pace}
   */
  pace(now, link) {
    if (this.#isMissing(now, link)) return "missing";
    // The age of the first picture after a pause may be hours: where it is unknown, another one has to follow.
    if (this.#drawnSince === 0 || (this.#ageMs === null && this.#drawnSince === 1)) return "waiting";
    if (this.age(now) > Math.max(BEHIND_MS, 1.5 * this.#gap + 500)) this.#lateAt = now;
    return now - this.#lateAt < ON_TIME_MS ? "behind" : "live";
  }

  /** The age of the picture on the screen, as far as it is known: at least since it was drawn. @param {number} now */
  age(now) {
    return now - this.drawnAt + (this.#ageMs ?? 0);
  }

  /** Frames drawn per second. @param {number} now */
  fps(now) {
    const count = this.#times.length - 1;
    if (count < 1) return 0;
    const interval = (this.#times[count] - this.#times[0]) / count;
    return now - this.#times[count] > Math.max(BEHIND_MS, GAPS * interval) ? 0 : 1000 / interval;
  }

  /** The longest of the camera's last gaps. */
  get #gap() {
    return Math.max(0, ...this.#gaps);
  }

  /** @param {number} now @param {import("../connection/link-delay.js").LinkDelay} link */
  #isMissing(now, link) {
    if (this.#statuses < STATUSES || link.explains(this.#mark)) return false;
    const silence = now - Math.max(this.drawnAt, this.#startedAt);
    return this.#newerStatuses >= STATUSES ? silence > BEHIND_MS : silence > Math.max(SILENCE_MS, GAPS * this.#gap);
  }

  /** @param {{captured: number | null}} status */
  #isNewer({ captured }) {
    if (captured === null) return false;
    return this.#drawnSince === 0 || captured > this.last.captured + SAME_SECONDS;
  }

  /** Start to wait for a picture. @param {number} mark */
  #expectFrom(mark) {
    this.#mark = mark;
    this.#statuses = 0;
    this.#newerStatuses = 0;
  }

  /** Count what lies between two frames of one run of the camera. @param {FrameHeader} before @param {FrameHeader} header */
  #count(before, header) {
    const steps = header.seq - before.seq;
    if (steps < 1) return;
    this.skipped += steps - 1;
    this.#gaps = [...this.#gaps.slice(1 - GAPS_KEPT), ((header.captured - before.captured) * 1000) / steps];
  }

  /** @param {number} now */
  #addTime(now) {
    this.#times.push(now);
    while (this.#times.length > 3 && now - this.#times[0] > FPS_WINDOW_MS) this.#times.shift();
  }
}
