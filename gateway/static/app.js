/**
 * The page: puts the connection, the server's clock and the cameras' views together, decides which cameras are watched,
 * and says in the banner and the title how things stand.
 */

import { ServerClock } from "./clock.js";
import { Connection } from "./connection.js";
import { logIn, showLogout, withToken } from "./auth.js";
import { fetchCameras, CameraList } from "./camera-list.js";
import { splitMessage } from "./wire.js";

const REFRESH_MS = 250;
const CLOCK_EVERY_MS = 10_000;
const CLOCK_QUESTIONS = 4;
const CLOCK_GAP_MS = 150;
const LIST_AGAIN_MS = 5000;
const NOTE_MS = 10_000;
/** So many attempts in vain, while the list of cameras comes: something on the way passes no websockets. */
const BLOCKED_AFTER = 3;

const only = /\/camera\/([a-z0-9][a-z0-9_-]{0,31})\/$/.exec(location.pathname)?.[1] ?? null;
const part = (selector) => document.querySelector(selector);
const clock = new ServerClock();
const cameraList = new CameraList(part(".cameras"), only, clock, watch);
const connection = new Connection(socketAddress(), { opened, lost, received, silent: askClock });

/** @type {{cameras: object[] | null, mistake: string} | null} the answer to the last question for the list */
let list = null;
let listAsked = -Infinity;
/** Whether the websocket is open and the server has spoken over it: a proxy may open one to nowhere. */
let connected = false;
let everConnected = false;
/** Unix seconds; null while connected, and before that was so for the first time. */
let lostSince = null;
/** Attempts in vain since the last connection. */
let failures = 0;
/** What the server was last asked for, as JSON; a new connection begins with nothing. */
let watched = "[]";
/** @type {import("./camera-view.js").CameraView | null} the one that F is for */
let attended = null;
let note = { text: "", until: -Infinity };
/** Whether the page is being left: the browser closes the connection then, which nobody needs to be told. */
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

function found() {
  connected = everConnected = true;
  failures = 0;
  lostSince = null;
  refresh();
}

function lost() {
  connected = false;
  if (everConnected) lostSince ??= (clock.at(performance.now()) ?? Date.now()) / 1000;
  // Whether the server still answers at all is asked anew.
  if (failures === 0 && list?.cameras) list = null;
  failures += 1;
  refresh();
}

/** @param {string | ArrayBuffer} data @param {(answer: object) => void} reply */
function received(data, reply) {
  if (!connected) found();
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

/** Tell the server which cameras to send: those in sight, none in a hidden tab. It costs nothing to send the rest. */
function watch() {
  const cameras = document.hidden ? [] : cameraList.inSight;
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
  for (let question = 0; question < CLOCK_QUESTIONS; question += 1) setTimeout(askClock, question * CLOCK_GAP_MS);
}

async function readList() {
  listAsked = performance.now();
  const before = list;
  list = await fetchCameras();
  if (list.unauthorized) return logIn();
  if (list.cameras) cameraList.arrange(list.cameras);
  if (list.cameras && !before?.cameras) serverFound();
  refresh();
}

/** The server answers again: no need to wait for the next attempt. The failures so far were not a proxy's. */
function serverFound() {
  if (failures < 2) return;
  failures = 1;
  connection.connect();
}

/** The list is asked for again while it is missing, and while nothing else tells of the cameras. @param {number} now */
function listIsDue(now) {
  return (!list?.cameras || !connected) && now - listAsked > LIST_AGAIN_MS && !document.hidden;
}

function refresh() {
  const now = performance.now();
  connection.check(now);
  if (listIsDue(now)) readList();
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
  const text = trouble ? troubleInWords() : now < note.until ? note.text : "";
  const wait = connection.retryIn(now);
  part(".banner").hidden = text === "" || leaving;
  write(".banner-text", text);
  write(".banner-countdown", trouble ? countdown(wait) : "");
}

function troubleInWords() {
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
  write(".empty", emptyInWords());
  const title = `${titleMark(down)} ${only ?? (all === 0 ? "cameras" : summary)} — framebus`;
  if (document.title !== title) document.title = title;
}

/** The state in one sign, for a tab too narrow for more. @param {number} down how many cameras are */
function titleMark(down) {
  if (!connected || down > 0) return "⚠";
  return cameraList.views.some((view) => view.state === "live") ? "●" : "○";
}

function emptyInWords() {
  if (list?.cameras && only) return `This camera server has no camera named ${only}.`;
  if (list?.cameras) return "This camera server has no camera yet: add one to framebus.toml and restart it.";
  return list ? `The list of cameras could not be read (${list.mistake}).` : "Looking for cameras…";
}

/** @param {string} selector @param {string} text */
function write(selector, text) {
  if (part(selector).textContent !== text) part(selector).textContent = text;
}

/** Remember the camera that the pointer or the keyboard went to last. @param {Event} event */
function attend(event) {
  attended = event.target.closest("camera-view") ?? attended;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key.toLowerCase() !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input")) return;
  const view = attended?.isConnected ? attended : cameraList.views[0];
  view?.toggleFullscreen();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) connection.connect();
  watch();
  refresh();
});
document.addEventListener("pointerover", attend);
document.addEventListener("focusin", attend);
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
