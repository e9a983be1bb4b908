/**
 * On the page of all cameras: a mark on the tile of each camera with recorded events of the last hour, which leads to the
 * newest of them on the time line. The list of the server counts; messages of the websocket tell when to ask for it.
 */

import { withToken } from "../connection/auth.js";
import { may } from "../connection/me.js";
import { label, t } from "../words/words.js";
import { timeLabel } from "./labels.js";
import { isoTime } from "./moment-link.js";
import { withMessage } from "./pushed-events.js";
import { RECENT_SECONDS, recentEvents } from "./recent-events.js";
import { RecordingsApi } from "./recordings-api.js";

/** The recorder has stored an event within this time. */
const STORED_AFTER_MS = 1500;
/** A camera is not asked about more often. */
const AGAIN_MS = 5000;
const RETRY_MS = 30_000;

/**
 * @typedef {object} Known of a camera
 * @property {import("./spans.js").Event[]} events sorted by start
 * @property {number} listedAt
 * @property {number} dueAt when to ask for them; infinite while nothing has happened
 * @property {HTMLAnchorElement | null} mark
 */

export class LastEvents {
  #send;
  #mayLook = false;
  #isAsking = false;
  /** The cameras whose events the connection sends, as JSON. */
  #asked = "[]";
  /** @type {Map<string, Known>} by camera */
  #known = new Map();

  /** @param {(message: object) => void} send by the websocket */
  constructor(send) {
    this.#send = send;
    may("recordings").then((allowed) => (this.#mayLook = allowed));
  }

  /** The connection is a new one, which sends no events, and some may have been missed. */
  connected() {
    this.#asked = "[]";
    for (const known of this.#known.values()) known.dueAt = 0;
  }

  /** @param {import("../connection/wire.js").Message} message */
  receivedEvent({ camera, header }) {
    const known = this.#known.get(camera);
    if (!known) return;
    const now = performance.now();
    if (known.events.some(({ id }) => id === header.id)) known.events = withMessage(known.events, header, now);
    else known.dueAt = Math.min(known.dueAt, Math.max(now + STORED_AFTER_MS, known.listedAt + AGAIN_MS));
  }

  /**
   * To be called several times a second. Without a connection nothing says that an event goes on.
   *
   * @param {import("../camera/camera-view.js").CameraView[]} views
   * @param {number} unix seconds
   * @param {boolean} connected
   */
  refresh(views, unix, connected) {
    if (!this.#mayLook) return;
    const names = views.map((view) => view.dataset.camera).sort();
    if (connected && JSON.stringify(names) !== this.#asked) {
      this.#asked = JSON.stringify(names);
      this.#send({ events: names });
    }
    const now = performance.now();
    for (const view of views) this.#show(view, { unix, ms: now });
    const due = names.find((name) => this.#known.get(name).dueAt <= now);
    if (connected && due && !this.#isAsking && !document.hidden) this.#ask(due, unix);
  }

  /** @param {string} camera @param {number} unix */
  async #ask(camera, unix) {
    const known = this.#known.get(camera);
    this.#isAsking = true;
    known.dueAt = Infinity;
    try {
      known.events = await new RecordingsApi(camera).events(unix - RECENT_SECONDS, unix + RECENT_SECONDS);
    } catch {
      known.dueAt = performance.now() + RETRY_MS;
    } finally {
      known.listedAt = performance.now();
      this.#isAsking = false;
    }
  }

  /** @param {import("../camera/camera-view.js").CameraView} view @param {{unix: number, ms: number}} now */
  #show(view, now) {
    const { camera } = view.dataset;
    let known = this.#known.get(camera);
    if (!known) this.#known.set(camera, (known = { events: [], listedAt: -Infinity, dueAt: 0, mark: null }));
    const recent = recentEvents(known.events, known.listedAt, now);
    if (!recent && !known.mark) return;
    if (!known.mark?.isConnected) view.querySelector(".picture").append((known.mark = newMark()));
    const { mark } = known;
    mark.hidden = !recent;
    if (!recent) return;
    const time = timeLabel(recent.start, "minute");
    const text = t(recent.isNow ? "events.now" : "events.last", { n: recent.count, time, camera: view.displayName });
    if (mark.title === text) return;
    label(mark, text);
    mark.dataset.now = String(recent.isNow);
    mark.querySelector(".last-event-text").textContent = recent.count > 1 ? `${time} · ${recent.count}` : time;
    const url = withToken(`camera/${camera}/`);
    url.searchParams.set("at", isoTime(recent.start));
    mark.href = url.href;
  }
}

/** @returns {HTMLAnchorElement} */
function newMark() {
  return document.getElementById("last-event").content.cloneNode(true).firstElementChild;
}
