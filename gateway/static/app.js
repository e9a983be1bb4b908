/**
 * The page: connects the websocket, the estimate of the server's clock and the views of the cameras, decides which cameras
 * to subscribe to, and shows the state in the banner and the title.
 */

import { ServerClock } from "./clock.js";
import { Connection } from "./connection.js";
import { logIn, showLogout, withToken } from "./auth.js";
import { fetchCameras, CameraList } from "./camera-list.js";
import { splitMessage } from "./wire.js";

const REFRESH_MS = 250;
const CLOCK_EVERY_MS = 10_000;
const CLOCK_SAMPLES = 4;
const CLOCK_GAP_MS = 150;
const LIST_RETRY_MS = 5000;
const NOTE_MS = 10_000;
/** After this many failed attempts, while /api/cameras answers, a proxy is assumed to block websockets. */
const BLOCKED_AFTER = 3;

const only = /\/camera\/([a-z0-9][a-z0-9_-]{0,31})\/$/.exec(location.pathname)?.[1] ?? null;
const part = (selector) => document.querySelector(selector);
const clock = new ServerClock();
const cameraList = new CameraList(part(".cameras"), only, clock, watch);
const connection = new Connection(socketAddress(), { opened, lost, received, silent: askClock });

/** @type {{cameras: object[] | null, mistake: string} | null} the last answer of /api/cameras */
let list = null;
let listRequestedAt = -Infinity;
/** Whether the websocket is open and a message has arrived: a proxy may open one without the server. */
let connected = false;
let everConnected = false;
/** Unix seconds; null while connected, and before the first connection. */
let lostSince = null;
/** Failed attempts since the last connection. */
let failures = 0;
/** The cameras that the server was last asked for, as JSON; a new connection starts with none. */
let watched = "[]";
/** @type {import("./camera-view.js").CameraView | null} the one that the key F applies to */
let lastUsedView = null;
let note = { text: "", until: -Infinity };
/** Whether the page is being left: the browser closes the connection then, and the banner stays hidden. */
let leaving = false;

function socketAddress() {
  const url = withToken("ws");
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function opened() {
  watched = "[]";
  clock.reset();
  askClockOften();
  watch();
  readList();
}

function becameConnected() {
  connected = everConnected = true;
  failures = 0;
  lostSince = null;
  refresh();
}

function lost() {
  connected = false;
  if (everConnected) lostSince ??= (clock.at(performance.now()) ?? Date.now()) / 1000;
  // Check again whether the server still answers.
  if (failures === 0 && list?.cameras) list = null;
  failures += 1;
  refresh();
}

/** @param {string | ArrayBuffer} data @param {(answer: object) => void} reply */
function received(data, reply) {
  if (!connected) becameConnected();
  try {
    if (typeof data === "string") return receivedText(JSON.parse(data));
    const message = splitMessage(data);
    if (message.kind === "live") receivedFrame(message, reply);
    if (message.kind === "status") receivedStatus(message);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.warn(`framebus: dropped a message: ${error.message}`);
  }
}

/** @param {{clock?: number, now?: number, error?: string}} answer */
function receivedText(answer) {
  if (typeof answer.clock === "number") clock.add(answer.clock, performance.now(), answer.now);
  if (answer.error) note = { text: answer.error, until: performance.now() + NOTE_MS };
}

/** @param {import("./wire.js").Message} message @param {(answer: object) => void} reply */
function receivedFrame({ camera, header, body }, reply) {
  const acknowledge = () => reply({ ack: camera, seq: header.seq });
  const view = cameraList.find(camera);
  if (view) view.offer({ header, body, acknowledge });
  else acknowledge();
}

/** @param {import("./wire.js").Message} message */
function receivedStatus({ camera, header }) {
  const view = cameraList.view(camera);
  if (view) view.status = header;
}

/** Subscribe to the visible cameras, or to none in a hidden tab. */
function watch() {
  const cameras = document.hidden ? [] : cameraList.visible;
  for (const view of cameraList.views) view.watched = cameras.includes(view.dataset.camera);
  const asked = JSON.stringify(cameras);
  if (asked === watched || !connection.open) return;
  watched = asked;
  connection.send({ watch: cameras });
}

function askClock() {
  connection.send({ clock: performance.now() });
}

function askClockOften() {
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) setTimeout(askClock, sample * CLOCK_GAP_MS);
}

