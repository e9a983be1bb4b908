/**
 * The panel with the controls of a camera. Changes are set at once; leaving with Esc puts them back. What others change shows as
 * well: the list is asked for every second or two, only while the panel is open.
 */

import { copyOnClick } from "../clipboard.js";
import { fillWords, t } from "../words/words.js";
import { ControlRow } from "./control-row.js";
import { ControlValues } from "./control-values.js";
import { requestControls } from "./controls-api.js";
import { GROUP_ORDER, groupOf } from "./control-model.js";
import { tomlLine } from "./toml.js";

const REFRESH_MS = 1500;
/** Between two changes while a slider is dragged: each is kept on the disk of the camera's machine. */
const PAUSE_MS = 100;

export class ControlsPanel {
  /** The panel in the page; its owner puts it there and takes it away. */
  element;
  #values;
  #onClose;
  /** @type {Map<string, ControlRow>} */
  #rows = new Map();
  /** What the rows were made for: the controls without their values. */
  #madeFor = "";
  #timer = 0;

  /** @param {string} camera @param {() => void} onClose the panel is to be taken away */
  constructor(camera, onClose) {
    this.#onClose = onClose;
    this.element = document.getElementById("controls-panel").content.cloneNode(true).firstElementChild;
    fillWords(this.element);
    const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    this.#values = new ControlValues((wish) => requestControls(camera, wish), (error) => this.#show(error), pause);
    this.#onClick(".controls-done", () => this.#close());
    this.#onClick(".controls-undo", () => this.#values.undo());
    this.#onClick(".controls-reset", () => this.#values.reset());
    copyOnClick(this.#find(".controls-copy"), this.#find(".controls-line"));
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.leave();
    });
    this.#values.refresh();
    this.#timer = setInterval(() => !document.hidden && this.#values.refresh(), REFRESH_MS);
  }

  /** Put the focus into the panel. */
  focus() {
    this.element.querySelector("h2").focus();
  }

  /** Put back what was changed, and close. */
  leave() {
    this.#values.undo();
    this.#close();
  }

  /** The panel is gone from the page: ask for nothing any more. */
  stop() {
    clearInterval(this.#timer);
  }

  #close() {
    this.stop();
    this.#onClose();
  }

  /** @param {Error | null} error */
  #show(error) {
    const { controls } = this.#values;
    this.#makeRows(controls);
    for (const control of controls) {
      this.#rows.get(control.name).update(control, controls, this.#values.isChanging(control.name));
    }
    const none = this.#madeFor !== "" && controls.length === 0 ? t("controls.none") : "";
    this.#setText(".controls-message", error?.message ?? none);
    this.#find(".controls-undo").disabled = this.#values.changes === 0;
    this.#find(".controls-foot").hidden = controls.length === 0;
    const line = tomlLine(controls);
    this.#find(".controls-toml").hidden = line === "";
    this.#find(".controls-line").value = line;
  }

  /** @param {import("./control-model.js").Control[]} controls */
  #makeRows(controls) {
    const madeFor = JSON.stringify(controls.map(({ value, inactive, ...rest }) => rest));
    if (madeFor === this.#madeFor) return;
    this.#madeFor = madeFor;
    const actions = { set: (name, value) => this.#values.set(name, value), reset: (name) => this.#values.reset([name]) };
    this.#rows = new Map(controls.map((control) => [control.name, new ControlRow(control, actions)]));
    this.#find(".controls-list").replaceChildren(...GROUP_ORDER.map((group) => this.#section(group)).filter(Boolean));
  }

  /** @param {string} group @returns {HTMLElement | null} null for one without controls */
  #section(group) {
    const rows = [...this.#rows].filter(([name]) => groupOf(name) === group).map(([, row]) => row.element);
    if (rows.length === 0) return null;
    const section = document.createElement("section");
    const title = document.createElement("h3");
    title.textContent = t(`controls.group.${group}`);
    section.append(title, ...rows);
    return section;
  }

  /** @param {string} selector @param {() => void} action */
  #onClick(selector, action) {
    this.#find(selector).addEventListener("click", action);
  }

  /** @param {string} selector */
  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** @param {string} selector @param {string} text */
  #setText(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}
