/** Events as messages of the websocket tell of them, in the list of those that are known. Pure code; times are Unix seconds. */

/** An event without a message for so long has ended, though nothing says so: the process that detects may be gone. */
export const SILENT_MS = 5000;

/**
 * @typedef {object} EventMessage the header of a message `event`
 * @property {string} id
 * @property {string} type
 * @property {"start" | "update" | "end"} phase
 * @property {number} score
 * @property {number} seconds since the event began
 * @property {number} captured
 * @property {number} published by a monotonic clock: an earlier message may be repeated
 */

/**
 * The known events, with what a message says.
 *
 * @param {import("./spans.js").Event[]} events sorted by start
 * @param {EventMessage} message
 * @param {number} now milliseconds
 * @returns {import("./spans.js").Event[]} sorted by start
 */
export function withMessage(events, { id, type, phase, score, seconds, captured, published }, now) {
  const known = events.find((event) => event.id === id);
  if (known?.published >= published) return events;
  const event = {
    id,
    type,
    start: known?.start ?? captured - seconds,
    end: phase === "end" ? captured : null,
    score: Math.max(score, known?.score ?? 0),
    published,
    heardAt: now,
  };
  const others = events.filter((other) => other !== known);
  return [...others, event].sort((one, other) => one.start - other.start);
}

/**
 * Whether an event is in progress by what was listed, and no message says so.
 *
 * @param {import("./spans.js").Event} event
 * @param {number} listedAt when it was listed, in milliseconds
 * @param {number} now milliseconds
 */
export function isSilent(event, listedAt, now) {
  return event.end === null && now - Math.max(event.heardAt ?? -Infinity, listedAt) > SILENT_MS;
}
