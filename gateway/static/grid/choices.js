/**
 * What a person chose for the page of all cameras: their order, which are hidden, and the layout. Pure code; it is kept in the
 * browser as text, and whatever that text has become, the page is usable.
 */

/** @typedef {"all" | "large" | "rotation"} Layout */
const LAYOUTS = Object.freeze(["all", "large", "rotation"]);
/** Seconds for which the rotation shows each camera. */
export const ROTATION_SECONDS = Object.freeze([5, 10, 20, 30, 60]);
const DEFAULT_SECONDS = 10;
/** Of more cameras than this, the order is not kept. */
const MOST_NAMES = 500;
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

export class Choices {
  /** @type {string[]} cameras in the chosen order; others come after them */
  #order = [];
  /** @type {Set<string>} */
  #hidden = new Set();
  /** @type {Layout} */
  layout = "all";
  /** @type {string | null} the camera that was last made large */
  large = null;
  /** How long the rotation shows each camera. */
  seconds = DEFAULT_SECONDS;
  /** Whether the time of each picture stands over it. */
  timestamps = false;

  /** Read what `text` has kept; what it does not have, or what makes no sense, stays as it comes. @param {string | null} text */
  static parse(text) {
    const choices = new Choices();
    const kept = object(text);
    choices.#order = names(kept.order);
    choices.#hidden = new Set(names(kept.hidden));
    if (LAYOUTS.includes(kept.layout)) choices.layout = kept.layout;
    choices.large = names([kept.large])[0] ?? null;
    if (ROTATION_SECONDS.includes(kept.seconds)) choices.seconds = kept.seconds;
    choices.timestamps = kept.timestamps === true;
    return choices;
  }

  /** @returns {string} to be kept */
  toString() {
    const { layout, large, seconds, timestamps } = this;
    return JSON.stringify({ order: this.#order, hidden: [...this.#hidden], layout, large, seconds, timestamps });
  }

  /** The cameras in the chosen order: those that it does not name last, in the server's. @param {string[]} cameras */
  sorted(cameras) {
    const known = this.#order.filter((camera) => cameras.includes(camera));
    return [...known, ...cameras.filter((camera) => !known.includes(camera))];
  }

  /**
   * The cameras that are not hidden, in the chosen order.
   *
   * @template {{name: string}} T
   * @param {T[]} cameras @param {string | null} kept is shown in any case
   * @returns {T[]}
   */
  shown(cameras, kept) {
    const names = this.sorted(cameras.map(({ name }) => name)).filter((name) => name === kept || !this.isHidden(name));
    return names.map((name) => cameras.find((camera) => camera.name === name));
  }

  /** @param {string} camera */
  isHidden(camera) {
    return this.#hidden.has(camera);
  }

  /** @param {string} camera @param {boolean} hidden */
  hide(camera, hidden) {
    if (hidden) this.#hidden.add(camera);
    else this.#hidden.delete(camera);
  }

  /**
   * Put a camera elsewhere.
   *
   * @param {string[]} cameras all of them, in the server's order
   * @param {string} camera
   * @param {number} to its place from 0; what lies outside counts as the first or the last
   */
  move(cameras, camera, to) {
    const sorted = this.sorted(cameras).filter((one) => one !== camera);
    sorted.splice(Math.max(0, Math.min(to, sorted.length)), 0, camera);
    // Cameras that are gone for a while keep their places behind.
    this.#order = [...sorted, ...this.#order.filter((one) => !sorted.includes(one))].slice(0, MOST_NAMES);
  }

  /** The server's order, and all cameras shown. */
  reset() {
    this.#order = [];
    this.#hidden.clear();
  }
}

/** @param {string | null} text @returns {Record<string, any>} */
function object(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return found !== null && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** @param {any} list @returns {string[]} what of it can be names of cameras, each once */
function names(list) {
  const found = Array.isArray(list) ? list.filter((name) => typeof name === "string" && NAME.test(name)) : [];
  return [...new Set(found)].slice(0, MOST_NAMES);
}
