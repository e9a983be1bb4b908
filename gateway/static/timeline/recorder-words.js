/** What the recorder does, in a sentence or two for people. Pure code. */

import { dataSize, timeOfDay } from "../words/format.js";
import { t } from "../words/words.js";

/**
 * @typedef {object} RecorderState the keys of the header of `recorder` in docs/wire-format.md that the page reads
 * @property {"off" | "waiting" | "recording" | "failed"} state
 * @property {string} reason
 * @property {string[]} modes
 * @property {boolean} demanded
 * @property {number | null} seconds_left
 * @property {number} held_bytes
 * @property {number} kept_bytes
 * @property {number} segments
 * @property {number | null} oldest Unix seconds
 * @property {number | null} free_bytes
 */

/** What it does now, or why it does not record. @param {RecorderState} recorder @returns {string} */
export function recorderSentence(recorder) {
  const { state, reason, modes = [], demanded, seconds_left: left } = recorder;
  if (state === "off") return t("recorder.off");
  if (state === "failed") return t("recorder.failed", { reason: withoutEnd(reason) });
  if (state === "recording") {
    if (!demanded) return t("recorder.recording");
    return left === null || left === undefined ? t("recorder.demanded") : t("recorder.demandedFor", { n: Math.ceil(left) });
  }
  if (reason) return t("recorder.waitingBecause", { reason: withoutEnd(reason) });
  if (demanded || modes.includes("always")) return t("recorder.waiting");
  return t(modes.includes("motion") ? "recorder.waitingForMotion" : "recorder.waitingForRequest");
}

/** What the disk holds. @param {RecorderState} recorder @param {number} [nowMs] Unix milliseconds @returns {string} */
export function heldSentence(recorder, nowMs = Date.now()) {
  if (recorder.state === "off" || typeof recorder.held_bytes !== "number") return "";
  const free = recorder.free_bytes ?? null;
  const parts = [t("recorder.held", { size: dataSize(recorder.held_bytes) })];
  if (recorder.oldest) parts.push(t("recorder.oldest", { time: timeOfDay(recorder.oldest, nowMs) }));
  if (recorder.kept_bytes > 0) parts.push(t("recorder.kept", { size: dataSize(recorder.kept_bytes) }));
  if (free !== null) parts.push(t("recorder.free", { size: dataSize(free) }));
  return parts.join(" · ");
}

/** @param {string} reason */
function withoutEnd(reason) {
  return reason.replace(/\.$/, "");
}