async function readList() {
  listRequestedAt = performance.now();
  const before = list;
  list = await fetchCameras();
  if (list.unauthorized) return logIn();
  if (list.cameras) cameraList.arrange(list.cameras);
  if (list.cameras && !before?.cameras) serverAnswers();
  refresh();
}

/** The server answers again: connect at once. The failures so far were not caused by a proxy. */
function serverAnswers() {
  if (failures < 2) return;
  failures = 1;
  connection.connect();
}

/** Whether to request the list again: while it is missing, and while there is no connection. @param {number} now */
function isListDue(now) {
  return (!list?.cameras || !connected) && now - listRequestedAt > LIST_RETRY_MS && !document.hidden;
}

function refresh() {
  const now = performance.now();
  connection.check(now);
  if (isListDue(now)) readList();
  document.body.dataset.connection = connected ? "open" : "lost";
  const around = { now, connected, lostSince, blocked: blocked() };
  for (const view of cameraList.views) view.refresh(around);
  showBanner(now);
  showSummary();
}

function blocked() {
  return !connected && failures >= BLOCKED_AFTER && Boolean(list?.cameras);
}

/** @param {number} now */
function showBanner(now) {
  const trouble = !connected && failures > 0;
  const text = trouble ? connectionMessage() : now < note.until ? note.text : "";
  const wait = connection.retryIn(now);
  part(".banner").hidden = text === "" || leaving;
  write(".banner-text", text);
  write(".banner-countdown", trouble ? countdown(wait) : "");
}

function connectionMessage() {
  if (blocked()) return "The camera server answers, but no websocket can be opened to it: is there a proxy in between?";
  return lostSince === null ? "No connection to the camera server" : "Connection to the camera server lost";
}

/** @param {number | null} wait milliseconds */
function countdown(wait) {
  return wait === null ? "– trying again now" : `– trying again in ${Math.ceil(wait / 1000)} s`;
}

function showSummary() {
  const all = cameraList.views.length;
  const down = cameraList.views.filter((view) => view.state === "offline" || view.state === "stalled").length;
  document.body.dataset.layout = only || all === 1 ? "one" : "many";
  part(".cameras").style.setProperty("--columns", String(Math.ceil(Math.sqrt(all || 1))));
  const summary = down > 0 && all > 1 ? `${down} of ${all} cameras down` : down > 0 ? "the camera is down" : all === 1 ? "1 camera" : `${all} cameras`;
  write(".summary", only || all === 0 ? "" : summary);
  part(".empty").hidden = all > 0;
  write(".empty", emptyMessage());
  const title = `${titleMark(down)} ${only ?? (all === 0 ? "cameras" : summary)} — framebus`;
  if (document.title !== title) document.title = title;
}

/** The state as one character, for narrow tabs. @param {number} down how many cameras are down */
function titleMark(down) {
  if (!connected || down > 0) return "⚠";
  return cameraList.views.some((view) => view.state === "live") ? "●" : "○";
}

function emptyMessage() {
  if (list?.cameras && only) return `This camera server has no camera named ${only}.`;
  if (list?.cameras) return "This camera server has no camera yet: add one to framebus.toml and restart it.";
  return list ? `The list of cameras could not be read (${list.mistake}).` : "Looking for cameras…";
}

/** @param {string} selector @param {string} text */
function write(selector, text) {
  if (part(selector).textContent !== text) part(selector).textContent = text;
}

/** Remember the camera that was last used with the pointer or the keyboard. @param {Event} event */
function rememberView(event) {
  lastUsedView = event.target.closest("camera-view") ?? lastUsedView;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input")) return;
  const view = lastUsedView?.isConnected ? lastUsedView : cameraList.views[0];
  view?.toggleFullscreen();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) connection.connect();
  watch();
  refresh();
});
document.addEventListener("pointerover", rememberView);
document.addEventListener("focusin", rememberView);
document.addEventListener("keydown", pressed);
addEventListener("online", () => connection.connect());
addEventListener("pageshow", () => (leaving = false));
addEventListener("pagehide", () => (leaving = true));

setInterval(refresh, REFRESH_MS);
setInterval(askClockOften, CLOCK_EVERY_MS);
document.body.dataset.page = only ? "camera" : "all";
if (only) cameraList.view(only);
connection.connect();
readList();
part(".home").href = withToken("./").href;
showLogout(part(".way-out"));
