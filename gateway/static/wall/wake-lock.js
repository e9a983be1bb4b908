/**
 * Keeps the screen on, for the wall view and for a picture that fills the window: by the browser's wake lock, and where there is
 * none by an invisible film. Over plain http, browsers have no wake lock for other machines than their own.
 */

const RETRY_MS = 10_000;
const FILM_FPS = 1;

/** @type {Set<string>} what wants the screen to stay on */
const wanting = new Set();
/** @type {WakeLock | null} */
let screenLock = null;

/** @param {string} what wants it @param {boolean} wanted whether it still does */
export function keepScreenOn(what, wanted) {
  if (wanted) wanting.add(what);
  else wanting.delete(what);
  screenLock ??= new WakeLock(document.body);
  screenLock.wanted = wanting.size > 0;
}

class WakeLock {
  #body;
  #wanted = false;
  #lock = null;
  #film = null;
  #timer = 0;

  /** @param {HTMLElement} body takes `data-awake`: "lock", "film" or "no" */
  constructor(body) {
    this.#body = body;
    // A browser ends the lock of a page that is hidden.
    document.addEventListener("visibilitychange", () => this.#request());
  }

  /** @param {boolean} wanted whether the screen is to stay on */
  set wanted(wanted) {
    this.#wanted = wanted;
    if (wanted) this.#request();
    else this.#release();
  }

  async #request() {
    clearTimeout(this.#timer);
    if (!this.#wanted || document.hidden || this.#lock) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (!this.#wanted || this.#lock) return await lock.release(); // meanwhile, it was given up or asked for again
      lock.addEventListener("release", () => this.#onReleased());
      this.#lock = lock;
      this.#show("lock");
    } catch {
      this.#play(); // there is none here, or the battery is low
    }
  }

  #onReleased() {
    this.#lock = null;
    if (this.#wanted) this.#timer = setTimeout(() => this.#request(), RETRY_MS);
  }

  /** A canvas as a film: it needs no file, and no right to load one. */
  async #play() {
    try {
      this.#film ??= film();
      await this.#film.play();
      this.#show("film");
    } catch (error) {
      this.#show("no");
      console.info(`framebus: the screen may go off: ${error.message}`);
    }
    this.#timer = setTimeout(() => this.#request(), RETRY_MS);
  }

  #release() {
    clearTimeout(this.#timer);
    this.#lock?.release();
    this.#film?.remove();
    this.#lock = this.#film = null;
    this.#show("no");
  }

  /** @param {string} awake */
  #show(awake) {
    this.#body.dataset.awake = awake;
  }
}

/** @returns {HTMLVideoElement} in the page, behind everything */
function film() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const video = document.createElement("video");
  Object.assign(video, { muted: true, srcObject: canvas.captureStream(FILM_FPS) });
  video.setAttribute("playsinline", "");
  video.setAttribute("aria-hidden", "true");
  video.className = "keep-awake";
  // A film without new pictures counts as one that is paused.
  const timer = setInterval(() => {
    context.fillRect(0, 0, 1, 1);
    if (!video.isConnected) clearInterval(timer);
  }, 1000 / FILM_FPS);
  document.body.append(video);
  return video;
}
