/** What is recorded: spans of time and events. Pure code; times are Unix seconds. */

/** Two events that begin within this time are one for the way to the next one, which must not stand still. */
const SAME_SECONDS = 0.001;

/**
 * @typedef {object} Span
 * @property {number} begin
 * @property {number} end
 * @property {boolean} keep whether it is never deleted to make room
 *
 * @typedef {object} Event
 * @property {string} id
 * @property {string} type such as "motion"
 * @property {number} start
 * @property {number | null} end null while it lasts
 * @property {number} score from 0 to 1
 * @property {number} [published] of its newest message
 * @property {number} [heardAt] when that came, in milliseconds
 */

/**
 * Put what was listed for a time in the place of what was known of it.
 *
 * @param {Span[]} known sorted
 * @param {Span[]} listed those that touch the time, whole
 * @param {number} from of the time
 * @param {number} to
 * @returns {Span[]} sorted, without overlaps
 */
export function merge(known, listed, from, to) {
  const outside = known.flatMap((span) => [
    ...(span.begin < from ? [{ ...span, end: Math.min(span.end, from) }] : []),
    ...(span.end > to ? [{ ...span, begin: Math.max(span.begin, to) }] : []),
  ]);
  const sorted = [...outside, ...listed].filter((span) => span.end >= span.begin).sort((one, other) => one.begin - other.begin);
  const merged = [];
  for (const span of sorted) {
    const last = merged[merged.length - 1];
    if (!last || span.begin > last.end || (span.keep !== last.keep && span.end > last.end)) {
      merged.push({ begin: Math.max(span.begin, last?.end ?? -Infinity), end: span.end, keep: span.keep });
    } else if (span.end > last.end) {
      last.end = span.end;
    }
  }
  return merged;
}

/**
 * What to draw: spans as pixels. What is nearer than a pixel becomes one piece, and none is narrower than a pixel.
 *
 * @param {Span[]} spans sorted
 * @param {import("./axis.js").Axis} axis
 * @returns {{left: number, right: number, keep: boolean}[]}
 */
export function pieces(spans, axis) {
  const found = [];
  for (const span of spans) {
    if (span.end < axis.from || span.begin > axis.to) continue;
    const left = Math.max(0, Math.min(axis.width - 1, axis.x(span.begin)));
    const right = Math.max(left + 1, Math.min(axis.width, axis.x(span.end)));
    const last = found[found.length - 1];
    if (last && last.keep === span.keep && left - last.right < 1) last.right = Math.max(last.right, right);
    else found.push({ left, right, keep: span.keep });
  }
  return found;
}

/**
 * The event before or after a moment.
 *
 * @param {Event[]} events sorted by start
 * @param {number} time
 * @param {1 | -1} direction
 * @returns {Event | null}
 */
export function eventBeside(events, time, direction) {
  if (direction > 0) return events.find((event) => event.start > time + SAME_SECONDS) ?? null;
  return [...events].reverse().find((event) => event.start < time - SAME_SECONDS) ?? null;
}

/**
 * The event that is drawn at a pixel or next to it: the strongest of those within reach.
 *
 * @param {Event[]} events
 * @param {import("./axis.js").Axis} axis
 * @param {number} x
 * @param {number} reach pixels
 * @returns {Event | null}
 */
export function eventAt(events, axis, x, reach) {
  const near = events.filter(({ start, end }) => axis.x(start) - reach <= x && x <= axis.x(end ?? start) + reach);
  return near.reduce((best, event) => (best && best.score >= event.score ? best : event), null);
}
