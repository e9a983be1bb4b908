/**
 * What the page knows of the recorded times of a camera: asked for as the time line shows them, and again at its live end.
 * Events come by the websocket; they are listed once, and again after they may have been missed.
 */

import { isSilent, withMessage } from "./pushed-events.js";
import { eventBeside, merge } from "./spans.js";

/** How often the newest times are asked for. */
const TAIL_EVERY_MS = 5000;
/** The newest span may have become longer, and the file before it complete. */
const TAIL_SECONDS = 90;
/** After a failure, so long nothing is asked. */
const RETRY_MS = 5000;
/** A page that stays open for weeks forgets what lies so long before what is visible, an hour at a time. */
const KEPT_SECONDS = 7 * 86_400;
const FORGET_SECONDS = 3600;
/** What is known beyond what is visible, as parts of it: panning shows it at once. */
const BEYOND = 0.5;
/** Pauses in seconds over which spans may go on, where a pixel has as many: few steps, as each is another list. */
const GAPS = [12, 60, 300, 1200];
/** How far from what is known an event is looked for. */
const EVENT_SECONDS = 14 * 86_400;

export class RecordedTimes {
  /** @type {import("./spans.js").Span[]} sorted */
  spans = [];
  /** @type {import("./spans.js").Event[]} sorted by start */
  events = [];
  /** Resolved when nothing is being asked for. @type {Promise<void>} */
  loaded = Promise.resolve();
  #api;
  #onChange;
  /** @type {{from: number, to: number} | null} the time that is known */
  #known = null;
  /** Shorter pauses may be missing in what is known. */
  #gap = 0;
  #tailAt = -Infinity;
  #eventsAt = -Infinity;
  /** Whether events may have been missed at the end of what is known. */
  #missedEvents = false;
  #isAsking = false;
  #failedAt = -Infinity;

  /** @param {import("./recordings-api.js").RecordingsApi} api @param {() => void} onChange called when more is known */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /**
   * Know these times soon. May be called often.
   *
   * @param {number} from
   * @param {number} to
   * @param {number} now
   * @param {number} [pixel] its seconds: shorter pauses need not be known
   */
  want(from, to, now, pixel = 0) {
    if (this.#isAsking || performance.now() - this.#failedAt < RETRY_MS) return;
    this.#forget(from - KEPT_SECONDS);
    const gap = longestGap(pixel);
    const missing = this.#missing(from, Math.min(to, now), now, gap);
    const span = missing ?? this.#tail(to, now);
    if (span) this.loaded = this.#ask(span.from, span.to, missing ? gap : this.#gap, missing !== null || this.#isOfEvents());
  }

  /** A message says what happens now. @param {import("./pushed-events.js").EventMessage} message */
  happened(message) {
    const known = this.#known;
    // What lies between is not known: with this event, it would seem to be empty.
    if (!known || message.captured > known.to + TAIL_SECONDS || message.captured < known.from) return;
    this.events = withMessage(this.events, message, performance.now());
    this.#onChange();
  }

  /** Messages come from now on: events may have been missed before. */
  mayHaveMissed() {
    this.#missedEvents = true;
  }

  /** Ask for a time again. @param {number} from @param {number} to */
  async again(from, to) {
    await this.loaded;
    this.loaded = this.#ask(from, to, this.#gap, true);
  }

  /**
   * The event before or after a moment, also beyond what is known.
   *
   * @param {number} time
   * @param {1 | -1} direction
   * @param {number} now
   */
  async eventBeside(time, direction, now) {
    await this.loaded;
    const known = this.#known && time >= this.#known.from && time <= this.#known.to;
    const near = known ? eventBeside(this.events, time, direction) : null;
    if (near) return near;
    const [from, to] = direction > 0 ? [time, now] : [Math.max(0, time - EVENT_SECONDS), time];
    try {
      return eventBeside(await this.#api.events(from, to), time, direction);
    } catch {
      return null;
    }
  }

  /** @param {number} begin what lies before is forgotten */
  #forget(begin) {
    const known = this.#known;
    if (!known || known.from > begin - FORGET_SECONDS) return;
    this.spans = this.spans.filter(({ end }) => end >= begin);
    this.events = this.events.filter(({ end }) => (end ?? Infinity) >= begin);
    this.#known = known.to > begin ? { from: begin, to: known.to } : null;
  }

  /** The part of a time that is not known, and a little more. */
  #missing(from, to, now, gap) {
    const known = this.#known;
    const beyond = (to - from) * BEYOND;
    if (to <= from) return null;
    // Far from what is known, that is forgotten: what lies between is not known. So it is where pauses are to be seen that are not known.
    if (!known || gap < this.#gap || to < known.from - beyond || from > known.to + beyond) return { from: from - beyond, to: Math.min(now, to + beyond) };
    if (from < known.from) return { from: from - beyond, to: known.from };
    if (to > known.to + TAIL_SECONDS) return { from: known.to, to: Math.min(now, to + beyond) };
    return null;
  }

  #tail(to, now) {
    if (performance.now() - this.#tailAt < TAIL_EVERY_MS || document.hidden || to < now - TAIL_SECONDS) return null;
    return { from: Math.max(this.#known.from, this.#known.to - TAIL_SECONDS), to: now };
  }

  /** Whether events are asked for together with the newest spans. */
  #isOfEvents() {
    return this.#missedEvents || this.events.some((event) => isSilent(event, this.#eventsAt, performance.now()));
  }

  /** @param {number} from @param {number} to @param {number} gap @param {boolean} ofEvents whether events are asked for, too */
  async #ask(from, to, gap, ofEvents) {
    this.#isAsking = true;
    this.#missedEvents = this.#missedEvents && !ofEvents;
    try {
      const [spans, events] = await Promise.all([this.#api.spans(from, to, gap), ofEvents ? this.#api.events(from, to) : null]);
      this.#learn(Math.max(0, from), to, gap, spans, events);
      this.#onChange();
    } catch (error) {
      this.#failedAt = performance.now();
      this.#missedEvents = true;
      console.info(`framebus: what is recorded could not be read: ${error.message}`);
    } finally {
      this.#isAsking = false;
      this.#tailAt = performance.now();
    }
  }

  #learn(from, to, gap, spans, events) {
    const known = this.#known;
    const joins = known && gap >= this.#gap && from <= known.to && to >= known.from;
    this.spans = merge(joins ? this.spans : [], spans, from, to);
    if (events) this.#learnEvents(joins ? this.events : [], events, from, to);
    this.#known = joins ? { from: Math.min(from, known.from), to: Math.max(to, known.to) } : { from, to };
    this.#gap = gap;
  }

  #learnEvents(before, events, from, to) {
    this.#eventsAt = performance.now();
    const ids = new Set(events.map(({ id }) => id));
    // A message may be newer than the list.
    const isOther = ({ id, start, end, heardAt }) => !ids.has(id) && (start > to || (end ?? start) < from || (heardAt && start > to - TAIL_SECONDS));
    const listed = events.map((event) => before.find(({ id, heardAt }) => id === event.id && heardAt) ?? event);
    this.events = [...before.filter(isOther), ...listed].sort((one, other) => one.start - other.start);
  }
}

/** The longest of the pauses that are not to be seen. @param {number} pixel seconds */
function longestGap(pixel) {
  return GAPS.filter((gap) => gap <= pixel).pop() ?? 0;
}
