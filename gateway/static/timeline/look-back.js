/**
 * Looking back on a camera's own page: asks what is recorded, shows the time line under the picture where there is something
 * to show, and does what a person wants of it.
 */

import { copy } from "../clipboard.js";
import { may } from "../connection/me.js";
import { t } from "../words/words.js";
import { Axis, LONGEST, localDay } from "./axis.js";
import { Film } from "./film.js";
import { LEAVES_EVENT } from "./keys.js";
import { linkedMoment, momentLink } from "./moment-link.js";
import { noticeText } from "./labels.js";
import { Player, SPEEDS } from "./player.js";
import { RecordedTimes } from "./recorded-times.js";
import { heldSentence, recorderSentence } from "./recorder-words.js";
import { RecordingsApi } from "./recordings-api.js";
import { TimelineView } from "./timeline-view.js";

const RECORDER_EVERY_MS = 5000;
/** After a start of the machine the page may be there before the recorder. */
const FIND_AGAIN_MS = 5000;
const FIRST_SECONDS = 3600;
/** Around a moment that a link names. */
const LINKED_SECONDS = 600;
const JUMP_SECONDS = 10;
/** A part of what is visible. */
const LEAP = 0.1;
const MARK_SECONDS = 10;
/** The server makes no longer clips. */
const MAX_CLIP_SECONDS = 3600;
/** Playing begins so long ago while the picture is live. */
const REPLAY_SECONDS = 10;
const ZOOM_STEP = 0.5;
/** The files that are to be kept get their names within so long. */
const KEPT_AFTER_MS = 2500;

export class LookBack {
  #send;
  #onChange;
  #camera = "";
  /** @type {import("../camera/camera-view.js").CameraView | null} */
  #view = null;
  /** @type {TimelineView | null} null while there is nothing to look back on */
  #element = null;
  /** @type {RecordingsApi} */
  #api;
  /** @type {Player} */
  #player;
  /** @type {RecordedTimes} */
  #times;
  /** @type {Film | undefined} */
  #film;
  #axis = new Axis(0, FIRST_SECONDS, 1);
  /** Whether the axis goes on with the time, or with the film. */
  #follows = true;
  #now = Date.now() / 1000;
  /** @type {{from: number, to: number} | null} */
  #mark = null;
  /** @type {import("./recorder-words.js").RecorderState | null} */
  #recorder = null;
  #recorderAt = -Infinity;
  /** The event that was gone to. The frame on the screen may be a little before it. @type {import("./spans.js").Event | null} */
  #event = null;
  /** The notice of the player that was shown. */
  #noticed = null;

