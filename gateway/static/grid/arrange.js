/** The dialog in which a person chooses the layout, the order of the cameras and which are shown: by pointer and by keyboard. */

import { connectDialog } from "../dialog.js";
import { fillWords, label, t } from "../words/words.js";
import { ROTATION_SECONDS } from "./choices.js";

export class Arrange {
  #dialog;
  #list;
  #cameras;
  #choices;
  #onChange;

  /**
   * @param {HTMLElement} button opens the dialog
   * @param {HTMLDialogElement} dialog
   * @param {import("./camera-list.js").CameraList} cameras
   * @param {import("./choices.js").Choices} choices are changed here
   * @param {() => void} onChange called after each change
   */
  constructor(button, dialog, cameras, choices, onChange) {
    this.#dialog = dialog;
    this.#list = dialog.querySelector("ol");
    this.#cameras = cameras;
    this.#choices = choices;
    this.#onChange = onChange;
    const seconds = dialog.querySelector("[name=seconds]");
    for (const n of ROTATION_SECONDS) seconds.add(new Option(t("arrange.everySeconds", { n }), String(n)));
    connectDialog(button, dialog, () => this.#show());
    dialog.addEventListener("change", (event) => this.#onInput(event.target));
    dialog.querySelector(".reset").addEventListener("click", () => this.#reset());
  }

  #show() {
    const { layout, seconds, timestamps } = this.#choices;
    for (const radio of this.#dialog.querySelectorAll("[name=layout]")) radio.checked = radio.value === layout;
    this.#dialog.querySelector("[name=seconds]").value = String(seconds);
    this.#dialog.querySelector("[name=timestamps]").checked = timestamps;
    this.#list.replaceChildren(...this.#cameras.views.map((view) => this.#row(view.dataset.camera, view.displayName)));
    this.#showEnds();
  }

  /** @param {HTMLInputElement | HTMLSelectElement} input */
  #onInput(input) {
    const { name, value, checked } = input;
    if (name === "layout") this.#choices.layout = value;
    if (name === "seconds") Object.assign(this.#choices, { seconds: Number(value), layout: "rotation" });
    if (name === "timestamps") this.#choices.timestamps = checked;
    if (name === "shown") this.#choices.hide(input.closest("li").dataset.row, !checked);
    if (name === "seconds") this.#dialog.querySelector("[value=rotation]").checked = true;
    this.#onChange();
  }

  #reset() {
    this.#choices.reset();
    this.#onChange();
    this.#show();
    this.#say(t("arrange.wasReset"));
  }

  /** @param {string} camera @param {string} name */
  #row(camera, name) {
    const row = document.getElementById("arrange-row").content.cloneNode(true).firstElementChild;
    fillWords(row);
    row.dataset.row = camera;
    row.querySelector(".row-name").textContent = name;
    row.querySelector("[name=shown]").checked = !this.#choices.isHidden(camera);
    const [up, down] = [row.querySelector(".up"), row.querySelector(".down")];
    label(up, t("arrange.up", { camera: name }));
    label(down, t("arrange.down", { camera: name }));
    up.addEventListener("click", () => this.#step(row, -1));
    down.addEventListener("click", () => this.#step(row, 1));
    row.querySelector(".grip").addEventListener("pointerdown", (event) => this.#drag(row, event));
    return row;
  }

  /** @param {HTMLElement} row @param {1 | -1} by */
  #step(row, by) {
    const focused = document.activeElement;
    this.#move(row, this.#place(row) + by);
    // A button at the end cannot be used further: the other one takes the focus.
    if (focused.disabled) row.querySelector(by < 0 ? ".down" : ".up").focus();
    else focused.focus();
  }

  /** Let the row follow the pointer until that is lifted. @param {HTMLElement} row @param {PointerEvent} down */
  #drag(row, down) {
    const grip = down.currentTarget;
    if (down.button !== 0) return;
    down.preventDefault();
    grip.setPointerCapture(down.pointerId);
    row.classList.add("dragged");
    const follow = ({ clientY }) => {
      const others = [...this.#list.children].filter((one) => one !== row);
      const to = others.filter((one) => middle(one) < clientY).length;
      if (to !== this.#place(row)) this.#move(row, to);
    };
    grip.addEventListener("pointermove", follow);
    const end = () => {
      row.classList.remove("dragged");
      grip.removeEventListener("pointermove", follow);
    };
    grip.addEventListener("lostpointercapture", end, { once: true });
  }

  /** @param {HTMLElement} row @param {number} to */
  #move(row, to) {
    const others = [...this.#list.children].filter((one) => one !== row);
    const place = Math.max(0, Math.min(to, others.length));
    this.#choices.move(this.#cameras.names, row.dataset.row, place);
    // The others move around it: a node that is moved loses the pointer and the focus.
    others.slice(0, place).forEach((one) => row.before(one));
    row.after(...others.slice(place));
    this.#showEnds();
    const n = place + 1;
    this.#say(t("arrange.moved", { camera: row.querySelector(".row-name").textContent, n, all: others.length + 1 }));
    this.#onChange();
  }

  /** The first cannot go up, and the last not down. */
  #showEnds() {
    const rows = [...this.#list.children];
    rows.forEach((row, at) => {
      row.querySelector(".up").disabled = at === 0;
      row.querySelector(".down").disabled = at === rows.length - 1;
    });
  }

  /** @param {HTMLElement} row */
  #place(row) {
    return [...this.#list.children].indexOf(row);
  }

  /** For screen readers. @param {string} sentence */
  #say(sentence) {
    this.#dialog.querySelector("[role=status]").textContent = sentence;
  }
}

/** @param {HTMLElement} element */
function middle(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return (top + bottom) / 2;
}
