/**
 * The page: connects the websocket, the estimate of the server's clock and the views of the cameras, decides which cameras
 * to subscribe to, and shows the state in the banner and the title.
 */

import { ServerClock } from "./connection/clock.js";
import { Connection } from "./connection/connection.js";
import { goToLogin, withToken } from "./connection/auth.js";
import { showLogout } from "./connection/me.js";
import { fetchCameras, CameraList } from "./grid/camera-list.js";
import { Choices } from "./grid/choices.js";
import { Rest } from "./grid/rest.js";
import { Stage } from "./grid/stage.js";
import { countdown, summaryOf } from "./grid/summary.js";
import { connectClosing } from "./dialog.js";
import { LinkDelay } from "./connection/link-delay.js";
import { splitMessage } from "./connection/wire.js";
import { offerInstallation } from "./install/install.js";
import { notLoaded, reloadWhereDue, served } from "./reload.js";
import { storedText, storeText } from "./storage.js";
import { loadToolsOfAll, loadToolsOfOne, toolsAreDue } from "./tools.js";
import { currentLanguage, fillWords, loadWords, t } from "./words/words.js";

/** A camera's own frames, and the same at a half and a quarter of their size. */
const FRAME_KINDS = new Set(["live", "half", "quarter"]);
const REFRESH_MS = 250;
const CLOCK_EVERY_MS = 10_000;
const CLOCK_SAMPLES = 4;
const CLOCK_GAP_MS = 150;
const LIST_RETRY_MS = 5000;
/** While streams replace the websocket, the list tells the states of the cameras. */
const LIST_IN_FALLBACK_MS = 1500;
const NOTICE_MS = 10_000;
/** After this many failed attempts or this time, while /api/cameras answers, a proxy is assumed to block websockets. */
const BLOCKED_AFTER_FAILURES = 3;
const BLOCKED_AFTER_MS = 5000;
/** Where the browser keeps what a person chose for this page. */
const CHOICES = "framebus.grid";

/** The camera that the page is for; null for all. It changes without a new page. */
let onlyCamera = cameraOfPath();
const element = (selector) => document.querySelector(selector);
const clock = new ServerClock();
const link = new LinkDelay();
const choices = Choices.parse(storedText(CHOICES));
const cameraList = new CameraList(element(".cameras"), onlyCamera, clock, link, onViews, (names) => choices.sorted(names));
const stage = onlyCamera ? null : new Stage(element(".cameras"), cameraList, choices, onChoice);
const connection = new Connection(socketAddress(), { onOpen, onLost, onMessage, onSilence: requestServerTime });

/** @type {{cameras: object[] | null, error: string} | null} the last answer of /api/cameras */
let list = null;
let listRequestedAt = -Infinity;
/** Since when the list can be read while there is no websocket; null when that is not so. */
let answersSince = null;
/** Shows pictures without a websocket, loaded when there is none; null while it loads. @type {import("./connection/fallback.js").Fallback | null | undefined} */
let fallback;
/** Whether the websocket is open and a message has arrived: a proxy may open one without the server. */
let connected = false;
let everConnected = false;
/** Unix seconds; null while connected, and before the first connection. */
let lostSince = null;
/** Failed attempts since the last connection. */
let failures = 0;
/** The cameras that the server was last asked for, as JSON; a new connection starts with none. */
let subscribed = "{}";
/** @type {import("./camera/camera-view.js").CameraView | null} the one that the key F applies to */
let lastUsedView = null;
/** @type {import("./wall/wall.js").Wall | null} */
let wall = null;
/** The time line of the page of one camera, when it has loaded. @type {import("./timeline/look-back.js").LookBack | null} */
let lookBack = null;
/** The marks on the tiles of the page of all cameras, when they have loaded. @type {import("./timeline/last-events.js").LastEvents | null} */
let lastEvents = null;
/** The tools of the page of one camera, when they have loaded. @type {import("./single/single-camera.js").SingleCamera | null} */
let single = null;
let notice = { text: "", until: -Infinity };
/** Whether the page is being left: the browser closes the connection then, and the banner stays hidden. */
let leaving = false;

