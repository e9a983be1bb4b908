/**
 * How the drawn pictures of one camera follow each other: how many, how fast, how many were skipped, and whether the
 * last one may pass for live. Pure code: times come in as milliseconds of performance.now().
 */

const STALLED_AFTER_MS = 2000;
const MAX_STALLED_AFTER_MS = 30_000;
const RATE_OVER_MS = 3000;

/**
 * @typedef {object} FrameHeader the keys of a frame's header that the page reads
 * @property {number} seq
 * @property {string} epoch
 * @property {number} captured Unix seconds
 */

export class FrameStats {
  /** Pictures drawn. */
  frames = 0;
  /** Published pictures that never came here: the link or this browser is slower than the camera. */
  skipped = 0;
  /** @type {FrameHeader | null} of the last picture drawn */
  last = null;
  /** When the last picture was drawn that counts as live. */
  freshAt = -Infinity;
  /** @type {number[]} when the newest pictures were drawn, without repetitions */
  #times = [];

  /**
   * Take in one drawn picture.
   *
   * @param {FrameHeader} header
   * @param {number} now
   * @param {number | null} ageMs at the moment of drawing; null when unknown
   */
  drawn(header, now, ageMs) {
    const before = this.last;
    this.frames += 1;
    this.last = header;
    if (before && before.epoch === header.epoch && before.seq === header.seq) return;
    const patience = this.patience;
    const follows = now - (this.#times.at(-1) ?? -Infinity) <= patience;
    if (follows && before?.epoch === header.epoch) this.skipped += Math.max(0, header.seq - before.seq - 1);
    // The first picture after a pause may be hours old: it counts when it is young, or when another one follows it.
    if (follows || (ageMs !== null && ageMs <= patience)) this.freshAt = now;
    this.#note(now);
  }

  /** Milliseconds without a new picture after which the camera counts as stalled. A slow camera gets longer. */
  get patience() {
    const [first, second, third] = this.#times.slice(-3);
    // The shorter of two gaps: one stall must not make the next one wait.
    const gap = third === undefined ? 0 : Math.min(second - first, third - second);
    return Math.min(Math.max(STALLED_AFTER_MS, 3 * gap), MAX_STALLED_AFTER_MS);
  }

  /** Whether the picture may pass for live. @param {number} now */
  moving(now) {
    return now - this.freshAt <= this.patience;
  }

  /** Pictures drawn each second. @param {number} now */
  fps(now) {
    if (this.#times.length < 2 || !this.moving(now)) return 0;
    return ((this.#times.length - 1) * 1000) / (this.#times.at(-1) - this.#times[0]);
  }

  /** @param {number} now */
  #note(now) {
    this.#times.push(now);
    while (this.#times.length > 3 && now - this.#times[0] > RATE_OVER_MS) this.#times.shift();
  }
}
