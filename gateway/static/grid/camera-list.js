/**
 * The cameras on the page: one view each, in the server's order, and which of them are visible. The names come from
 * /api/cameras and from the statuses; either alone is enough. After a change, the websocket says which cameras there are:
 * another worker may answer /api/cameras, and learn of the change later.
 */

import { fetchApi } from "../connection/auth.js";
import { CameraView } from "../camera/camera-view.js";
import { handOver } from "../camera/fullscreen.js";
import { t } from "../words/words.js";

/** A camera is subscribed to before it scrolls into view. */
const VISIBLE_MARGIN = "120px";
const LIST_TIMEOUT_MS = 5000;

export class CameraList {
  /** @type {Map<string, CameraView>} */
  #views = new Map();
  /** @type {Set<string>} */
  #visible = new Set();
  /** @type {Set<string> | null} all cameras by the websocket; null while it has not named them */
  #announced = null;
  #container;
  #onlyCamera;
  #clock;
  #link;
  #onChange;
  #observer;
  /** @type {string[]} the cameras in the server's order */
  #listed = [];
  #sort;

  /**
   * @param {Element} container of the views
   * @param {string | null} onlyCamera the camera this page is for; null for all
   * @param {import("../connection/clock.js").ServerClock} clock
   * @param {import("../connection/link-delay.js").LinkDelay} link
   * @param {() => void} onChange called when views were added or removed, or became visible or hidden
   * @param {(names: string[]) => string[]} [sort] the order of the cameras on the page, given that of the server
   */
  constructor(container, onlyCamera, clock, link, onChange, sort = (names) => names) {
    this.#container = container;
    this.#onlyCamera = onlyCamera;
    this.#clock = clock;
    this.#link = link;
    this.#onChange = onChange;
    this.#sort = sort;
    this.#observer = new IntersectionObserver((entries) => this.#updateVisible(entries), { rootMargin: VISIBLE_MARGIN });
  }

  /** Show another camera alone. @param {string} camera */
  showOnly(camera) {
    this.#onlyCamera = camera;
    handOver(this.getOrCreate(camera));
    const others = [...this.#views.keys()].filter((name) => name !== camera);
    for (const name of others) this.#remove(name);
    this.#onChange();
  }

  /** In the order of the page. */
  get views() {
    const names = this.#sort(this.names);
    return names.map((name) => this.#views.get(name));
  }

  /** The cameras that have views, in the server's order. */
  get names() {
    const known = this.#listed.filter((name) => this.#views.has(name));
    return [...known, ...[...this.#views.keys()].filter((name) => !known.includes(name))];
  }

  /** The names of the visible cameras, sorted. */
  get visible() {
    return [...this.#visible].sort();
  }

  /** @param {string} camera @returns {CameraView | undefined} undefined for one that this page does not show */
  get(camera) {
    return this.#views.get(camera);
  }

  /** The camera's view, made when there is none; undefined when this page is for another. @param {string} camera */
  getOrCreate(camera) {
    const existing = this.#views.get(camera);
    if (existing || (this.#onlyCamera ?? camera) !== camera) return existing;
    const view = document.createElement("camera-view");
    view.build(camera, this.#clock, this.#link, this.#onlyCamera !== null);
    this.#views.set(camera, view);
    this.#container.append(view);
    this.#observer.observe(view);
    this.#onChange();
    return view;
  }

  /**
   * Show no cameras but these from now on, whatever is listed.
   *
   * @param {string[] | null} cameras null when the websocket is lost: the next list counts
   */
  announce(cameras) {
    this.#announced = cameras && new Set(cameras);
    if (this.#announced) this.#keep(this.#announced);
  }

  /** Show exactly these cameras, in this order. @param {{name: string}[]} listed entries of /api/cameras */
  update(listed) {
    const names = this.#announced ?? new Set(listed.map((entry) => entry.name));
    const entries = listed.filter((entry) => names.has(entry.name));
    for (const entry of entries) {
      const view = this.getOrCreate(entry.name);
      if (!view) continue;
      view.status = entry;
      view.displayName = entry.title ?? entry.name;
    }
    this.#listed = entries.map((entry) => entry.name);
    this.#keep(names);
    this.order();
  }

  /** Put the views into the order of the page, which is that of the Tab key and of screen readers. */
  order() {
    const wanted = this.views;
    const shown = this.#container.querySelectorAll("camera-view");
    // Moving a node reloads parts of it, so it is moved only when the order differs.
    if (wanted.some((view, at) => view !== shown[at])) this.#container.append(...wanted);
  }

  /** Remove the views of all other cameras. @param {Set<string>} names */
  #keep(names) {
    const gone = [...this.#views.keys()].filter((camera) => !names.has(camera));
    for (const camera of gone) this.#remove(camera);
    // Only now: a subscription to a camera that is gone is an error.
    if (gone.length > 0) this.#onChange();
  }

  /** @param {string} camera */
  #remove(camera) {
    const view = this.#views.get(camera);
    this.#observer.unobserve(view);
    view.remove();
    this.#views.delete(camera);
    this.#visible.delete(camera);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #updateVisible(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting && this.#views.has(target.dataset.camera)) this.#visible.add(target.dataset.camera);
      else this.#visible.delete(target.dataset.camera);
    }
    this.#onChange();
  }
}

/**
 * Get the list of cameras from the server.
 *
 * @returns {Promise<{cameras: object[] | null, error: string, now?: number, version?: string, unauthorized?: boolean}>} cameras is null
 *   when the server gave no list; `now` is its time, in Unix seconds
 */
export async function fetchCameras() {
  try {
    const response = await fetchApi("api/cameras", LIST_TIMEOUT_MS);
    if (response.status === 401) return { cameras: null, error: t("list.notLoggedIn"), unauthorized: true };
    if (!response.ok) return { cameras: null, error: t("list.answer", { code: response.status }) };
    const { cameras, now, version } = await response.json();
    return Array.isArray(cameras) ? { cameras, error: "", now, version } : { cameras: null, error: t("list.noList") };
  } catch (error) {
    return { cameras: null, error: error.name === "AbortError" ? t("list.noAnswer") : t("list.noConnection") };
  }
}
