/** One control of a camera in the panel: its name, a widget, how it is reset, and why it has no effect. */

import * as model from "./control-model.js";
import { label, t } from "../words/words.js";

/** @typedef {import("./control-model.js").Control} Control */

let rows = 0;

export class ControlRow {
  /** The row in the page. */
  element = document.createElement("div");
  #control;
  #actions;
  #widget;
  /** The main input. @type {HTMLInputElement | HTMLSelectElement | HTMLOutputElement} */
  #input;
  /** Beside a slider, the number. @type {HTMLInputElement | null} */
  #number = null;
  #reset = document.createElement("button");
  #note = document.createElement("p");
  #complaint = "";

  /**
   * @param {Control} control
   * @param {{set: (name: string, value: import("./control-model.js").Value) => void, reset: (name: string) => void}} actions
   */
  constructor(control, actions) {
    this.#control = control;
    this.#actions = actions;
    this.#widget = model.widgetOf(control);
    this.element.className = "control";
    Object.assign(this.element.dataset, { control: control.name, widget: this.#widget });
    rows += 1;
    const id = `control-${rows}`;
    const title = document.createElement("label");
    title.textContent = model.titleOf(control.name);
    title.htmlFor = id;
    title.title = control.name;
    this.#input = this.#made();
    this.#input.id = id;
    this.#note.className = "control-note";
    this.#note.id = `${id}-note`;
    this.#input.setAttribute("aria-describedby", this.#note.id);
    this.#makeReset();
    this.element.append(title, this.#field(), this.#reset, this.#note);
  }

  /** Show how the control is. @param {Control} control @param {Control[]} controls all @param {boolean} isChanging */
  update(control, controls, isChanging) {
    this.#control = control;
    const why = model.whyInactive(control, controls);
    const isSettable = this.#widget !== "value";
    for (const input of [this.#input, this.#number]) if (input && isSettable) input.disabled = why !== "";
    this.element.dataset.inactive = String(why !== "");
    this.#reset.hidden = !isSettable || model.isDefault(control) || why !== "";
    this.#note.textContent = this.#complaint || why;
    if (!isChanging) this.#showValue();
  }

  #showValue() {
    const { value } = this.#control;
    if (this.#widget === "switch") this.#input.checked = value === true;
    else if (this.#widget === "menu") this.#input.value = String(value);
    else if (this.#widget === "slider") this.#showNumber(value);
    else if (this.#widget === "value") this.#input.textContent = model.textOf(this.#control, value);
    else if (document.activeElement !== this.#input) this.#input.value = value === undefined ? "" : model.textOf(this.#control, value);
  }

  /** @param {number | undefined} value undefined where the camera does not tell */
  #showNumber(value) {
    if (document.activeElement !== this.#number) this.#number.value = value === undefined ? "" : model.textOf(this.#control, value);
    if (value === undefined) return;
    // Several positions may stand for one number: the hand that moves the slider stays where it is.
    if (model.numberAt(this.#control, Number(this.#input.value)) !== value) {
      this.#input.value = String(model.positionOf(this.#control, value));
    }
    this.#speak(value);
  }

  /** @param {number} value what a screen reader says of the slider */
  #speak(value) {
    const { unit = "" } = this.#control;
    this.#input.setAttribute("aria-valuetext", `${model.textOf(this.#control, value)} ${unit}`.trim());
  }

  #made() {
    if (this.#widget === "value") return document.createElement("output");
    if (this.#widget === "menu") return this.#menu();
    const input = document.createElement("input");
    if (this.#widget === "switch") {
      input.type = "checkbox";
      input.setAttribute("role", "switch");
      input.addEventListener("change", () => this.#set(input.checked));
    } else if (this.#widget === "slider") {
      Object.assign(input, { type: "range", min: "0", max: String(model.positionsOf(this.#control)), step: "1" });
      input.addEventListener("input", () => this.#onSlide());
    } else {
      this.#makeTyped(input);
    }
    return input;
  }

  #menu() {
    const select = document.createElement("select");
    select.className = "text-field";
    for (const { number, text } of model.optionsOf(this.#control)) select.add(new Option(text, String(number)));
    select.addEventListener("change", () => this.#set(Number(select.value)));
    return select;
  }

  /** The widget, for a slider with the number beside it, and the unit. */
  #field() {
    const field = document.createElement("div");
    field.className = "control-field";
    field.append(this.#input);
    if (this.#widget === "slider") {
      this.#number = document.createElement("input");
      this.#makeTyped(this.#number);
      this.#number.setAttribute("aria-label", t("controls.exact", { control: model.titleOf(this.#control.name) }));
      field.append(this.#number);
    }
    if (this.#control.unit) {
      const unit = document.createElement("span");
      unit.className = "control-unit";
      unit.textContent = this.#control.unit;
      field.append(unit);
    }
    return field;
  }

  /** @param {HTMLInputElement} input of a value that is typed: it is set with Enter, or when the focus leaves */
  #makeTyped(input) {
    input.type = "text";
    input.className = "text-field";
    input.autocomplete = "off";
    input.spellcheck = false;
    if (this.#control.type === "int" || this.#control.type === "float") input.inputMode = "decimal";
    input.addEventListener("change", () => this.#onTyped(input));
  }

  #onSlide() {
    const value = model.numberAt(this.#control, Number(this.#input.value));
    this.#number.value = model.textOf(this.#control, value);
    this.#speak(value);
    this.#set(value);
  }

  /** @param {HTMLInputElement} input */
  #onTyped(input) {
    const value = model.parsed(this.#control, input.value);
    input.setAttribute("aria-invalid", String(value === null));
    if (value === null) return this.#complain();
    input.value = model.textOf(this.#control, value);
    this.#set(value);
  }

  #complain() {
    const { min, max } = model.boundsOf(this.#control);
    const { type, length } = this.#control;
    const isBounded = type !== "text" && Number.isFinite(min) && Number.isFinite(max);
    const key = type === "list" ? "controls.allowed.list" : isBounded ? "controls.allowed.range" : `controls.allowed.${type}`;
    this.#complaint = t(key, { min, max, n: length ?? "" });
    this.#note.textContent = this.#complaint;
  }

  /** @param {import("./control-model.js").Value} value */
  #set(value) {
    this.#complaint = "";
    for (const input of [this.#input, this.#number]) input?.removeAttribute("aria-invalid");
    this.#actions.set(this.#control.name, value);
  }

  #makeReset() {
    const reset = this.#reset;
    reset.className = "tool control-reset";
    reset.type = "button";
    label(reset, t("controls.reset", { control: model.titleOf(this.#control.name) }));
    reset.append(document.getElementById("control-reset-icon").content.cloneNode(true));
    reset.addEventListener("click", () => {
      this.#input.focus(); // the button is about to go
      this.#actions.reset(this.#control.name);
    });
  }
}
