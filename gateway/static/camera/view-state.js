/**
 * Decides which state the view of a camera shows, and why. Pure code. It contains the rule that an old picture is never
 * shown as live.
 */

import { t } from "../words/words.js";

/**
 * @typedef {object} StateInput
 * @property {boolean} connected whether the server speaks, by the websocket or by streams
 * @property {number | null} lostSince Unix seconds; null when there was no connection yet
 * @property {{state: string, reason: string, since: number} | null} status the camera's newest status
 * @property {boolean} watched whether the page asks for this camera's pictures
 * @property {import("./frame-stats.js").Pace} pace whether the picture on the screen is as new as it should be
 * @property {boolean} stills whether a still every few seconds is all that there is for this view
 * @property {number | null} pictureSince Unix seconds at which the last live picture was drawn
 * @property {boolean} undrawable whether the newest picture could not be decoded
 * @property {boolean} recorded whether the picture on the screen is a recorded one
 *
 * @typedef {object} ViewState
 * @property {"connecting" | "live" | "behind" | "stills" | "idle" | "offline" | "stalled" | "recorded"} state
 * @property {string} title
 * @property {string} reason
 * @property {number | null} since Unix seconds
 */

/**
 * Return the state to show for a camera.
 *
 * @param {StateInput} input
 * @returns {ViewState}
 */
export function viewState(input) {
  // Whatever the camera does meanwhile: this picture is of another time, and stays what it is.
  if (input.recorded) return made("recorded", "state.recorded", t("state.recorded.reason"));
  if (!input.connected) return withoutServer(input.lostSince);
  const status = input.status;
  if (status?.state === "offline") {
    return made("offline", "state.offline", status.reason || t("state.offline.reason"), status.since);
  }
  if (!input.watched) return made("idle", "state.paused", t("state.paused.reason"));
  if (input.stills && (input.pace === "live" || input.pace === "behind")) return made("stills", "state.stills", t("state.stills.reason"));
  if (input.pace === "live") return made("live", "state.live", "");
  if (input.pace === "behind" && !input.undrawable && (status === null || status.state === "live")) {
    return made("behind", "state.behind", t("state.behind.reason"));
  }
  return withoutPicture(input);
}

/** @param {number | null} since @returns {ViewState} */
function withoutServer(since) {
  if (since === null) return made("connecting", "state.connecting", t("state.connecting.server"));
  return made("connecting", "state.noConnection", t("state.noConnection.reason"), since);
}

/** @param {StateInput} input @returns {ViewState} */
function withoutPicture({ status, pace, undrawable, pictureSince }) {
  if (!status) return made("connecting", "state.connecting", t("state.connecting.status"));
  if (status.state === "starting") {
    return made("connecting", "state.starting", status.reason || t("state.starting.reason"), status.since);
  }
  if (status.state === "idle") return made("idle", "state.idle", t("state.idle.reason"));
  if (undrawable) return made("stalled", "state.stalled", t("state.stalled.undrawable"), pictureSince);
  if (pace === "missing") return made("stalled", "state.stalled", t("state.stalled.missing"), pictureSince);
  return made("connecting", "state.connecting", t("state.connecting.picture"));
}

/**
 * @param {ViewState["state"]} state
 * @param {string} title a key of the words
 * @param {string} reason a text
 * @param {number | null} [since] Unix seconds
 * @returns {ViewState}
 */
function made(state, title, reason, since = null) {
  return { state, title: t(title), reason, since };
}
