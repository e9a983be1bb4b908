/**
 * Tells the styles whether somebody uses the page: captions and the cursor fade when the pointer rests. A person at the
 * keyboard keeps those of the camera that has the focus, and on a touch screen the first tap only brings them back.
 */

const REST_AFTER_MS = 3000;

export class Rest {
  #body;
  #timer = 0;
  #pointer = { x: -1, y: -1 };
  /** Whether the touch that has just begun ended the rest. */
  #woke = false;

  /** @param {HTMLElement} body takes `data-rest` ("true" or "false") and `data-input` ("mouse", "touch" or "keyboard") */
  constructor(body) {
    this.#body = body;
    const listen = (type, act) => document.addEventListener(type, act, { capture: true, passive: type !== "click" });
    listen("pointermove", (event) => this.#onMove(event));
    listen("pointerdown", (event) => this.#onDown(event));
    listen("keydown", () => this.#wake("keyboard"));
    listen("focusin", () => this.#wake(this.#body.dataset.input));
    listen("click", (event) => this.#onClick(event));
    this.#wake("mouse");
  }

  /** @param {PointerEvent} event */
  #onMove({ pointerType, screenX: x, screenY: y }) {
    // A tile that moves under a pointer that rests makes browsers report a move.
    if (x === this.#pointer.x && y === this.#pointer.y) return;
    this.#pointer = { x, y };
    if (pointerType !== "touch") this.#wake("mouse");
  }

  /** @param {PointerEvent} event */
  #onDown({ pointerType }) {
    this.#woke = pointerType === "touch" && this.#body.dataset.rest === "true";
    this.#wake(pointerType === "touch" ? "touch" : "mouse");
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const woke = this.#woke;
    this.#woke = false;
    if (!woke || !event.target.closest(".enlarge, .caption, .leave-wall")) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} input */
  #wake(input) {
    Object.assign(this.#body.dataset, { rest: "false", input });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#body.dataset.rest = "true"), REST_AFTER_MS);
  }
}
