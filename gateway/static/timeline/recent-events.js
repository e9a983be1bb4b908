/** What the tile of a camera says of its events: those of the last hour, and whether one is in progress. Pure code. */

import { isSilent } from "./pushed-events.js";

/** Events that began within this time count. */
export const RECENT_SECONDS = 3600;

/**
 * @param {import("./spans.js").Event[]} events sorted by start
 * @param {number} listedAt when they were listed, in milliseconds
 * @param {{unix: number, ms: number}} now as Unix seconds, and as milliseconds of the clock of `listedAt`
 * @returns {{count: number, start: number, isNow: boolean} | null} how many, and when the newest began; null for none
 */
export function recentEvents(events, listedAt, now) {
  const goesOn = (event) => event.end === null && !isSilent(event, listedAt, now.ms);
  const recent = events.filter((event) => event.start > now.unix - RECENT_SECONDS || goesOn(event));
  const newest = recent[recent.length - 1];
  return newest ? { count: recent.length, start: newest.start, isNow: recent.some(goesOn) } : null;
}
