/**
 * Draws the time line on a canvas, and turns what fingers, pens, mice and wheels do there into times. The colours are the
 * custom properties of timeline.css, so that dark and forced colours work.
 */

import { ticks } from "./axis.js";
import { eventAt, pieces } from "./spans.js";

/** Heights in CSS pixels, from the top: names of times, events, what is recorded. */
const RULER = 24;
const EVENTS = 22;
const BAR = 22;
const HEIGHT = RULER + EVENTS + BAR;
const TICK_APART = 66;
const LEAST_EVENT = 3;
/** A finger covers so much. */
const REACH = { mouse: 5, pen: 8, touch: 16 };
/** A press that moves less is a click. */
const CLICK_PIXELS = 5;
/** Near the edges the axis moves while a finger is there: pixels, and widths a second. */
const EDGE = 28;
const EDGE_SPEED = 0.25;
const WHEEL_ZOOM = 0.0022;
const LINE_PIXELS = 32;

/**
 * @typedef {object} Shown what is drawn
 * @property {import("./axis.js").Axis} axis
 * @property {import("./spans.js").Span[]} spans
 * @property {import("./spans.js").Event[]} events
 * @property {number} now the server's time
 * @property {number | null} at the moment on the screen; null for live
 * @property {{from: number, to: number} | null} mark
 *
 * @typedef {object} TrackHandlers
 * @property {(time: number) => void} onScrub the finger is at this time
 * @property {(axis: import("./axis.js").Axis) => void} onAxis the person has zoomed or panned
 * @property {(event: import("./spans.js").Event) => void} onEvent an event was pressed
 * @property {(mark: {from: number, to: number}) => void} onMark an end of the marked span was dragged
 * @property {(x: number | null, time: number, event: import("./spans.js").Event | null) => void} onHover
 */

export class Track {
  #canvas;
  #context;
  #label;
  #handlers;
  /** @type {Shown | null} */
  #shown = null;
  #isDue = false;
  /** @type {Map<number, {x: number, y: number}>} fingers on the track */
  #fingers = new Map();
  /** What the first finger does. @type {{kind: "scrub" | "pan" | "from" | "to" | "pinch", startX: number, moved: boolean} | null} */
  #gesture = null;
  #edgeTimer = 0;

