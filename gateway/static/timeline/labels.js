/** Names of times on the time line, and what it says of a film. */

import { locale } from "../words/format.js";
import { t } from "../words/words.js";

/** What names a tick, by its kind. @type {Record<string, Intl.DateTimeFormatOptions>} */
const PARTS = {
  day: { weekday: "short", day: "numeric", month: "short" },
  minute: { hour: "2-digit", minute: "2-digit" },
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  full: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
/** @type {Map<string, Intl.DateTimeFormat>} making one takes a millisecond on a small machine */
const formats = new Map();

/** Name a time. @param {number} time Unix seconds @param {"day" | "minute" | "second" | "full"} kind */
export function timeLabel(time, kind) {
  const key = `${locale()} ${kind}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), PARTS[kind]));
  return formats.get(key).format(new Date(time * 1000));
}

/** What the player notices, in a sentence. @param {{kind: string, text: string, gap?: number[]}} notice */
export function noticeText({ kind, text, gap }) {
  if (kind === "end") return t("timeline.end");
  if (kind === "gap") return t("timeline.gap", { n: Math.round(gap[1] - gap[0]) });
  return text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "";
}
