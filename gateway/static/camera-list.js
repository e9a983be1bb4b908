/**
 * The cameras on the page: one view each, in the server's order, and which of them are in sight. The names come from
 * /api/cameras and from the statuses, whichever is first; either alone is enough.
 */

import { ask } from "./auth.js";
import { CameraView } from "./camera-view.js";

/** A view is woken a little before it scrolls into sight. */
const SIGHT_MARGIN = "120px";
const LIST_TIMEOUT_MS = 5000;

export class CameraList {
  /** @type {Map<string, CameraView>} */
  #views = new Map();
  /** @type {Set<string>} */
  #inSight = new Set();
  #place;
  #only;
  #clock;
  #changed;
  #observer;

  /**
   * @param {Element} place where the views go
   * @param {string | null} only the camera this page is for; null for all
   * @param {import("./clock.js").ServerClock} clock
   * @param {() => void} changed called when views came, went, or moved into or out of sight
   */
  constructor(place, only, clock, changed) {
    this.#place = place;
    this.#only = only;
    this.#clock = clock;
    this.#changed = changed;
    this.#observer = new IntersectionObserver((entries) => this.#sighted(entries), { rootMargin: SIGHT_MARGIN });
  }

  get views() {
    return [...this.#views.values()];
  }

  /** The names of the cameras in sight, sorted. */
  get inSight() {
    return [...this.#inSight].sort();
  }

  /** @param {string} camera @returns {CameraView | undefined} undefined for one that this page does not show */
  find(camera) {
    return this.#views.get(camera);
  }

  /** The camera's view, made when there is none; undefined when this page is for another. @param {string} camera */
  view(camera) {
    const found = this.#views.get(camera);
    if (found || (this.#only ?? camera) !== camera) return found;
    const view = document.createElement("camera-view");
    view.build(camera, this.#clock, this.#only !== null);
    this.#views.set(camera, view);
    this.#place.append(view);
    this.#observer.observe(view);
    this.#changed();
    return view;
  }

  /** Show exactly these cameras, in this order. @param {{name: string}[]} listed entries of /api/cameras */
  arrange(listed) {
    for (const entry of listed) {
      const view = this.view(entry.name);
      if (view) view.status = entry;
    }
    const names = new Set(listed.map((entry) => entry.name));
    for (const camera of this.#views.keys()) if (!names.has(camera)) this.#remove(camera);
    const wanted = listed.map((entry) => this.#views.get(entry.name)).filter(Boolean);
    const shown = this.#place.querySelectorAll("camera-view");
    // Moving a node restarts much of it: only when the order is another.
    if (wanted.some((view, at) => view !== shown[at])) this.#place.append(...wanted);
  }

  /** @param {string} camera */
  #remove(camera) {
    const view = this.#views.get(camera);
    this.#observer.unobserve(view);
    view.remove();
    this.#views.delete(camera);
    this.#inSight.delete(camera);
    this.#changed();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #sighted(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && this.#views.has(target.dataset.camera)) this.#inSight.add(target.dataset.camera);
      else this.#inSight.delete(target.dataset.camera);
    }
    this.#changed();
  }
}

/**
 * Ask the server for its cameras.
 *
 * @returns {Promise<{cameras: object[] | null, mistake: string}>} cameras is null when the server gave no list
 */
export async function fetchCameras() {
  try {
    const response = await ask("api/cameras", LIST_TIMEOUT_MS);
    if (response.status === 401) return { cameras: null, mistake: "not logged in", unauthorized: true };
    if (!response.ok) return { cameras: null, mistake: `answer ${response.status}` };
    const { cameras } = await response.json();
    return Array.isArray(cameras) ? { cameras, mistake: "" } : { cameras: null, mistake: "no list in the answer" };
  } catch (error) {
    return { cameras: null, mistake: error.name === "TimeoutError" ? "no answer" : "no connection" };
  }
}
