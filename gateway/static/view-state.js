/**
 * Decides which state the view of a camera shows, and why. Pure code. It contains the rule that an old picture is never
 * shown as live.
 */

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
 *
 * @typedef {object} ViewState
 * @property {"connecting" | "live" | "behind" | "stills" | "idle" | "offline" | "stalled"} state
 * @property {string} title
 * @property {string} reason
 * @property {number | null} since Unix seconds
 */

/** @type {ViewState} */
const LIVE = { state: "live", title: "Live", reason: "", since: null };
/** @type {ViewState} */
const BEHIND = { state: "behind", title: "Behind", reason: "The picture is older than two seconds.", since: null };
/** @type {ViewState} */
const STILLS = { state: "stills", title: "Stills", reason: "A still every few seconds.", since: null };
/** @type {ViewState} */
const PAUSED = { state: "idle", title: "Paused", reason: "Not watched while it is out of sight.", since: null };
/** @type {ViewState} */
const CONNECTING = { state: "connecting", title: "Connecting", reason: "Connecting to the camera server.", since: null };

/**
 * Return the state to show for a camera.
 *
 * @param {StateInput} input
 * @returns {ViewState}
 */
export function viewState(input) {
  if (!input.connected) return withoutServer(input.lostSince);
  const status = input.status;
  if (status?.state === "offline") {
    const reason = status.reason || "The camera gives no pictures.";
    return { state: "offline", title: "Offline", reason, since: status.since };
  }
  if (!input.watched) return PAUSED;
  if (input.stills && (input.pace === "live" || input.pace === "behind")) return STILLS;
  if (input.pace === "live") return LIVE;
  if (input.pace === "behind" && !input.undrawable && (status === null || status.state === "live")) return BEHIND;
  return withoutPicture(input);
}

/** @param {number | null} since @returns {ViewState} */
function withoutServer(since) {
  if (since === null) return CONNECTING;
  return { state: "connecting", title: "No connection", reason: "The camera server does not answer.", since };
}

/** @param {StateInput} input @returns {ViewState} */
function withoutPicture({ status, pace, undrawable, pictureSince }) {
  if (!status) return { state: "connecting", title: "Connecting", reason: "Waiting for the status of the camera.", since: null };
  if (status.state === "starting") {
    const reason = status.reason || "The camera is starting.";
    return { state: "connecting", title: "Starting", reason, since: status.since };
  }
  if (status.state === "idle") return { state: "idle", title: "Idle", reason: "Waking the camera.", since: null };
  if (undrawable) return stalled("Pictures arrive, but this browser cannot draw them.", pictureSince);
  if (pace === "missing") return stalled("The camera says it is live, but no new picture arrives.", pictureSince);
  return { state: "connecting", title: "Connecting", reason: "Waiting for a new picture.", since: null };
}

/** @param {string} reason @param {number | null} since @returns {ViewState} */
function stalled(reason, since) {
  return { state: "stalled", title: "Stalled", reason, since };
}
