/**
 * Sets the controls of a camera: one request at a time, and of values that come meanwhile only the newest. It remembers how
 * things were, so that they can be put back. Pure code; `send` makes the requests.
 */

import { isSame } from "./control-model.js";

/**
 * @typedef {import("./control-model.js").Control} Control
 * @typedef {import("./control-model.js").Value} Value
 *
 * @typedef {object} Wish what a request is to do
 * @property {Record<string, Value>} [set]
 * @property {string[]} [reset] names; none resets all
 */

/** Types that decide whether others have an effect. */
const SWITCHES = ["bool", "menu"];

export class ControlValues {
  /** @type {Control[]} as the camera said last */
  controls = [];
  /** @type {Map<string, Value>} how each was that has been changed since */
  #before = new Map();
  /** @type {Map<string, Value>} what is to be set next */
  #next = new Map();
  /** @type {Promise<void>} the requests, one after another */
  #requests = Promise.resolve();
  #isSending = false;
  #send;
  #onAnswer;
  #pause;

  /**
   * @param {(wish: Wish | null) => Promise<Control[]>} send null asks for the list; rejects with the camera's reason
   * @param {(error: Error | null) => void} onAnswer after each request
   * @param {() => Promise<void>} pause between two changes while a slider is dragged
   */
  constructor(send, onAnswer, pause) {
    this.#send = send;
    this.#onAnswer = onAnswer;
    this.#pause = pause;
  }

  /** Names of controls that a request is to change, or is changing. */
  isChanging(name) {
    return this.#next.has(name);
  }

  /** How many controls are another way than they were. */
  get changes() {
    return [...this.#before].filter(([name, value]) => !isSame(this.#valueOf(name), value)).length;
  }

  /** Ask for the list, unless a change is under way, whose answer has it. */
  refresh() {
    if (!this.#isSending) return this.#request(null);
  }

  /** Set a control; of several values in a short time, the last one counts. @param {string} name @param {Value} value */
  set(name, value) {
    this.#remember([name]);
    this.#next.set(name, value);
    if (this.#next.size === 1 && !this.#isSending) this.#sendNewest();
  }

  /** Reset one control, or all. @param {string[]} [names] none for all */
  reset(names = []) {
    this.#remember(names.length > 0 ? names : this.controls.filter((control) => !control.read_only).map(({ name }) => name));
    return this.#request({ reset: names });
  }

  /** Put back what was changed: by a reset where that is the same, so that the configuration stays in charge. */
  async undo() {
    this.#next.clear();
    await this.#requests; // the last change may be under way
    const before = [...this.#before];
    this.#before.clear();
    const changed = before.filter(([name, value]) => value !== undefined && !isSame(this.#valueOf(name), value));
    const usual = changed.filter(([name, value]) => isSame(this.#find(name)?.default, value)).map(([name]) => name);
    if (usual.length > 0) await this.#request({ reset: usual });
    // What a switch makes active can be set only afterwards.
    for (const isTurn of [(type) => SWITCHES.includes(type), (type) => !SWITCHES.includes(type)]) {
      const set = changed.filter(([name, value]) => this.#canPutBack(name, value) && isTurn(this.#find(name).type));
      if (set.length > 0) await this.#request({ set: Object.fromEntries(set) });
    }
  }

  /** From now on, this is how things were. */
  keep() {
    this.#before.clear();
  }

  async #sendNewest() {
    this.#isSending = true;
    while (this.#next.size > 0) {
      const set = Object.fromEntries(this.#next);
      await this.#request({ set }, () => {
        for (const [name, value] of Object.entries(set)) if (isSame(this.#next.get(name), value)) this.#next.delete(name);
      });
      await this.#pause();
    }
    this.#isSending = false;
  }

  /** @param {Wish | null} wish @param {() => void} [sent] called when the answer is there @returns {Promise<void>} */
  #request(wish, sent = () => {}) {
    this.#requests = this.#requests.then(async () => {
      let failure = null;
      try {
        this.controls = await this.#send(wish);
      } catch (error) {
        failure = error;
      }
      sent();
      this.#onAnswer(failure);
    });
    return this.#requests;
  }

  /** @param {string[]} names */
  #remember(names) {
    for (const name of names) if (!this.#before.has(name)) this.#before.set(name, this.#valueOf(name));
  }

  /** @param {string} name @param {Value} value */
  #canPutBack(name, value) {
    const control = this.#find(name);
    return control !== undefined && !control.inactive && !isSame(control.value, value);
  }

  /** @param {string} name */
  #find(name) {
    return this.controls.find((control) => control.name === name);
  }

  /** @param {string} name */
  #valueOf(name) {
    return this.#find(name)?.value;
  }
}
