/** Fingers, wheel and mouse on the picture of one camera: zoom, move, and go to the next camera. */

/** A finger that went so far to the side, and not half as far up or down, asks for another camera. */
const SWIPE_PX = 60;
const DOUBLE_TAP_MS = 350;
const DOUBLE_TAP_PX = 32;
/** A finger that moved farther did not tap. */
const TAP_PX = 10;
/** A notch of a mouse wheel is 100 to 120 pixels; a trackpad sends many small ones. */
const WHEEL_PX_FOR_DOUBLE = 300;
const LINE_PX = 16;

/**
 * @typedef {import("./zoom.js").Point} Point
 *
 * @typedef {object} Actions
 * @property {() => boolean} isZoomed
 * @property {(factor: number, at: Point) => void} zoom
 * @property {(right: number, down: number) => void} pan pixels
 * @property {(at: Point) => void} doubleTap
 * @property {(direction: 1 | -1) => void} swipe 1 for the next camera
 */

export class Gestures {
  #element;
  #actions;
  /** @type {Map<number, Point>} where each finger is, by its id */
  #fingers = new Map();
  /** Where the first finger came down; null where the gesture was something else already. @type {Point | null} */
  #start = null;
  #lastTap = { at: -Infinity, x: 0, y: 0 };
  #lastPointer = "";

  /** @param {HTMLElement} element the picture @param {Actions} actions */
  constructor(element, actions) {
    this.#element = element;
    this.#actions = actions;
    element.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#onDown(event));
    element.addEventListener("pointermove", (event) => this.#onMove(event));
    element.addEventListener("pointerup", (event) => this.#onUp(event));
    element.addEventListener("pointercancel", (event) => this.#forget(event));
    // A double tap zooms. Browsers make a double-click of it as well, which would enter fullscreen.
    element.addEventListener("dblclick", (event) => this.#lastPointer === "touch" && event.stopPropagation());
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (event.deltaY === 0) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * LINE_PX : event.deltaY;
    // A pinch on a trackpad comes as small steps of a wheel with Ctrl.
    const speed = event.ctrlKey ? 4 : 1;
    this.#actions.zoom(2 ** ((-pixels * speed) / WHEEL_PX_FOR_DOUBLE), this.#point(event));
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (event.target.closest("button") || (event.pointerType === "mouse" && event.button !== 0)) return;
    this.#lastPointer = event.pointerType;
    this.#fingers.set(event.pointerId, this.#point(event));
    this.#start = this.#fingers.size === 1 ? this.#point(event) : null;
    // So that a picture that is dragged out of its box still follows.
    if (this.#actions.isZoomed()) this.#element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = this.#point(event);
    this.#fingers.set(event.pointerId, now);
    if (this.#fingers.size === 1 && this.#actions.isZoomed()) return this.#actions.pan(now.x - before.x, now.y - before.y);
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (this.#fingers.size === 2 && other) this.#pinch(before, now, other);
  }

  /** One of two fingers has moved. @param {Point} before @param {Point} now @param {Point} other */
  #pinch(before, now, other) {
    const distance = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.#actions.zoom(distance(now) / distance(before), middle);
    this.#actions.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    const start = this.#start;
    const wasZoomed = this.#actions.isZoomed();
    this.#forget(event);
    if (!start || event.pointerType === "mouse") return;
    const end = this.#point(event);
    const right = end.x - start.x;
    const down = end.y - start.y;
    if (Math.hypot(right, down) < TAP_PX) return this.#onTap(end, event.timeStamp);
    if (!wasZoomed && Math.abs(right) > SWIPE_PX && Math.abs(right) > 2 * Math.abs(down)) this.#actions.swipe(right < 0 ? 1 : -1);
  }

  /** @param {PointerEvent} event */
  #forget(event) {
    this.#fingers.delete(event.pointerId);
    this.#start = null;
  }

  /** @param {Point} at @param {number} time milliseconds */
  #onTap(at, time) {
    const last = this.#lastTap;
    const isDouble = time - last.at < DOUBLE_TAP_MS && Math.hypot(at.x - last.x, at.y - last.y) < DOUBLE_TAP_PX;
    this.#lastTap = { at: isDouble ? -Infinity : time, ...at };
    if (isDouble) this.#actions.doubleTap(at);
  }

  /** @param {MouseEvent} event @returns {Point} */
  #point(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
