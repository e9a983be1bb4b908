/**
 * Decides which state the view of a camera shows, and why. Pure code. It contains the rule that an old picture is never
 * shown as live.
 */

/**
 * @typedef {object} StateInput
 * @property {boolean} connected whether the websocket is open and the server speaks
 * @property {number | null} lostSince Unix seconds; null when there was no connection yet
 * @property {boolean} blocked whether the server answers, but opens no websocket
 * @property {{state: string, reason: string, since: number} | null} status the camera's newest status
 * @property {boolean} watched whether the page asks for this camera's pictures
 * @property {boolean} isLive whether the picture drawn last counts as live
 * @property {boolean} waiting whether the page subscribed so recently that a picture may still be in transit
 * @property {number | null} pictureSince Unix seconds at which the last live picture was drawn
 * @property {boolean} undrawable whether the newest picture could not be decoded
 *
 * @typedef {object} ViewState
 * @property {"connecting" | "live" | "idle" | "offline" | "stalled"} state
 * @property {string} title
 * @property {string} reason
 * @property {number | null} since Unix seconds
 */

/** @type {ViewState} */
const LIVE = { state: "live", title: "Live", reason: "", since: null };
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
  if (!input.connected) return withoutServer(input.lostSince, input.blocked);
  const status = input.status;
  if (status?.state === "offline") {
    const reason = status.reason || "The camera gives no pictures.";
    return { state: "offline", title: "Offline", reason, since: status.since };
  }
  if (!input.watched) return PAUSED;
  return input.isLive ? LIVE : withoutPicture(input);
}

/** @param {number | null} since @param {boolean} blocked @returns {ViewState} */
function withoutServer(since, blocked) {
  if (since === null && !blocked) return CONNECTING;
  const reason = blocked ? "No websocket can be opened to the camera server." : "The camera server does not answer.";
  return { state: "connecting", title: "No connection", reason, since };
}

/** @param {StateInput} input @returns {ViewState} */
function withoutPicture({ status, waiting, undrawable, pictureSince }) {
  if (!status) return { state: "connecting", title: "Connecting", reason: "Waiting for the status of the camera.", since: null };
  if (status.state === "starting") {
    const reason = status.reason || "The camera is starting.";
    return { state: "connecting", title: "Starting", reason, since: status.since };
  }
  if (status.state === "idle") return { state: "idle", title: "Idle", reason: "Waking the camera.", since: null };
  if (waiting) return { state: "connecting", title: "Connecting", reason: "Waiting for a new picture.", since: null };
  const reason = undrawable
    ? "Pictures arrive, but this browser cannot draw them."
    : "The camera says it is live, but no new picture arrives.";
  return { state: "stalled", title: "Stalled", reason, since: pictureSince };
}
