/** Who watches this camera, for administrators: how many, and in a menu who, from where, and since when. */

import { fetchApi } from "../connection/auth.js";
import { may } from "../connection/me.js";
import { timeOfDay } from "../words/format.js";
import { label, t } from "../words/words.js";

const REFRESH_MS = 5000;
const TIMEOUT_MS = 5000;

export class Watchers {
  #menu;
  #camera;
  #askedAt = -Infinity;
  #isAllowed = false;

  /** @param {HTMLDetailsElement} menu @param {string} camera */
  constructor(menu, camera) {
    this.#menu = menu;
    this.#camera = camera;
    may("admin").then((allowed) => (this.#isAllowed = allowed));
  }

  /** To be called several times a second. @param {number} now milliseconds */
  refresh(now) {
    if (!this.#isAllowed || document.hidden || now - this.#askedAt < REFRESH_MS) return;
    this.#askedAt = now;
    this.#load();
  }

  async #load() {
    try {
      const { viewers } = await (await fetchApi("api/viewers", TIMEOUT_MS)).json();
      this.#show(viewers.filter(({ camera }) => camera === this.#camera));
    } catch {
      this.#menu.hidden = true; // it is asked again
    }
  }

  /** @param {{address: string, user: string, kind: string, since: number}[]} watchers */
  #show(watchers) {
    this.#menu.hidden = false;
    this.#menu.querySelector(".count").textContent = String(watchers.length);
    label(this.#menu.querySelector("summary"), t("watchers.title", { n: watchers.length }));
    this.#menu.querySelector(".menu-items").replaceChildren(...watchers.map(entry));
  }
}

/** @param {{address: string, user: string, kind: string, since: number}} watcher */
function entry({ address, user, kind, since }) {
  const line = document.createElement("p");
  const how = t(`watchers.${["page", "mjpeg"].includes(kind) ? kind : "websocket"}`);
  line.textContent = t("watchers.entry", { who: user ? `${user}, ${address}` : address, how, time: timeOfDay(since) });
  return line;
}
