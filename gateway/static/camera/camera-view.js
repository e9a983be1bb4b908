/**
 * The view of one camera as a custom element: its picture, its state and the reason, and what is done with it. app.js decides
 * when to subscribe to the camera, and owns the connection.
 */

import { withToken } from "../connection/auth.js";
import { may } from "../connection/me.js";
import { Details } from "./details.js";
import { viewState } from "./view-state.js";
import { FrameStats } from "./frame-stats.js";
import { CanvasRenderer } from "./canvas-renderer.js";
import { fillingView, leaveFullscreen, toggleFullscreen } from "./fullscreen.js";
import { stampsPictures, stampText } from "./timestamp.js";
import * as format from "../words/format.js";
import { fillWords, t } from "../words/words.js";
import { isStored, store } from "../storage.js";

/** How often statistics are rewritten; faster changes cannot be read. */
const STATISTICS_EVERY_MS = 1000;
/** A picture further in the future than this comes from a machine with another clock, so that its age is unknown. */
const MAX_CLOCK_SKEW_MS = 1000;
const WIDTH_STEP = 16;
/** Among other cameras, a picture is as sharp as a screen with so many pixels for each of CSS: a phone with three gets a half. */
const OVERVIEW_PIXEL_RATIO = 1.5;
/** Among other cameras, a picture may be stretched so much: rather that than one of four times the bytes. */
const OVERVIEW_STRETCH = 1.2;
/** Frames per second of a camera that another one in fullscreen covers. */
const COVERED_FPS = 1;
const PINNED = "framebus.full-size.";
/** Names the pictures that came without the websocket, which have no numbers of their own. */
const PLAIN_EPOCH = "plain";
/** A second click within this time makes it a double-click. */
const DOUBLE_CLICK_MS = 250;

/**
 * @typedef {object} PageState what a view needs to choose its state
 * @property {number} now milliseconds of performance.now()
 * @property {boolean} connected whether the server speaks, by the websocket or by streams
 * @property {number | null} lostSince Unix seconds
 */

export class CameraView extends HTMLElement {
  #stats = new FrameStats();
  #renderer;
  #details;
  #name = "";
  #clock;
  #link;
  #camera = "";
  #status = null;
  #undrawable = false;
  /** When the page subscribed; null while it is not subscribed. */
  #watchedAt = null;
  #statisticsAt = -Infinity;
  /** Whether stills are shown, as this view has neither a websocket nor a stream. */
  #stills = false;
  /** Whether the page is this camera's own. */
  #large = false;
  /** Whether a person wants full size on any link. */
  #pinned = false;
  /** Whether full size is needed now, as the picture is zoomed. */
  #detailed = false;
  /** The kind of the picture on the screen: "live" is full size. */
  #kind = "live";
  #plainSeq = 0;
  /** Whether recorded pictures are to be shown. */
  #looksBack = false;
  /** Whether one of these has come. */
  #hasRecorded = false;
  /** The moment of the recorded picture on the screen, in Unix seconds; null while that is a live one. @type {number | null} */
  #recordedAt = null;
  /** When the picture on the screen was taken, in Unix seconds. @type {number | null} */
  #captured = null;
  #announced = "";
  #clickTimer = 0;

