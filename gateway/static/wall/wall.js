/**
 * The wall view: nothing but pictures, for a screen without keyboard or mouse. It is chosen by `?wall` in the address, which survives a
 * reload, or by the button. A tap shows the button that leaves it; Esc leaves it.
 */

import { keepScreenOn } from "./wake-lock.js";

const PARAMETER = "wall";

export class Wall {
  #body = document.body;
  #onChange;
  /** Whether the wall view has put the browser into fullscreen: a picture that fills the window does so, too. */
  #isFullscreen = false;

  /**
   * @param {HTMLElement} enter the button
   * @param {HTMLElement} leave the button that is shown in the wall view while somebody uses it
   * @param {() => void} onChange
   */
  constructor(enter, leave, onChange) {
    this.#onChange = onChange;
    enter.addEventListener("click", () => this.#enter());
    leave.addEventListener("click", () => this.#leave());
    document.addEventListener("keydown", (event) => this.#onKeyDown(event));
    document.addEventListener("fullscreenchange", () => this.#onFullscreen());
    if (new URLSearchParams(location.search).has(PARAMETER)) this.#show(true);
  }

  get isOn() {
    return this.#body.dataset.wall === "true";
  }

  async #enter() {
    this.#show(true);
    try {
      await document.documentElement.requestFullscreen?.({ navigationUI: "hide" });
      this.#isFullscreen = document.fullscreenElement !== null;
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
    if (document.fullscreenElement || !this.#isFullscreen) return;
    this.#isFullscreen = false;
    if (this.isOn) this.#show(false);
  }

  /** Esc closes what is in front first: a dialog, or a picture that fills the window. @param {KeyboardEvent} event */
  #onKeyDown(event) {
    if (event.key !== "Escape" || !this.isOn || this.#body.dataset.full || event.target.closest("dialog")) return;
    this.#leave();
  }

  /** @param {boolean} on */
  #show(on) {
    this.#body.dataset.wall = String(on);
    keepScreenOn("wall", on);
    const url = new URL(location.href);
    if (on) url.searchParams.set(PARAMETER, "");
    else url.searchParams.delete(PARAMETER);
    history.replaceState(history.state, "", url);
    this.#onChange();
  }
}
