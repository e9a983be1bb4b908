/**
 * The server's clock as seen from this page, so that the age of a picture is right although the two machines' clocks
 * differ. Estimates as NTP does: of several questions the one with the shortest round trip is trusted.
 */

const SAMPLES_KEPT = 16;
/** Beyond what the round trips explain, by this much, the server's clock was set: a Raspberry Pi has none at boot. */
const JUMP_MS = 50;

export class ServerClock {
  /** @type {{offset: number, trip: number}[]} */
  #samples = [];

  /**
   * Take in one answer.
   *
   * @param {number} sent when the question left, milliseconds of performance.now()
   * @param {number} received when the answer came, on the same clock
   * @param {number} now what the server's clock said, Unix seconds
   */
  add(sent, received, now) {
    if (![sent, received, now].every(Number.isFinite) || received < sent) return;
    const sample = { offset: now * 1000 - (sent + received) / 2, trip: received - sent };
    const best = this.#best();
    if (best && Math.abs(sample.offset - best.offset) > (sample.trip + best.trip) / 2 + JUMP_MS) this.#samples = [];
    this.#samples = [...this.#samples.slice(1 - SAMPLES_KEPT), sample];
  }

  /** Forget everything: another server may answer after a reconnect, and this machine may have slept. */
  reset() {
    this.#samples = [];
  }

  /**
   * The server's time.
   *
   * @param {number} local milliseconds of performance.now()
   * @returns {number | null} Unix milliseconds; null while unknown
   */
  at(local) {
    const best = this.#best();
    return best ? local + best.offset : null;
  }

  #best() {
    return this.#samples.reduce((best, one) => (best && best.trip <= one.trip ? best : one), null);
  }
}