  /**
   * Fill the element; once, before it is put into the page.
   *
   * @param {string} camera
   * @param {import("../connection/clock.js").ServerClock} clock
   * @param {import("../connection/link-delay.js").LinkDelay} link
   * @param {boolean} large whether the page is this camera's own
   */
  build(camera, clock, link, large) {
    this.#camera = camera;
    this.#clock = clock;
    this.#link = link;
    this.#large = large;
    this.append(document.getElementById("camera-view").content.cloneNode(true));
    fillWords(this);
    this.#renderer = new CanvasRenderer(this.#element("canvas"), (frame) => this.#onDrawn(frame), () => (this.#undrawable = true));
    Object.assign(this.dataset, { camera, state: "connecting", seq: "0", frames: "0", ageMs: "" });
    this.setAttribute("role", "group");
    this.#details = new Details(this, `camera/${camera}/`);
    this.#setLinks(`camera/${camera}/`, large);
    this.displayName = camera;
    this.addEventListener("dblclick", (event) => this.#onDoubleClick(event));
  }

  /** The camera's state as shown, one of those of view-state.js. */
  get state() {
    return this.dataset.state;
  }

  /** What people call the camera; its name until this is set. @param {string} name */
  set displayName(name) {
    if (name === this.#name) return;
    this.#name = name;
    this.#details.name = name;
    this.#setText(".name", name);
    this.setAttribute("aria-label", t("camera.label", { camera: name }));
    this.#element("canvas").setAttribute("aria-label", t("camera.picture", { camera: name }));
    if (!this.#large) this.#element(".enlarge").setAttribute("aria-label", t("camera.enlarge", { camera: name }));
  }

  get displayName() {
    return this.#name;
  }

  /** The width of the picture divided by its height: of the one on the screen, else as the status says; null while unknown. */
  get shape() {
    const { width, height } = this.#stats.last ? this.#element("canvas") : (this.#status ?? {});
    return width > 0 && height > 0 ? width / height : null;
  }

  /** Whether the page is subscribed to this camera, or wants to be. */
  get isWatched() {
    return this.#watchedAt !== null;
  }

  /** @param {boolean} watched */
  set watched(watched) {
    if (watched === (this.#watchedAt !== null)) return;
    this.#watchedAt = watched ? performance.now() : null;
    if (watched) this.#stats.started(this.#watchedAt, this.#link.mark);
  }

  /** The newest status of the camera, from the websocket or /api/cameras, which have the same keys. */
  set status(status) {
    this.#status = status;
    // A still comes when it is asked for, whatever the camera has published meanwhile.
    if (!this.#stills) this.#stats.addStatus(status);
  }

  /** Draw a frame and acknowledge it, or only acknowledge it. @param {import("./canvas-renderer.js").Frame} frame */
  offer(frame) {
    const isRecorded = frame.kind === "recorded";
    if (isRecorded) this.#hasRecorded = this.#looksBack;
    // A live picture that comes while the first recorded one is being decoded would take its place.
    if (isRecorded ? this.#looksBack : this.#watchedAt !== null && !this.#hasRecorded) this.#renderer.offer(frame);
    else frame.acknowledge();
  }

  /** Whether to show recorded pictures. The live one stays until the first of them is there. @param {boolean} looksBack */
  set looksBack(looksBack) {
    if (this.#looksBack && !looksBack) this.#endRecorded();
    this.#looksBack = looksBack;
  }

  /** Whether the picture on the screen is a recorded one. */
  get isRecorded() {
    return this.#recordedAt !== null;
  }

  /** The width of the picture in pixels of the screen; one that is not shown counts as narrow. */
  get pixelWidth() {
    const { clientWidth, clientHeight } = this.#element(".picture");
    const { width, height } = this.#element("canvas");
    const isOverview = !this.#large && fillingView() !== this;
    const ratio = isOverview ? Math.min(devicePixelRatio, OVERVIEW_PIXEL_RATIO) / OVERVIEW_STRETCH : devicePixelRatio;
    return Math.max(1, Math.ceil(Math.min(clientWidth, (clientHeight * width) / height) * ratio));
  }

  /** How the server is asked for the pictures: as large as the tile, or in full size where a person wants that. */
  get wanted() {
    const filling = fillingView();
    if (filling && filling !== this) return { width: this.#wantedWidth, fps: COVERED_FPS };
    const full = this.#pinned || this.#detailed;
    return { ...(full ? {} : { width: this.#wantedWidth }), ...(filling ? { first: true } : {}) };
  }

  /** Whether full size is needed, as more of the picture is to be seen than the tile shows. @param {boolean} detailed */
  set detailed(detailed) {
    this.#detailed = detailed;
  }

  /** In steps, so that the subscription does not change with each pixel. */
  get #wantedWidth() {
    return Math.ceil(this.pixelWidth / WIDTH_STEP) * WIDTH_STEP;
  }

  /** Whether this view shows stills because no connection is free for a stream. @param {boolean} stills */
  set stills(stills) {
    this.#stills = stills;
  }

  /** Draw a picture that came without the websocket. @param {Uint8Array} body @param {number | null} captured Unix seconds */
  offerPlain(body, captured) {
    const { last } = this.#stats;
    if (captured === null || captured !== last?.captured) this.#plainSeq += 1;
    const header = { seq: this.#plainSeq, epoch: PLAIN_EPOCH, captured: captured ?? Date.now() / 1000 };
    this.#link.picture();
    this.offer({ header, body, acknowledge() {} });
  }

  /** Update what is shown; to be called several times a second. @param {PageState} pageState */
  refresh(pageState) {
    const { now } = pageState;
    // A lost connection ends the subscription: the server needs a moment to send the first picture.
    if (!pageState.connected && this.#watchedAt !== null) this.#stats.started(now, this.#link.mark);
    this.#showState(viewState(this.#stateInput(pageState)));
    const age = this.#stats.last && !this.isRecorded ? this.#ageOf(this.#stats.last, now) : null;
    this.dataset.ageMs = age === null ? "" : String(Math.round(age));
    if (now - this.#statisticsAt >= STATISTICS_EVERY_MS) this.#showStatistics(now, age);
    // An age of seconds is readable while it changes, and must not lag behind the picture.
    else if (age >= 1000) this.#details.showAge(format.age(age));
  }

  /** Enter or leave fullscreen. */
  toggleFullscreen() {
    toggleFullscreen(this);
  }

  /** @param {import("./canvas-renderer.js").Frame} frame */
  #onDrawn(frame) {
    const now = performance.now();
    this.#kind = frame.kind ?? "live";
    this.#captured = frame.header.at ?? frame.header.captured;
    if (this.#kind === "recorded") this.#onRecorded(frame.header.at);
    else this.#stats.drawn(frame.header, now, this.#ageOf(frame.header, now), this.#link.mark);
    this.#undrawable = false;
    if (stampsPictures()) this.#setText(".timestamp", stampText(this.#captured));
    this.dataset.seq = frame.header.seq;
    this.dataset.kind = this.#kind;
    this.dataset.frames = this.#stats.frames;
    const { width, height } = this.#element("canvas");
    this.style.setProperty("--ratio", String(width / height));
    this.dispatchEvent(new Event("drawn"));
  }

  /** @param {number} at */
  #onRecorded(at) {
    if (!this.#looksBack) return this.#endRecorded(); // it was being decoded
    this.#recordedAt = at;
    this.dataset.recordedAt = String(at);
    this.#showState(viewState({ recorded: true }));
  }

  /** A live picture has to come before this view is live again. */
  #endRecorded() {
    this.#recordedAt = null;
    this.#hasRecorded = false;
    delete this.dataset.recordedAt;
    this.#stats.started(performance.now(), this.#link.mark);
  }

  /** @param {PageState} pageState @returns {import("./view-state.js").StateInput} */
  #stateInput({ now, ...pageState }) {
    const unix = this.#clock.at(now) ?? Date.now();
    const { drawnAt } = this.#stats;
    return {
      ...pageState,
      status: this.#status,
      watched: this.#watchedAt !== null,
      pace: this.#stats.pace(now, this.#link),
      stills: this.#stills,
      pictureSince: drawnAt === -Infinity ? null : (unix - (now - drawnAt)) / 1000,
      undrawable: this.#undrawable,
      recorded: this.isRecorded,
    };
  }

  /** @param {import("./frame-stats.js").FrameHeader} header @param {number} now @returns {number | null} */
  #ageOf(header, now) {
    const unix = this.#clock.at(now);
    if (unix === null) return null;
    const age = unix - header.captured * 1000;
    return age < -MAX_CLOCK_SKEW_MS ? null : Math.max(0, age);
  }

  /** @param {import("./view-state.js").ViewState} viewState */
  #showState({ state, title, reason, since }) {
    // Statistics of another state must not stay, not even for the rest of their second.
    if (this.dataset.state !== state) {
      this.dataset.state = state;
      this.#statisticsAt = -Infinity;
    }
    this.#setText(".badge-text", t(`badge.${state}`, { time: format.moment(this.#recordedAt) }));
    this.#setText(".overlay-title", since === null ? title : t("state.since", { title, time: format.timeOfDay(since) }));
    this.#setText(".overlay-reason", reason);
    const captured = this.#captured;
    this.#setText(".overlay-picture", captured === null ? "" : t("camera.pictureOf", { time: format.timeOfDay(captured) }));
    this.#announce(t("state.announcement", { camera: this.#name, title, reason }));
  }

  /** Announce each change to screen readers once. @param {string} sentence */
  #announce(sentence) {
    if (sentence === this.#announced) return;
    this.#announced = sentence;
    this.#setText(".visually-hidden", sentence);
  }

  /** @param {number} now @param {number | null} age */
  #showStatistics(now, age) {
    this.#statisticsAt = now;
    const live = this.#stats.last !== null && !this.isRecorded;
    const size = this.#captured === null ? null : this.#element("canvas");
    this.#details.show({ stats: this.#stats, status: this.#status, size, live, now, age });
    this.#setText('[data-fact="small"]', size && this.#isSmall ? t("camera.small") : "");
  }

  /** Whether the picture has fewer pixels than the tile, although the camera gives more. */
  get #isSmall() {
    return this.#kind !== "live" && this.#element("canvas").width < this.pixelWidth;
  }

  /** @param {boolean} pinned */
  #pin(pinned) {
    this.#pinned = pinned;
    this.#element(".pin").setAttribute("aria-pressed", String(pinned));
    store(`${PINNED}${this.#camera}`, pinned);
  }

  /** @param {string} home the camera's own page, relative @param {boolean} large */
  #setLinks(home, large) {
    const still = this.#element(".still");
    still.href = withToken(`${home}snapshot.jpg`).href;
    still.addEventListener("click", (event) => this.#onStill(event, still));
    may("snapshot").then((allowed) => {
      for (const part of this.querySelectorAll(".still, [data-address=snapshot]")) part.hidden = !allowed;
    });
    this.#element(".fullscreen").addEventListener("click", () => this.toggleFullscreen());
    this.#element(".leave").addEventListener("click", leaveFullscreen);
    this.#element(".pin").addEventListener("click", () => this.#pin(!this.#pinned));
    this.#pin(isStored(`${PINNED}${this.#camera}`));
    if (large) return;
    const enlarge = this.#element(".enlarge");
    enlarge.href = withToken(home).href;
    enlarge.addEventListener("click", (event) => this.#onClick(event, enlarge.href));
  }

  /** What is saved is the picture that is shown. @param {MouseEvent} event @param {HTMLAnchorElement} still */
  async #onStill(event, still) {
    const url = withToken(`camera/${this.#camera}/snapshot.jpg`);
    if (this.isRecorded) url.searchParams.set("at", this.#recordedAt.toFixed(6));
    still.href = url.href;
    still.download = format.fileName(this.#camera, new Date(this.isRecorded ? this.#recordedAt * 1000 : Date.now()), "jpg");
    if (!stampsPictures()) return;
    event.preventDefault();
    try {
      const { saveStampedStill } = await import("./save-still.js");
      await saveStampedStill(still.href, still.download);
    } catch (error) {
      const detail = /** @type {Error} */ (error).message;
      dispatchEvent(new CustomEvent("notice", { detail }));
    }
  }

  /** Delay the first click of a mouse, as it may become a double-click. Keys and touches act at once. @param {PointerEvent} event */
  #onClick(event, page) {
    if (fillingView()) return event.preventDefault(); // a tap on a picture in fullscreen leads nowhere
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (event.detail === 0 || event.pointerType === "touch" || elsewhere) return;
    event.preventDefault();
    clearTimeout(this.#clickTimer);
    if (event.detail > 1) return;
    this.#clickTimer = setTimeout(() => location.assign(page), DOUBLE_CLICK_MS);
  }

  /** @param {MouseEvent} event */
  #onDoubleClick(event) {
    if (!event.target.closest(".picture")) return;
    event.preventDefault();
    this.toggleFullscreen();
  }

  /** @param {string} selector */
  #element(selector) {
    return this.querySelector(selector);
  }

  /** Change the text of an element only if it differs. @param {string} selector @param {string} text */
  #setText(selector, text) {
    const element = this.#element(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}

customElements.define("camera-view", CameraView);
