/** Numbers as text: ages, rates, times of day, file names. Pure code. */

const DAY_MS = 86_400_000;

/**
 * Return an age as a short text.
 *
 * @param {number | null} ms
 */
export function age(ms) {
  if (ms === null) return "age unknown";
  if (ms < 1000) return `${Math.round(ms)} ms old`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s old`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s old`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min old` : `${Math.round(ms / 3_600_000)} h old`;
}

/**
 * Return a rate, with one decimal where that is significant.
 *
 * @param {number} fps
 */
export function frameRate(fps) {
  return `${fps >= 9.95 || fps === 0 ? Math.round(fps) : fps.toFixed(1)} fps`;
}

/**
 * Return the time of day, with the date unless it is within twelve hours. A time that no Date can hold is "an unknown time".
 *
 * @param {number} unixSeconds
 * @param {number} [nowMs] Unix milliseconds
 */
export function timeOfDay(unixSeconds, nowMs = Date.now()) {
  const then = new Date(unixSeconds * 1000);
  if (Number.isNaN(then.getTime())) return "an unknown time";
  const time = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (Math.abs(nowMs - then.getTime()) < DAY_MS / 2) return time;
  return `${then.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/**
 * Return the file name of a still, with the local time and without characters that a file system refuses.
 *
 * @param {string} camera
 * @param {Date} when
 */
export function stillName(camera, when) {
  const local = new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString();
  return `${camera}-${local.slice(0, 19).replace("T", "_").replaceAll(":", "-")}.jpg`;
}
