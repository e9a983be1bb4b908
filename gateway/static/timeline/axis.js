/**
 * The axis of the time line: which time is at which pixel, zoom and pan, and ticks in local time. Pure code; times are Unix
 * seconds.
 */

/** Seconds that the axis shows at least and at most. */
export const SHORTEST = 10;
export const LONGEST = 31 * 86_400;
/** A part of what is visible may be empty beyond the first and the last moment. */
const MARGIN = 0.08;
const HOUR = 3600;
const DAY = 86_400;
/** Seconds between two ticks. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY];
/** The offsets of time zones differ by this; on Lord Howe Island summer time does, too. */
const ZONE_STEP = 1800;
/** After a change of summer time, two ticks may be nearer than a step: one that is nearer than this part of it is left out. */
const NEAREST = 0.6;

export class Axis {
  /** @param {number} from @param {number} to later than `from` @param {number} width in pixels */
  constructor(from, to, width) {
    this.from = from;
    this.to = to;
    this.width = Math.max(1, width);
  }

  /** Visible seconds. */
  get span() {
    return this.to - this.from;
  }

  /** Seconds of a pixel. */
  get pixel() {
    return this.span / this.width;
  }

  /** @param {number} time @returns {number} the pixel, which may be outside */
  x(time) {
    return ((time - this.from) / this.span) * this.width;
  }

  /** @param {number} x */
  time(x) {
    return this.from + (x / this.width) * this.span;
  }

  /** The same times on another width. @param {number} width */
  resized(width) {
    return new Axis(this.from, this.to, width);
  }

  /**
   * Show more or less time; what is at a pixel stays there.
   *
   * @param {number} factor of the visible seconds: below 1 to see more of less
   * @param {number} x
   */
  zoomed(factor, x) {
    const span = Math.min(LONGEST, Math.max(SHORTEST, this.span * factor));
    const from = this.time(x) - (x / this.width) * span;
    return new Axis(from, from + span, this.width);
  }

  /** Show earlier or later times. @param {number} pixels to the right: earlier times appear */
  panned(pixels) {
    const seconds = (pixels / this.width) * this.span;
    return new Axis(this.from - seconds, this.to - seconds, this.width);
  }

  /** Show so many seconds around a moment. @param {number} time @param {number} [span] */
  around(time, span = this.span) {
    const seconds = Math.min(LONGEST, Math.max(SHORTEST, span));
    return new Axis(time - seconds / 2, time + seconds / 2, this.width);
  }

  /** The axis moved as little as possible, so that a moment is visible, a part of the width from the edges. @param {number} time */
  reaching(time) {
    const edge = this.span * MARGIN;
    const late = time - (this.to - edge);
    const early = this.from + edge - time;
    const shift = late > 0 ? late : early > 0 ? -early : 0;
    return shift === 0 ? this : new Axis(this.from + shift, this.to + shift, this.width);
  }

  /**
   * The axis moved so that it shows little beyond what there is.
   *
   * @param {number} earliest
   * @param {number} latest
   */
  within(earliest, latest) {
    const edge = this.span * MARGIN;
    let from = Math.max(this.from, earliest - edge);
    from = Math.min(from, latest + edge - this.span);
    return from === this.from ? this : new Axis(from, from + this.span, this.width);
  }
}

/**
 * The local day that a moment belongs to: 23 or 25 hours where summer time begins or ends.
 *
 * @param {number} time
 * @returns {{from: number, to: number}}
 */
export function localDay(time) {
  const date = new Date(time * 1000);
  const midnight = (days) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() / 1000;
  return { from: midnight(0), to: midnight(1) };
}

/**
 * Return where the axis has ticks.
 *
 * @param {Axis} axis
 * @param {number} apart pixels between two ticks at least
 * @returns {{time: number, kind: "day" | "minute" | "second"}[]} `kind`: what names the tick; "day" is a local midnight
 */
export function ticks(axis, apart) {
  const least = (apart / axis.width) * axis.span;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / DAY) * DAY;
  const times = step >= DAY ? dayTicks(axis, step / DAY) : step >= HOUR ? hourTicks(axis, step / HOUR) : shortTicks(axis, step);
  const kept = [];
  for (const time of times) if (kept.length === 0 || time - kept[kept.length - 1] >= step * NEAREST) kept.push(time);
  return kept.map((time) => ({ time, kind: isMidnight(time) ? "day" : step < 60 ? "second" : "minute" }));
}

/** @param {Axis} axis @param {number} step seconds below an hour @returns {number[]} */
function shortTicks(axis, step) {
  const offset = -60 * new Date(axis.from * 1000).getTimezoneOffset();
  const first = Math.ceil((axis.from + offset) / step) * step - offset;
  const times = [];
  for (let time = first; time <= axis.to; time += step) times.push(time);
  return times;
}

/** Each full hour of the clock on the wall that is a multiple. @param {Axis} axis @param {number} hours @returns {number[]} */
function hourTicks(axis, hours) {
  return shortTicks(axis, ZONE_STEP).filter((time) => {
    const date = new Date(time * 1000);
    return date.getMinutes() === 0 && date.getHours() % hours === 0;
  });
}

/** @param {Axis} axis @param {number} days @returns {number[]} */
function dayTicks(axis, days) {
  const first = new Date(axis.from * 1000);
  const times = [];
  for (let day = 0; ; day += 1) {
    const midnight = new Date(first.getFullYear(), first.getMonth(), first.getDate() + day);
    const time = midnight.getTime() / 1000;
    if (time > axis.to) return times;
    // Counted from one day for all axes: a tick must not change its place while the axis moves.
    const number = Math.round(Date.UTC(midnight.getFullYear(), midnight.getMonth(), midnight.getDate()) / 1000 / DAY);
    if (time >= axis.from && number % days === 0) times.push(time);
  }
}

/** @param {number} time */
function isMidnight(time) {
  return localDay(time).from === time;
}
