/** The page of one camera: zoom, the other cameras, and the bar of tools below the picture. */

import { may } from "../connection/me.js";
import { ControlsPanel } from "../controls/controls-panel.js";
import { fillWords, label, t } from "../words/words.js";
import { Gestures } from "./gestures.js";
import { addMenus } from "./menu.js";
import { PictureInPicture } from "./picture-in-picture.js";
import { SaveMenus } from "./save-menus.js";
import { Watchers } from "./watchers.js";
import { ZoomedPicture } from "./zoomed-picture.js";

const DOUBLE_TAP_FACTOR = 2.5;
const STEP_FACTOR = 1.4;
/** How much of what is seen an arrow key moves. */
const LOOK = 0.15;
/** How long what was done is shown. */
const SAID_MS = 10_000;
/** With a link to what was saved. */
const SAVED_MS = 60_000;
/** Where a key belongs to the element that has the focus. */
const TAKES_KEYS = "input, select, textarea, dialog, [role=slider], [contenteditable]";

/** @typedef {import("../camera/camera-view.js").CameraView} CameraView */

export class SingleCamera {
  #goTo;
  /** @type {CameraView | null} */
  #view = null;
  /** @type {ZoomedPicture | null} */
  #zoom = null;
  #bar = null;
  #ownWindow = new PictureInPicture(() => this.#showOwnWindow());
  #saidTimer = 0;
  /** @type {Watchers | null} */
  #watchers = null;
  /** @type {ControlsPanel | null} */
  #controls = null;
  /** @type {{name: string, title?: string}[]} in the order of the page of all cameras */
  #cameras = [];

  /** @param {(camera: string) => void} goTo show another camera */
  constructor(goTo) {
    this.#goTo = goTo;
    document.addEventListener("keydown", (event) => this.#onKeyDown(event));
  }

  /** Whether the picture is in a window of its own, so that it is seen although the page is not. */
  get hasOwnWindow() {
    return this.#ownWindow.isOpen;
  }

  /**
   * Add the tools to a view, once, and update them; to be called several times a second.
   *
   * @param {CameraView | null} view null while there is none
   * @param {{name: string, title?: string}[]} cameras those that the page of all cameras shows, in its order
   */
  show(view, cameras) {
    if (view !== this.#view) this.#attach(view);
    this.#cameras = cameras;
    if (!view) return;
    this.#zoom.refresh();
    this.#watchers.refresh(performance.now());
    this.#showNeighbour(".previous", -1, "single.previous");
    this.#showNeighbour(".next", 1, "single.next");
  }

  /** @param {CameraView | null} view */
  #attach(view) {
    const hadControls = this.#controls !== null;
    this.#controls?.stop();
    this.#controls = null;
    this.#view = view;
    this.#ownWindow.show(view);
    if (!view) return;
    this.#bar = document.getElementById("single-bar").content.cloneNode(true).firstElementChild;
    fillWords(this.#bar);
    view.querySelector(".details").before(this.#bar); // below the time line, whichever is there first
    const zoom = new ZoomedPicture(view, () => this.#showZoom());
    this.#zoom = zoom;
    new Gestures(view.querySelector(".picture"), {
      isZoomed: () => zoom.scale > 1,
      zoom: (factor, at) => zoom.zoomBy(factor, at),
      pan: (right, down) => zoom.panBy(right, down),
      doubleTap: (at) => (zoom.scale > 1 ? zoom.reset() : zoom.zoomBy(DOUBLE_TAP_FACTOR, at)),
      swipe: (direction) => this.#goToNeighbour(direction),
    });
    this.#onClick(".zoom-in", () => zoom.zoomBy(STEP_FACTOR));
    this.#onClick(".zoom-out", () => zoom.zoomBy(1 / STEP_FACTOR));
    this.#onClick(".zoom-whole", () => zoom.reset());
    this.#onClick(".previous", () => this.#goToNeighbour(-1));
    this.#onClick(".next", () => this.#goToNeighbour(1));
    this.#onClick(".open-controls", () => this.#toggleControls());
    this.#onClick(".own-window", () => this.#toggleOwnWindow());
    addMenus(this.#bar);
    this.#watchers = new Watchers(this.#bar.querySelector(".watchers"), view.dataset.camera);
    new SaveMenus(this.#bar, view.dataset.camera, (text, link) => this.#say(text, link));
    this.#showZoom();
    this.#showOwnWindow();
    this.#showControlsTool();
    if (hadControls) this.#toggleControls();
  }

  /** Show what was done, or why not. @param {string} text @param {HTMLAnchorElement} [link] to what was saved */
  #say(text, link) {
    const said = this.#bar.querySelector(".said");
    said.textContent = text;
    if (link) said.append(" ", link);
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => (said.textContent = ""), link ? SAVED_MS : SAID_MS);
  }

  async #toggleOwnWindow() {
    const error = await this.#ownWindow.toggle();
    if (error) this.#say(t("single.noOwnWindow", { error }));
  }

  #showOwnWindow() {
    const button = this.#bar?.querySelector(".own-window");
    if (!button) return;
    button.hidden = !PictureInPicture.isSupported;
    button.setAttribute("aria-pressed", String(this.#ownWindow.isOpen));
  }

  async #showControlsTool() {
    const button = this.#bar.querySelector(".open-controls");
    button.hidden = !(await may("control"));
  }

  #toggleControls() {
    const button = this.#bar.querySelector(".open-controls");
    if (this.#controls) return this.#closeControls();
    this.#controls = new ControlsPanel(this.#view.dataset.camera, () => this.#closeControls());
    this.#bar.after(this.#controls.element);
    this.#controls.focus();
    button.setAttribute("aria-expanded", "true");
  }

  #closeControls() {
    const button = this.#bar.querySelector(".open-controls");
    this.#controls?.stop();
    this.#controls?.element.remove();
    this.#controls = null;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  /** @param {string} selector @param {() => void} action */
  #onClick(selector, action) {
    this.#bar.querySelector(selector).addEventListener("click", action);
  }

  #showZoom() {
    const { scale } = this.#zoom;
    this.#bar.querySelector(".zoom-whole").textContent = t("single.scale", { n: Math.round(scale * 100) });
    this.#bar.querySelector(".zoom-out").disabled = scale === 1;
  }

  /** @param {string} selector @param {1 | -1} direction @param {string} key of the words */
  #showNeighbour(selector, direction, key) {
    const button = this.#bar.querySelector(selector);
    const neighbour = this.#neighbour(direction);
    button.hidden = !neighbour;
    const text = neighbour && t(key, { camera: neighbour.title ?? neighbour.name });
    if (neighbour && button.title !== text) label(button, text);
  }

