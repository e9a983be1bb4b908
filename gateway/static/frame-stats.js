/**
 * Statistics of the frames of one camera: how many were drawn, at which rate, how many were skipped, and whether the
 * last one counts as live. Pure code: times are milliseconds of performance.now().
 */

const STALLED_AFTER_MS = 2000;
const MAX_STALLED_AFTER_MS = 30_000;
const FPS_WINDOW_MS = 3000;

/**
 * @typedef {object} FrameHeader the keys of a frame's header that the page reads
 * @property {number} seq
 * @property {string} epoch
 * @property {number} captured Unix seconds
 */

export class FrameStats {
  /** Frames drawn. */
  frames = 0;
  /** Published frames that were not received, as the link or this browser is slower than the camera. */
  skipped = 0;
  /** @type {FrameHeader | null} of the last picture drawn */
  last = null;
  /** When the last picture was drawn that counts as live. */
  liveAt = -Infinity;
  /** @type {number[]} when the newest pictures were drawn, without repetitions */
  #times = [];

  /**
   * Record a frame that was drawn.
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
    const stallAfterMs = this.stallAfterMs;
    const follows = now - (this.#times.at(-1) ?? -Infinity) <= stallAfterMs;
    if (follows && before?.epoch === header.epoch) this.skipped += Math.max(0, header.seq - before.seq - 1);
    // The first frame after a pause may be hours old: it counts as live when it is recent, or when another one follows.
    if (follows || (ageMs !== null && ageMs <= stallAfterMs)) this.liveAt = now;
    this.#addTime(now);
  }

  /** Milliseconds without a new frame after which the camera counts as stalled; more for a slow camera. */
  get stallAfterMs() {
    const [first, second, third] = this.#times.slice(-3);
    // The shorter of two gaps, so that one stall does not raise the limit for the next one.
    const gap = third === undefined ? 0 : Math.min(second - first, third - second);
    return Math.min(Math.max(STALLED_AFTER_MS, 3 * gap), MAX_STALLED_AFTER_MS);
  }

  /** Whether the last frame counts as live. @param {number} now */
  isLive(now) {
    return now - this.liveAt <= this.stallAfterMs;
  }

  /** Frames drawn per second. @param {number} now */
  fps(now) {
    if (this.#times.length < 2 || !this.isLive(now)) return 0;
    return ((this.#times.length - 1) * 1000) / (this.#times.at(-1) - this.#times[0]);
  }

  /** @param {number} now */
  #addTime(now) {
    this.#times.push(now);
    while (this.#times.length > 3 && now - this.#times[0] > FPS_WINDOW_MS) this.#times.shift();
  }
}
