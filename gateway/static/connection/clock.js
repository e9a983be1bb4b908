/**
 * Estimates the server's clock, so that the age of a picture is right although the clocks of the two machines differ.
 * As in NTP, the sample with the shortest round trip is used.
 */

const SAMPLES_KEPT = 16;
/** A larger difference than the round trips explain means that the server's clock was set, as a Raspberry Pi does at boot. */
const JUMP_MS = 50;

export class ServerClock {
  /** @type {{offset: number, roundTrip: number}[]} */
  #samples = [];

  /**
   * Record an answer of the server.
   *
   * @param {number} sent when the question left, milliseconds of performance.now()
   * @param {number} received when the answer came, on the same clock
   * @param {number} now what the server's clock said, Unix seconds
   */
  add(sent, received, now) {
    if (![sent, received, now].every(Number.isFinite) || received < sent) return;
    const sample = { offset: now * 1000 - (sent + received) / 2, roundTrip: received - sent };
    const best = this.#best();
    if (best && Math.abs(sample.offset - best.offset) > (sample.roundTrip + best.roundTrip) / 2 + JUMP_MS) this.#samples = [];
    this.#samples = [...this.#samples.slice(1 - SAMPLES_KEPT), sample];
  }

  /** Forget everything: another server may answer after a reconnect, and this machine may have slept. */
  reset() {
    this.#samples = [];
  }

  /**
   * Return the server's time.
   *
   * @param {number} local milliseconds of performance.now()
   * @returns {number | null} Unix milliseconds; null while unknown
   */
  at(local) {
    const best = this.#best();
    return best ? local + best.offset : null;
  }

  #best() {
    return this.#samples.reduce((best, one) => (best && best.roundTrip <= one.roundTrip ? best : one), null);
  }
}
