/** Numbers as text: ages, rates, times of day, file names. Pure code. */

import { currentLanguage, t } from "./words.js";

const DAY_MS = 86_400_000;

/**
 * Return an age as a short text.
 *
 * @param {number | null} ms
 */
export function age(ms) {
  if (ms === null) return t("age.unknown");
  if (ms < 1000) return t("age.ms", { n: Math.round(ms) });
  if (ms < 9950) return t("age.s", { n: decimals((ms / 1000).toFixed(1)) });
  if (ms < 120_000) return t("age.s", { n: Math.round(ms / 1000) });
  return ms < 7_200_000 ? t("age.min", { n: Math.round(ms / 60_000) }) : t("age.h", { n: Math.round(ms / 3_600_000) });
}

/**
 * Return a rate, with one decimal where that is significant.
 *
 * @param {number} fps
 */
export function frameRate(fps) {
  return t("camera.fps", { n: fps >= 9.95 || fps === 0 ? Math.round(fps) : decimals(fps.toFixed(1)) });
}

/**
 * Return the time of day, with the date unless it is within twelve hours. A time that no Date can hold is an unknown time.
 *
 * @param {number} unixSeconds
 * @param {number} [nowMs] Unix milliseconds
 */
export function timeOfDay(unixSeconds, nowMs = Date.now()) {
  const then = new Date(unixSeconds * 1000);
  if (Number.isNaN(then.getTime())) return t("time.unknown");
  const time = then.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (Math.abs(nowMs - then.getTime()) < DAY_MS / 2) return time;
  return `${then.toLocaleDateString(locale(), { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/**
 * Return a moment of the past with its date, to the millisecond.
 *
 * @param {number | null} unixSeconds
 */
export function moment(unixSeconds) {
  const then = new Date((unixSeconds ?? NaN) * 1000);
  if (Number.isNaN(then.getTime())) return t("time.unknown");
  const day = then.toLocaleDateString(locale(), { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  return `${day}, ${then.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 })}`;
}

/** The browser's own locale where its language is the page's, as it knows whether hours go to 12 or 24. */
export function locale() {
  const own = globalThis.navigator?.language ?? "";
  try {
    return own.startsWith(currentLanguage()) ? Intl.getCanonicalLocales(own)[0] : currentLanguage();
  } catch {
    return currentLanguage(); // Chromium 90 without a locale of its own has the language "en-US@posix", which is no tag
  }
}

/** A number with the language's decimal separator. @param {string} number with a point */
function decimals(number) {
  return number.replace(".", new Intl.NumberFormat(currentLanguage()).format(1.5).charAt(1));
}

/**
 * Return a number of bytes as a short text, in units of a thousand: what is not empty has at least 1 kB.
 *
 * @param {number} bytes
 */
export function dataSize(bytes) {
  if (bytes < 1e6) return t("size.kB", { n: Math.min(bytes, Math.max(1, Math.round(bytes / 1000))) });
  const [unit, size] = bytes >= 1e12 ? ["TB", 1e12] : bytes >= 1e9 ? ["GB", 1e9] : ["MB", 1e6];
  const number = bytes / size;
  return t(`size.${unit}`, { n: number < 9.95 ? decimals(number.toFixed(1)) : Math.round(number) });
}

/**
 * Return the name of a file of a camera, with the local time and without characters that a file system refuses.
 *
 * @param {string} camera
 * @param {Date} when
 * @param {string} extension without a dot
 */
export function fileName(camera, when, extension) {
  const local = new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString();
  return `${camera}-${local.slice(0, 19).replace("T", "_").replaceAll(":", "-")}.${extension}`;
}