function cameraOfPath() {
  return /\/camera\/([a-z0-9][a-z0-9_-]{0,31})\/$/.exec(location.pathname)?.[1] ?? null;
}

/** On the page of one camera, show another one. @param {string} camera */
function goToCamera(camera) {
  history.pushState(null, "", withToken(`camera/${camera}/`));
  showOnlyCamera();
}

/** Show the camera of the page's address, which has changed. */
function showOnlyCamera() {
  const camera = cameraOfPath();
  if (!camera || camera === onlyCamera) return;
  onlyCamera = camera;
  cameraList.showOnly(camera);
  if (list?.cameras) cameraList.update(list.cameras); // its status
  refresh();
}

function socketAddress() {
  const url = withToken("ws");
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

/** The first message names the cameras; only then are some subscribed to, as those of before may be gone. */
function onOpen() {
  subscribed = "{}";
  clock.reset();
  sampleServerClock();
}

function onFirstMessage() {
  connected = everConnected = true;
  failures = 0;
  lostSince = answersSince = null;
  lookBack?.connected();
  lastEvents?.connected();
}

function onLost() {
  connected = false;
  cameraList.announce(null);
  if (everConnected) lostSince ??= (clock.at(performance.now()) ?? Date.now()) / 1000;
  // Check again whether the server still answers.
  if (failures === 0 && list?.cameras) list = null;
  failures += 1;
  refresh();
}

/** @param {string | ArrayBuffer} data @param {(answer: object) => void} reply */
function onMessage(data, reply) {
  const isFirst = !connected;
  if (isFirst) onFirstMessage();
  try {
    if (typeof data === "string") return receivedText(JSON.parse(data));
    const message = splitMessage(data);
    if (FRAME_KINDS.has(message.kind)) receivedFrame(message, reply);
    if (message.kind === "status") receivedStatus(message);
    if (message.kind === "recorded") lookBack?.receivedFrame(message, reply);
    if (message.kind === "event") (lastEvents ?? lookBack)?.receivedEvent(message);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    console.warn(`framebus: dropped a message: ${error.message}`);
  } finally {
    if (isFirst) refresh(); // after the message, which names the cameras
  }
}

/** @param {{clock?: number, now?: number, cameras?: string[], error?: string}} answer */
function receivedText(answer) {
  if (typeof answer.clock === "number") clock.add(answer.clock, performance.now(), answer.now);
  if (answer.cameras) onCamerasNamed(answer.cameras);
  lookBack?.receivedText(answer);
  if (answer.error) notice = { text: answer.error, until: performance.now() + NOTICE_MS };
}

/** The connection is new, or cameras were added or removed. @param {string[]} cameras */
function onCamerasNamed(cameras) {
  // One of the same name as another before it has to be subscribed to again.
  subscribed = "[]";
  cameraList.announce(cameras);
  updateSubscription();
  loadCameras();
}

/** @param {import("./connection/wire.js").Message} message @param {(answer: object) => void} reply */
function receivedFrame({ kind, camera, header, body }, reply) {
  link.picture();
  const acknowledge = () => reply({ ack: camera, seq: header.seq });
  const view = cameraList.get(camera);
  if (view) view.offer({ kind, header, body, acknowledge });
  else acknowledge();
}

/** @param {import("./connection/wire.js").Message} message */
function receivedStatus({ camera, header }) {
  const view = cameraList.getOrCreate(camera);
  if (view) view.status = header;
  // Browsers let the timers of a hidden tab go once a minute: an old picture must not pass for live there either.
  if (document.hidden && !isUnseen()) refresh();
}

/** A person chose another layout, order or selection of cameras. */
function onChoice() {
  storeText(CHOICES, String(choices));
  cameraList.order();
  refresh();
}

/** There are other views, or others of them are visible. */
function onViews() {
  stage?.refresh();
  updateSubscription();
}

/** Whether nobody sees the page: its tab is hidden, and no picture of it is in a window of its own. */
function isUnseen() {
  return document.hidden && !single?.hasOwnWindow;
}

/** Subscribe to the visible cameras, or to none in a hidden tab. */
function updateSubscription() {
  // Of a camera whose recordings are on the screen, the live picture is not wanted.
  const cameras = isUnseen() ? [] : cameraList.visible.filter((camera) => !cameraList.get(camera).isRecorded);
  for (const view of cameraList.views) view.watched = cameras.includes(view.dataset.camera);
  link.cameras = cameras.length;
  const watch = Object.fromEntries(cameras.map((camera) => [camera, cameraList.get(camera).wanted]));
  const wanted = JSON.stringify(watch);
  if (wanted === subscribed || !connected || !connection.open) return;
  subscribed = wanted;
  connection.send({ watch });
}

function requestServerTime() {
  connection.send({ clock: performance.now() });
}

function sampleServerClock() {
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) setTimeout(requestServerTime, sample * CLOCK_GAP_MS);
}