  /**
   * @param {(message: object) => void} send by the websocket
   * @param {() => void} onChange called when the live picture is wanted again, or no longer
   */
  constructor(send, onChange) {
    this.#send = send;
    this.#onChange = onChange;
    document.addEventListener("keydown", (event) => this.#element?.isConnected && this.#element.pressed(event));
    document.addEventListener("visibilitychange", () => document.hidden && this.#element && this.#act("pause"));
  }

  /** To be called several times a second. @param {import("../camera/camera-view.js").CameraView} view @param {number} now Unix seconds */
  refresh(view, now) {
    this.#now = now;
    if (view !== this.#view) this.#begin(view);
    if (!this.#element) return;
    if (this.#follows && this.#player.mode === "live" && !this.#element.isHeld) this.#axis = this.#axis.reaching(now);
    this.#player.check();
    this.#times.want(this.#axis.from, this.#axis.to, now, this.#axis.pixel);
    if (performance.now() - this.#recorderAt > RECORDER_EVERY_MS && !document.hidden) this.#askRecorder();
    this.#show();
  }

  /** A recorded frame has come. @param {import("../connection/wire.js").Message} message @param {(answer: object) => void} reply */
  receivedFrame({ kind, camera, header, body }, reply) {
    const acknowledge = () => reply({ ack: `recorded/${camera}`, seq: header.seq });
    if (camera !== this.#camera || !this.#player.frame(header)) return acknowledge();
    this.#view.offer({ kind, header, body, acknowledge });
    // A day that a person has chosen meanwhile stays on the screen.
    if (this.#follows && this.#player.mode === "playing" && !this.#element?.isHeld) this.#axis = this.#axis.reaching(this.#player.at);
    this.#show();
  }

  /** @param {{sought?: object, played?: object}} answer of the server */
  receivedText({ sought, played }) {
    if (sought?.camera === this.#camera) this.#player.sought(sought);
    if (played?.camera === this.#camera) this.#player.played(played);
    if (sought || played) this.#show();
  }

  /** @param {import("../connection/wire.js").Message} message of an event */
  receivedEvent({ camera, header }) {
    if (camera === this.#camera) this.#times.happened(header);
  }

  /** The connection is a new one. */
  connected() {
    if (this.#view) this.#player.connected();
    if (this.#element) this.#watchEvents();
  }

  #watchEvents() {
    this.#send({ events: [this.#camera] });
    this.#times.mayHaveMissed();
  }

  /** @param {import("../camera/camera-view.js").CameraView} view */
  #begin(view) {
    this.#film?.cancel();
    this.#element?.remove();
    this.#player?.live(); // of the camera before
    this.#element = this.#recorder = this.#mark = this.#noticed = null;
    this.#view = view;
    this.#camera = view.dataset.camera;
    this.#api = new RecordingsApi(this.#camera);
    this.#player = new Player(this.#camera, this.#send);
    this.#player.width = () => view.wanted.width ?? null; // as the live picture, also while it is zoomed
    this.#times = new RecordedTimes(this.#api, () => this.#show());
    this.#follows = true;
    this.#axis = new Axis(this.#now - FIRST_SECONDS, this.#now, 1).reaching(this.#now);
    this.#find(view);
  }

  /** Show the time line where there is something to look back on, or may be soon. */
  async #find(view) {
    if (!(await may("recordings"))) return;
    const control = await may("control");
    try {
      const recorder = await this.#api.recorder();
      // Of a camera that is no longer recorded, there may be older recordings.
      const isOff = recorder.state === "off";
      if (isOff) this.#times.want(this.#now - LONGEST, this.#now, this.#now, LONGEST / window.innerWidth);
      else this.#times.want(this.#axis.from, this.#axis.to, this.#now);
      await this.#times.loaded;
      const newest = this.#times.spans[this.#times.spans.length - 1];
      if (view !== this.#view || (isOff && !newest)) return;
      if (isOff) this.#axis = this.#axis.around(newest.end);
      this.#follows = !isOff;
      this.#recorder = recorder;
      this.#recorderAt = performance.now();
    } catch (error) {
      console.info(`framebus: no time line: ${error.message}`);
      setTimeout(() => view === this.#view && view.isConnected && this.#find(view), FIND_AGAIN_MS);
      return;
    }
    this.#element = document.createElement("time-line");
    this.#element.build(this.#camera, (action, value) => this.#act(action, value));
    this.#element.control = control;
    this.#film = new Film(this.#api, this.#element.querySelector(".film-line"));
    view.querySelector(".picture").after(this.#element);
    this.#axis = this.#axis.resized(this.#element.width);
    this.#watchEvents();
    this.#showRecorder();
    const at = linkedMoment(location.search);
    if (at !== null) this.#goTo(at, LINKED_SECONDS);
    else this.#show();
  }

  #show() {
    if (!this.#element) return;
    const { spans, events } = this.#times;
    const { at, speed, notice } = this.#player;
    this.#element.show({ axis: this.#axis, spans, events, now: this.#now, at, speed, mark: this.#mark });
    if (notice !== this.#noticed) {
      this.#noticed = notice;
      if (notice) this.#element.notice(noticeText(notice));
    }
  }

  #showRecorder() {
    if (this.#recorder) this.#element.showRecorder(recorderSentence(this.#recorder), heldSentence(this.#recorder), this.#recorder);
  }

  async #askRecorder() {
    this.#recorderAt = performance.now();
    const view = this.#view;
    try {
      const recorder = await this.#api.recorder();
      if (view !== this.#view) return;
      this.#recorder = recorder;
      this.#showRecorder();
    } catch (error) {
      if (view === this.#view) this.#element.showRecorder(t("recorder.unknown", { reason: error.message }), "", { state: "failed", demanded: false });
    }
  }

  /** The moment on the screen: that of the live picture while it is live. */
  get #moment() {
    return this.#player.at ?? this.#now;
  }

  /** Do what a person wants. @param {string} action @param {any} [value] */
  #act(action, value) {
    const before = this.#player.mode;
    if (LEAVES_EVENT.has(action)) this.#event = null;
    this.#actions[action]?.(value);
    if (this.#player.mode !== before) {
      this.#view.looksBack = this.#player.mode !== "live";
      this.#onChange();
    }
    this.#show();
  }

  /** @type {Record<string, (value?: any) => void>} */
  #actions = {
    scrub: (time) => {
      this.#follows = false;
      this.#player.seek(time);
    },
    axis: (axis) => this.#useAxis(axis),
    resize: (width) => (this.#axis = this.#axis.resized(width)),
    event: (event) => this.#enter(event),
    mark: (mark) => this.#setMark(mark.from, mark.to),
    date: (text) => {
      const noon = Date.parse(`${text}T12:00:00`) / 1000;
      if (Number.isFinite(noon)) this.#showDay(noon);
    },
    stepBack: () => this.#step(-1),
    stepOn: () => this.#step(1),
    jumpBack: () => this.#goTo(this.#moment - JUMP_SECONDS),
    jumpOn: () => this.#goTo(this.#moment + JUMP_SECONDS),
    leapBack: () => this.#goTo(this.#moment - this.#axis.span * LEAP),
    leapOn: () => this.#goTo(this.#moment + this.#axis.span * LEAP),
    first: () => this.#goTo(this.#axis.from),
    last: () => this.#goTo(Math.min(this.#now, this.#axis.to)),
    eventBefore: () => this.#goToEvent(-1),
    eventAfter: () => this.#goToEvent(1),
    play: () => this.#toggle(1),
    playBack: () => this.#toggle(-1),
    pause: () => this.#player.pause(),
    slower: () => this.#changeSpeed(-1),
    faster: () => this.#changeSpeed(1),
    speed: () => {
      if (this.#player.speed !== 0) this.#player.play(Math.sign(this.#player.speed) * this.#element.chosenSpeed);
    },
    live: () => this.#goLive(),
    day: () => this.#showDay(this.#moment),
    hour: () => this.#useAxis(this.#axis.around(this.#moment, 3600)),
    zoomIn: () => this.#zoom(ZOOM_STEP),
    zoomOut: () => this.#zoom(1 / ZOOM_STEP),
    markBegin: () => this.#setMark(this.#moment, Math.max(this.#mark?.to ?? -Infinity, this.#moment)),
    markEnd: () => this.#setMark(Math.min(this.#mark?.from ?? Infinity, this.#moment), this.#moment),
    markToggle: () => {
      if (this.#mark) this.#unmark();
      else this.#setMark(this.#moment - MARK_SECONDS, this.#moment + MARK_SECONDS);
    },
    unmark: () => this.#unmark(),
    keep: () => this.#keep(),
    film: () => this.#film.begin(this.#mark.from, this.#mark.to),
    filmCancel: () => this.#film.cancel(),
    share: () => this.#share(),
    record: () => this.#record(),
  };

  /** @param {number} at @param {number} [span] visible seconds */
  #goTo(at, span) {
    const time = Math.min(this.#now, at);
    this.#follows = false;
    this.#player.seek(time);
    this.#axis = span ? this.#axis.around(time, span) : this.#axis.reaching(time);
    this.#view.looksBack = true;
    this.#onChange();
    this.#show();
  }

  /** @param {1 | -1} direction */
  #step(direction) {
    this.#follows = false;
    this.#player.step(direction, this.#now);
    this.#axis = this.#axis.reaching(this.#moment);
  }

  /** @param {1 | -1} direction */
  async #goToEvent(direction) {
    const event = await this.#times.eventBeside(this.#event?.start ?? this.#moment, direction, this.#now);
    if (event) this.#enter(event);
    else this.#element.notice(t(direction > 0 ? "timeline.noEventAfter" : "timeline.noEventBefore"));
  }

  /** Go to an event; a film goes on there. @param {import("./spans.js").Event} event */
  #enter(event) {
    const { speed } = this.#player;
    this.#event = event;
    this.#goTo(event.start);
    if (speed === 0) return;
    this.#follows = true;
    this.#player.play(speed);
    this.#show();
  }

  /** Play, or pause what plays in this direction. @param {1 | -1} direction */
  #toggle(direction) {
    if (Math.sign(this.#player.speed) === direction) return this.#player.pause();
    this.#follows = true;
    this.#player.play(direction * this.#element.chosenSpeed, this.#now - (direction > 0 ? REPLAY_SECONDS : 0));
  }

  /** @param {1 | -1} direction */
  #changeSpeed(direction) {
    const at = SPEEDS.indexOf(this.#element.chosenSpeed) + direction;
    if (at < 0 || at >= SPEEDS.length) return;
    this.#element.chosenSpeed = SPEEDS[at];
    this.#actions.speed();
  }

  #goLive() {
    this.#player.live();
    this.#follows = true;
    this.#axis = this.#axis.reaching(this.#now);
    // Loaded again, the page is live.
    const url = new URL(location.href);
    if (!url.searchParams.has("at")) return;
    url.searchParams.delete("at");
    history.replaceState(history.state, "", url);
  }

  /** @param {Axis} axis */
  #useAxis(axis) {
    this.#axis = axis.within(this.#recorder?.oldest ?? -Infinity, this.#now);
    this.#follows = this.#axis.from <= this.#moment && this.#moment <= this.#axis.to;
    this.#times.want(this.#axis.from, this.#axis.to, this.#now, this.#axis.pixel);
  }

  /** Around the moment on the screen, or around the middle where the axis does not show that. @param {number} factor */
  #zoom(factor) {
    const x = this.#axis.x(this.#moment);
    this.#useAxis(this.#axis.zoomed(factor, x >= 0 && x <= this.#axis.width ? x : this.#axis.width / 2));
  }

  /** @param {number} time */
  #showDay(time) {
    const { from, to } = localDay(time);
    this.#follows = from <= this.#moment && this.#moment < to;
    this.#axis = new Axis(from, to, this.#axis.width);
    this.#times.want(from, to, this.#now, this.#axis.pixel);
    this.#show();
  }

  /** @param {number} from @param {number} to */
  #setMark(from, to) {
    this.#mark = { from, to: Math.min(this.#now, to) };
    const seconds = this.#mark.to - this.#mark.from;
    const refusal = seconds > MAX_CLIP_SECONDS ? t("timeline.tooLong") : "";
    this.#element.showDownload(this.#api.clipUrl(this.#mark.from, this.#mark.to), refusal);
  }

  #unmark() {
    this.#mark = null;
    this.#element.showLink(null);
  }

  async #keep() {
    const keep = this.#element.dataset.kept !== "true";
    const { from, to } = this.#mark;
    await this.#try(async () => {
      await this.#api.keep(from, to, keep);
      this.#element.notice(t(keep ? "timeline.keeping" : "timeline.releasing"));
      setTimeout(() => this.#times.again(from, to), KEPT_AFTER_MS);
    });
  }

  async #record() {
    await this.#try(async () => {
      this.#recorder = await this.#api.record({ action: this.#recorder?.demanded ? "stop" : "start" });
      this.#recorderAt = performance.now();
      this.#showRecorder();
    });
  }

  async #share() {
    const field = this.#element.showLink(momentLink(location.href, this.#moment));
    this.#element.notice(t((await copy(field)) ? "timeline.linkCopied" : "camera.copyByHand"));
  }

  /** Do something that may be refused. @param {() => Promise<void>} does */
  async #try(does) {
    try {
      await does();
    } catch (error) {
      this.#element.notice(t("timeline.refused", { reason: error.message }));
    }
  }
}
