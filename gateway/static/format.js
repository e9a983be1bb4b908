/** Figures in words: ages, times of day, file names. Pure code. */

const DAY_MS = 86_400_000;

/**
 * How old something is, as short as it can be said.
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
 * A rate, with a decimal only where it tells something.
 *
 * @param {number} fps
 */
export function rate(fps) {
  return `${fps >= 9.95 || fps === 0 ? Math.round(fps) : fps.toFixed(1)} fps`;
}

/**
 * The time of day, with the date when it is not of the last few hours.
 *
 * @param {number} unixSeconds
 * @param {number} [nowMs] Unix milliseconds
 */
export function moment(unixSeconds, nowMs = Date.now()) {
  const then = new Date(unixSeconds * 1000);
  const time = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (Math.abs(nowMs - then.getTime()) < DAY_MS / 2) return time;
  return `${then.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/**
 * The file name of a still, in local time and without characters that a file system refuses.
 *
 * @param {string} camera
 * @param {Date} when
 */
export function stillName(camera, when) {
  const local = new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString();
  return `${camera}-${local.slice(0, 19).replace("T", "_").replaceAll(":", "-")}.jpg`;
}