async function loadCameras() {
  listRequestedAt = performance.now();
  const before = list;
  const sent = listRequestedAt;
  list = await fetchCameras();
  // The websocket asks for the time itself, and better.
  if (list.cameras && !connected) clock.add(sent, performance.now(), list.now);
  if (!list.cameras || connected) answersSince = null;
  else answersSince ??= performance.now();
  if (list.unauthorized) return goToLogin();
  served(list.version);
  if (list.cameras) cameraList.update(list.cameras);
  if (list.cameras && !before?.cameras) onServerReachable();
  refresh();
}

/** The server answers again: connect at once. The failures so far were not caused by a proxy. */
function onServerReachable() {
  if (failures < 2) return;
  failures = 1;
  connection.connect();
}

/** Whether to request the list again: while it is missing, and while there is no connection. @param {number} now */
function isListDue(now) {
  const pause = isBlocked() ? LIST_IN_FALLBACK_MS : LIST_RETRY_MS;
  return (!list?.cameras || !connected) && now - listRequestedAt > pause && !isUnseen();
}

function refresh() {
  const now = performance.now();
  connection.check(now);
  if (isListDue(now)) loadCameras();
  stage?.refresh();
  updateSubscription(); // a tile may have another width
  document.body.dataset.connection = connected ? "open" : "lost";
  const plain = isBlocked();
  if (plain && fallback === undefined) loadFallback();
  fallback?.show(plain && !isUnseen() ? cameraList.views.filter((view) => view.isWatched) : [], now);
  document.body.dataset.fallback = String(plain);
  const pageState = { now, connected: connected || plain, lostSince };
  for (const view of cameraList.views) view.refresh(pageState);
  single?.show(cameraList.get(onlyCamera) ?? null, choices.shown(list?.cameras ?? [], onlyCamera));
  const own = onlyCamera && cameraList.get(onlyCamera);
  const unix = (clock.at(now) ?? Date.now()) / 1000;
  if (own && pageState.connected) lookBack?.refresh(own, unix);
  lastEvents?.refresh(cameraList.views, unix, connected);
  if (pageState.connected) reloadWhereDue(now);
  showBanner(now);
  showSummary();
}

/** Whether the server answers, but no websocket can be opened. */
function isBlocked() {
  if (connected || !list?.cameras || answersSince === null) return false;
  return failures >= BLOCKED_AFTER_FAILURES || performance.now() - answersSince > BLOCKED_AFTER_MS;
}

/** @param {number} now */
function showBanner(now) {
  const trouble = !connected && failures > 0;
  const text = trouble ? connectionMessage() : now < notice.until ? notice.text : "";
  const wait = connection.retryIn(now);
  element(".banner").hidden = text === "" || leaving;
  setText(".banner-text", text);
  setText(".banner-countdown", trouble && !isBlocked() ? countdown(wait) : "");
}

function connectionMessage() {
  if (isBlocked()) return t("page.blocked");
  return t(lostSince === null ? "page.noConnection" : "page.connectionLost");
}