  /**
   * @param {HTMLElement} element that takes the gestures
   * @param {HTMLCanvasElement} canvas in it
   * @param {(time: number, kind: string) => string} label names a tick
   * @param {TrackHandlers} handlers
   */
  constructor(element, canvas, label, handlers) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#label = label;
    this.#handlers = handlers;
    element.addEventListener("pointerdown", (event) => this.#onDown(event, element));
    element.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.#onUp(event));
    element.addEventListener("pointerleave", () => this.#handlers.onHover(null, 0, null));
    element.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
  }

  /** The width in CSS pixels. */
  get width() {
    return Math.max(1, this.#canvas.clientWidth);
  }

  /** Whether a finger holds the track. */
  get isHeld() {
    return this.#gesture !== null;
  }

  /** Draw this, with the next picture of the screen. @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const { axis, spans, events, now, at, mark } = this.#shown;
    const context = this.#context;
    const scale = devicePixelRatio;
    const [width, height] = [Math.round(this.width * scale), Math.round(HEIGHT * scale)];
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.width, HEIGHT);
    const colour = this.#colours();
    const end = Math.min(this.width, Math.max(0, axis.x(now)));
    this.#fill(colour("gap"), 0, RULER + EVENTS, end, BAR);
    for (const piece of pieces(spans, axis)) {
      this.#fill(colour(piece.keep ? "kept" : "recorded"), piece.left, RULER + EVENTS, piece.right - piece.left, BAR);
      if (piece.keep) this.#fill(colour("kept-edge"), piece.left, HEIGHT - 4, piece.right - piece.left, 4);
    }
    this.#drawTicks(axis, colour);
    for (const event of events) this.#drawEvent(event, axis, now, colour);
    if (mark) this.#drawMark(axis.x(mark.from), axis.x(mark.to), colour);
    this.#fill(colour("now"), axis.x(now) - 1, RULER, 2, HEIGHT - RULER);
    if (at !== null) this.#drawHead(axis.x(at), colour);
  }

  /** @returns {(name: string) => string} */
  #colours() {
    const style = getComputedStyle(this.#canvas);
    return (name) => style.getPropertyValue(`--track-${name}`).trim();
  }

  #drawTicks(axis, colour) {
    const context = this.#context;
    const family = getComputedStyle(this.#canvas).fontFamily;
    context.textBaseline = "middle";
    let free = 0;
    for (const { time, kind } of ticks(axis, TICK_APART)) {
      const x = axis.x(time);
      this.#fill(colour("tick"), x, kind === "day" ? 0 : RULER - 5, 1, kind === "day" ? HEIGHT : 5);
      context.font = `${kind === "day" ? 600 : 400} 14px ${family}`;
      const text = this.#label(time, kind);
      const left = x + 5;
      if (left < free || left + context.measureText(text).width > this.width) continue;
      context.fillStyle = colour(kind === "day" ? "text" : "label");
      context.fillText(text, left, RULER / 2);
      free = left + context.measureText(text).width + 8;
    }
  }

  /** The stronger, the higher. @param {import("./spans.js").Event} event */
  #drawEvent(event, axis, now, colour) {
    const left = axis.x(event.start);
    const right = Math.max(left + LEAST_EVENT, axis.x(event.end ?? now));
    if (right < 0 || left > this.width) return;
    const height = 5 + Math.round((EVENTS - 8) * Math.min(1, Math.max(0, event.score ?? 0)));
    this.#fill(colour(event.type === "motion" ? "motion" : "event"), left, RULER + EVENTS - height - 2, right - left, height);
  }

  #drawMark(left, right, colour) {
    const context = this.#context;
    context.save();
    context.globalAlpha = 0.28;
    this.#fill(colour("mark"), left, RULER, Math.max(1, right - left), HEIGHT - RULER);
    context.restore();
    for (const x of [left, right]) {
      this.#fill(colour("mark"), x - 1, RULER, 2, HEIGHT - RULER);
      this.#fill(colour("mark"), x - 4, RULER + (EVENTS + BAR) / 2 - 9, 8, 18);
    }
  }

