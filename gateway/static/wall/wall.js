/**
 * The wall view: nothing but pictures, for a screen that nobody uses. It is chosen by `?wall` in the address, which survives a
 * reload, or by the button. A tap or Esc shows the way out.
 */

import { WakeLock } from "./wake-lock.js";

const PARAMETER = "wall";

export class Wall {
  #body = document.body;
  #onChange;
  #lock = new WakeLock(document.body);
  /** The version of the server that this page was loaded from; null while unknown. @type {string | null} */
  #version = null;
  #wasFullscreen = false;

  /**
   * @param {HTMLElement} enter the button
   * @param {HTMLElement} leave the button that is shown in the wall view while somebody uses it
   * @param {() => void} onChange
   */
  constructor(enter, leave, onChange) {
    this.#onChange = onChange;
    enter.addEventListener("click", () => this.#enter());
    leave.addEventListener("click", () => this.#leave());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.isOn && this.#leave());
    document.addEventListener("fullscreenchange", () => this.#onFullscreen());
    if (new URLSearchParams(location.search).has(PARAMETER)) this.#show(true);
  }

  get isOn() {
    return this.#body.dataset.wall === "true";
  }

  /**
   * A wall stays open for months: after an update of the server it has to load the new page.
   *
   * @param {string | undefined} version of the server
   */
  served(version) {
    if (!version) return;
    if (this.isOn && this.#version !== null && version !== this.#version) location.reload();
    this.#version = version;
  }

  async #enter() {
    this.#show(true);
    try {
      await document.documentElement.requestFullscreen?.({ navigationUI: "hide" });
    } catch (error) {
      console.info(`framebus: no fullscreen: ${error.message}`);
    }
  }

  #leave() {
    this.#show(false);
    if (document.fullscreenElement) document.exitFullscreen();
  }

  /** The browser's own Esc leaves the fullscreen, and the page does not see the key. */
  #onFullscreen() {
    const isFullscreen = document.fullscreenElement !== null;
    if (this.isOn && this.#wasFullscreen && !isFullscreen) this.#show(false);
    this.#wasFullscreen = isFullscreen;
  }

  /** @param {boolean} on */
  #show(on) {
    this.#body.dataset.wall = String(on);
    this.#lock.wanted = on;
    const url = new URL(location.href);
    if (on) url.searchParams.set(PARAMETER, "");
    else url.searchParams.delete(PARAMETER);
    history.replaceState(history.state, "", url);
    this.#onChange();
  }
}