function showSummary() {
  const shown = cameraList.views.filter((view) => onlyCamera || !choices.isHidden(view.dataset.camera));
  const all = cameraList.views.length;
  const down = shown.filter((view) => view.state === "offline" || view.state === "stalled").length;
  document.body.dataset.timestamps = String(choices.timestamps);
  document.body.dataset.layout = onlyCamera || all === 1 ? "one" : "many";
  const summary = summaryOf(all, shown.length, down);
  setText(".summary", onlyCamera || all === 0 ? "" : summary);
  element(".empty").hidden = shown.length > 0;
  setText(".empty", emptyMessage());
  const own = onlyCamera && (cameraList.get(onlyCamera)?.displayName ?? onlyCamera);
  const title = `${titleIcon(down)} ${own ?? (all === 0 ? t("page.title") : summary)} — framebus`;
  if (document.title !== title) document.title = title;
}

/** The state as one character, for narrow tabs. @param {number} down how many cameras are down */
function titleIcon(down) {
  if (!connected || down > 0) return "⚠";
  return cameraList.views.some((view) => view.state === "live" || view.state === "behind") ? "●" : "○";
}

function emptyMessage() {
  if (cameraList.views.length > 0) return t("page.allHidden");
  if (list?.cameras && onlyCamera) return t("page.unknownCamera", { camera: onlyCamera });
  if (list?.cameras) return t("page.noCamera");
  return list ? t("page.noList", { error: list.error }) : t("page.looking");
}

/** @param {string} selector @param {string} text */
function setText(selector, text) {
  if (element(selector).textContent !== text) element(selector).textContent = text;
}

/** Remember the camera that was last used with the pointer or the keyboard. @param {Event} event */
function rememberView(event) {
  lastUsedView = event.target.closest("camera-view") ?? lastUsedView;
}

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  if (event.key === "?") return showKeys();
  if (event.key.toLowerCase() !== "f" || event.repeat) return;
  const view = lastUsedView?.isConnected ? lastUsedView : cameraList.views[0];
  view?.toggleFullscreen();
}

/** Show which keys there are. */
function showKeys() {
  import("./keys/key-help.js").then(({ showKeyHelp }) => showKeyHelp(element(".keys-dialog")));
}

/** Begin, when the texts are there. */
function start() {
  document.documentElement.lang = currentLanguage();
  fillWords(document);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.connect();
    updateSubscription();
    refresh();
  });
  document.addEventListener("pointerover", rememberView);
  document.addEventListener("focusin", rememberView);
  document.addEventListener("keydown", onKeyDown);
  addEventListener("popstate", showOnlyCamera);
  addEventListener("keyhelp", showKeys);
  addEventListener("notice", ({ detail }) => (notice = { text: detail, until: performance.now() + NOTICE_MS }));
  addEventListener("online", () => connection.connect());
  addEventListener("resize", refresh);
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("pagehide", () => (leaving = true));

  new Rest(document.body);
  connectClosing(element(".keys-dialog"));
  setInterval(refresh, REFRESH_MS);
  setInterval(sampleServerClock, CLOCK_EVERY_MS);
  if (onlyCamera) cameraList.getOrCreate(onlyCamera);
  connection.connect();
  loadCameras();
  element(".home").href = withToken("./").href;
  showLogout(element(".logout"));
  offerInstallation(element(".install"), element(".install-dialog"));
  toolsAreDue().then(loadTools).catch(notLoaded);
}

/** Load what a person may use. */
async function loadTools() {
  const send = (message) => connection.send(message);
  if (stage) ({ wall, lastEvents } = await loadToolsOfAll(cameraList, choices, send, onChoice, refresh));
  else ({ single, lookBack } = await loadToolsOfOne(goToCamera, send, isBlocked, updateSubscription));
  refresh();
  document.body.dataset.tools = "ready";
}

/** Load what shows pictures without a websocket. */
async function loadFallback() {
  fallback = null;
  fallback = await import("./connection/fallback.js").then(({ Fallback }) => new Fallback(), notLoaded);
}

// At once: plain.js looks for it when everything has loaded, and texts in another language come later.
document.body.dataset.page = onlyCamera ? "camera" : "all";
loadWords().then(start);