  #drawHead(x, colour) {
    const context = this.#context;
    this.#fill(colour("ground"), x - 2.5, RULER - 6, 5, HEIGHT);
    this.#fill(colour("head"), x - 1, RULER - 6, 2, HEIGHT);
    context.fillStyle = colour("head");
    context.beginPath();
    context.moveTo(x - 7, RULER - 8);
    context.lineTo(x + 7, RULER - 8);
    context.lineTo(x, RULER + 2);
    context.fill();
  }

  #fill(style, x, y, width, height) {
    this.#context.fillStyle = style;
    this.#context.fillRect(x, y, width, height);
  }

  /** @param {PointerEvent} event @param {HTMLElement} element */
  #onDown(event, element) {
    if (!this.#shown || (event.pointerType === "mouse" && event.button !== 0)) return;
    this.#fingers.set(event.pointerId, this.#place(event));
    element.setPointerCapture?.(event.pointerId);
    if (this.#fingers.size > 1) return this.#begin("pinch", 0);
    const { x, y } = this.#place(event);
    this.#begin(this.#gestureAt(x, y, REACH[event.pointerType] ?? REACH.mouse), x);
    if (this.#gesture.kind === "scrub") this.#scrub(x);
  }

  /** @param {number} x @param {number} y @param {number} reach */
  #gestureAt(x, y, reach) {
    const { axis, mark } = this.#shown;
    if (y < RULER) return "pan";
    if (mark && Math.abs(axis.x(mark.to) - x) <= reach + 3) return "to";
    if (mark && Math.abs(axis.x(mark.from) - x) <= reach + 3) return "from";
    return "scrub";
  }

  #begin(kind, startX) {
    this.#gesture = { kind, startX, moved: kind === "pinch" };
    this.#handlers.onHover(null, 0, null);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    if (!this.#shown) return;
    const before = this.#fingers.get(event.pointerId);
    const place = this.#place(event);
    if (!before) return this.#hover(event, place);
    const others = [...this.#fingers.keys()].filter((id) => id !== event.pointerId);
    this.#fingers.set(event.pointerId, place);
    const gesture = this.#gesture;
    if (!gesture) return;
    if (Math.abs(place.x - gesture.startX) > CLICK_PIXELS) gesture.moved = true;
    if (gesture.kind === "pinch" && others.length > 0) return this.#pinch(before, place, this.#fingers.get(others[0]));
    if (gesture.kind === "pan") return this.#handlers.onAxis(this.#shown.axis.panned(place.x - before.x));
    if (gesture.kind === "scrub") return this.#scrub(place.x);
    if (gesture.kind === "from" || gesture.kind === "to") this.#dragMark(gesture.kind, place.x);
  }

  /** What is between the fingers stays between them. */
  #pinch(before, place, other) {
    const apart = Math.max(10, Math.abs(before.x - other.x));
    const middle = (place.x + other.x) / 2;
    const { axis } = this.#shown;
    const panned = axis.panned(middle - (before.x + other.x) / 2);
    this.#handlers.onAxis(panned.zoomed(apart / Math.max(10, Math.abs(place.x - other.x)), middle));
  }

  #dragMark(end, x) {
    const { axis, mark } = this.#shown;
    const time = axis.time(x);
    if (end === "from") this.#handlers.onMark({ from: Math.min(time, mark.to), to: mark.to });
    else this.#handlers.onMark({ from: mark.from, to: Math.max(time, mark.from) });
  }

  #scrub(x) {
    const { axis, now } = this.#shown;
    this.#handlers.onScrub(Math.min(now, axis.time(Math.min(this.width, Math.max(0, x)))));
    clearTimeout(this.#edgeTimer);
    const speed = x < EDGE ? 1 : x > this.width - EDGE ? -1 : 0;
    if (speed === 0 || !this.#gesture.moved) return;
    this.#edgeTimer = setTimeout(() => {
      if (this.#gesture?.kind !== "scrub") return;
      this.#handlers.onAxis(this.#shown.axis.panned((speed * EDGE_SPEED * this.width) / 30));
      this.#scrub(x);
    }, 33);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    const gesture = this.#gesture;
    // The finger that stays after a pinch does nothing: it would jump.
    if (this.#fingers.size > 0) return;
    this.#gesture = null;
    clearTimeout(this.#edgeTimer);
    if (gesture?.kind !== "scrub" || gesture.moved || event.type !== "pointerup") return;
    const { x, y } = this.#place(event);
    const pressed = y > RULER + EVENTS ? null : this.#eventAt(x, REACH[event.pointerType] ?? REACH.mouse);
    if (pressed) this.#handlers.onEvent(pressed);
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (!this.#shown) return;
    event.preventDefault();
    const unit = event.deltaMode === 0 ? 1 : LINE_PIXELS;
    const { axis } = this.#shown;
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#handlers.onAxis(axis.panned(-sideways * unit));
    } else {
      // A pinch of a trackpad comes as a wheel with Ctrl, in small steps.
      const factor = Math.exp(event.deltaY * unit * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1));
      this.#handlers.onAxis(axis.zoomed(factor, this.#place(event).x));
    }
  }

  /** @param {PointerEvent} event @param {{x: number, y: number}} place */
  #hover(event, { x, y }) {
    if (event.pointerType === "touch") return;
    const found = y < RULER + EVENTS && y >= RULER ? this.#eventAt(x, REACH.mouse) : null;
    this.#handlers.onHover(x, this.#shown.axis.time(x), found);
  }

  #eventAt(x, reach) {
    const { axis, events } = this.#shown;
    return eventAt(events, axis, x, reach);
  }

  /** @param {MouseEvent} event @returns {{x: number, y: number}} in the canvas */
  #place(event) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
