/** Which camera the rotation shows, and which it makes ready. Pure code: times are milliseconds of performance.now(). */

/** The next camera is watched so long before it is shown: a camera that sleeps needs a moment for its first picture. */
const READY_MS = 2500;

export class Rotation {
  /** @type {string | null} */
  #current = null;
  #since = 0;

  /**
   * @param {string[]} cameras in order
   * @param {number} seconds for each
   * @param {number} now
   * @param {string | null} [held] the camera that fills the window, and stays as long as it does
   * @returns {{shown: string | null, next: string | null}} `next` is null while it need not be ready
   */
  at(cameras, seconds, now, held = null) {
    if (cameras.length === 0) return { shown: null, next: null };
    if (cameras.includes(held)) {
      this.#show(held, now);
      return { shown: held, next: null };
    }
    if (!cameras.includes(this.#current)) this.#show(cameras[0], now);
    if (now - this.#since >= seconds * 1000) this.#show(following(cameras, this.#current), now);
    const left = seconds * 1000 - (now - this.#since);
    const next = following(cameras, this.#current);
    return { shown: this.#current, next: left <= READY_MS && next !== this.#current ? next : null };
  }

  /** Show a camera now; the time for it begins. @param {string} camera @param {number} now */
  #show(camera, now) {
    this.#current = camera;
    this.#since = now;
  }
}

/** @param {string[]} cameras @param {string} camera */
function following(cameras, camera) {
  return cameras[(cameras.indexOf(camera) + 1) % cameras.length];
}