  /** The camera beside this one; after the last comes the first. @param {1 | -1} direction */
  #neighbour(direction) {
    const all = this.#cameras;
    const at = all.findIndex(({ name }) => name === this.#view?.dataset.camera);
    return all.length > 1 && at >= 0 ? all[(at + direction + all.length) % all.length] : null;
  }

  /** @param {1 | -1} direction */
  #goToNeighbour(direction) {
    const neighbour = this.#neighbour(direction);
    if (neighbour) this.#leaveFor(neighbour.name);
  }

  /** Show another camera; the button that led there keeps the focus. @param {string} camera */
  #leaveFor(camera) {
    const focused = [".previous", ".next"].find((selector) => this.#bar.querySelector(selector) === document.activeElement);
    this.#goTo(camera);
    if (focused) this.#bar.querySelector(focused).focus();
  }

  /** @param {KeyboardEvent} event */
  #onKeyDown(event) {
    if (!this.#view || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(TAKES_KEYS)) return;
    if (this.#didByKey(event.key)) event.preventDefault();
  }

  /** @param {string} key @returns {boolean} whether it has a meaning here */
  #didByKey(key) {
    const zoom = this.#zoom;
    const looks = { ArrowLeft: [-LOOK, 0], ArrowRight: [LOOK, 0], ArrowUp: [0, -LOOK], ArrowDown: [0, LOOK] };
    if (key === "+" || key === "=") zoom.zoomBy(STEP_FACTOR);
    else if (key === "-") zoom.zoomBy(1 / STEP_FACTOR);
    else if (key === "0") zoom.reset();
    else if (key.toLowerCase() === "p" && PictureInPicture.isSupported) this.#toggleOwnWindow();
    else if (key.toLowerCase() === "c" && !this.#bar.querySelector(".open-controls").hidden) this.#toggleControls();
    else if (key === "Escape" && this.#controls) this.#controls.leave();
    else if (key === "Escape" && zoom.scale > 1) zoom.reset();
    else if (looks[key] && zoom.scale > 1) zoom.look(...looks[key]);
    else if (key === "ArrowLeft") this.#goToNeighbour(-1);
    else if (key === "ArrowRight") this.#goToNeighbour(1);
    else if (/^[1-9]$/.test(key) && this.#cameras[Number(key) - 1]) this.#leaveFor(this.#cameras[Number(key) - 1].name);
    else return false;
    return true;
  }
}
