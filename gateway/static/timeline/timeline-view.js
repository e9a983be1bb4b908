/**
 * The time line as a custom element: the track, its buttons, what is marked, and what the recorder does. It shows what
 * look-back.js gives it, and reports which action a person wants.
 */

import { stampDownload } from "../clips/recorded-download.js";
import { fillWords, label, t } from "../words/words.js";
import { moment } from "../words/format.js";
import { keyAction } from "./keys.js";
import { timeLabel } from "./labels.js";
import { SPEEDS } from "./player.js";
import { Track } from "./track.js";

/** So long a notice is shown. */
const NOTICE_MS = 8000;
/** With a link to what was saved, it is shown longer. */
const SAVED_MS = 60_000;

/**
 * @typedef {object} Shown
 * @property {import("./axis.js").Axis} axis
 * @property {import("./spans.js").Span[]} spans
 * @property {import("./spans.js").Event[]} events
 * @property {number} now
 * @property {number | null} at
 * @property {number} speed of the film; 0 while none runs
 * @property {{from: number, to: number} | null} mark
 */

export class TimelineView extends HTMLElement {
  /** @type {Track} */
  #track;
  #act;
  #noticeTimer = 0;
  #seconds = 0;

  /**
   * Fill the element; once, before it is put into the page.
   *
   * @param {string} camera
   * @param {(action: string, value?: any) => void} act
   */
  build(camera, act) {
    this.#act = act;
    this.append(document.getElementById("time-line").content.cloneNode(true));
    fillWords(this);
    const slider = this.#element(".track");
    slider.setAttribute("aria-label", t("timeline.label", { camera }));
    this.#track = new Track(slider, this.#element("canvas"), timeLabel, {
      onScrub: (time) => act("scrub", time),
      onAxis: (axis) => act("axis", axis),
      onEvent: (event) => act("event", event),
      onMark: (mark) => act("mark", mark),
      onHover: (x, time, event) => this.#showTip(x, time, event),
    });
    slider.addEventListener("keydown", (event) => this.#onKey(event, true));
    for (const button of this.querySelectorAll("[data-action]")) {
      button.addEventListener("click", () => this.#onAction(button.dataset.action));
    }
    this.#fillSpeeds();
    stampDownload(this.#element(".download"), camera, (text, link) => this.notice(text, link));
    this.#element(".date").addEventListener("change", (event) => act("date", event.target.value));
    new ResizeObserver(() => act("resize", this.#track.width)).observe(slider);
  }

  /** The width of the track in CSS pixels. */
  get width() {
    return this.#track.width;
  }

  /** Whether a finger holds the track. */
  get isHeld() {
    return this.#track.isHeld;
  }

  /** The speed that a person has chosen. */
  get chosenSpeed() {
    return Number(this.#element(".speed").value);
  }

  set chosenSpeed(speed) {
    this.#element(".speed").value = String(speed);
  }

  /** A key was pressed elsewhere on the page. @param {KeyboardEvent} event */
  pressed(event) {
    if (!event.target.closest("input, select, textarea, dialog, [contenteditable]")) this.#onKey(event, false);
  }

  /** @param {Shown} shown */
  show(shown) {
    const { axis, at, now, speed, mark } = shown;
    this.#track.show(shown);
    this.dataset.mode = at === null ? "live" : speed === 0 ? "still" : "playing";
    this.dataset.at = at === null ? "" : String(at);
    const text = at === null ? t("timeline.isLive") : moment(at);
    this.#setText(".moment", text);
    this.#press("live", at === null);
    this.#showDay(at ?? now);
    this.#showSlider(axis, at ?? now, text);
    for (const [action, runs] of [["play", speed > 0], ["playBack", speed < 0]]) {
      const button = this.#button(action);
      if (button.getAttribute("aria-pressed") === String(runs)) continue;
      button.setAttribute("aria-pressed", String(runs));
      label(button, t(`timeline.${runs ? "pause" : action}`));
    }
    this.#showMark(mark, shown.spans);
  }

  /** @param {boolean} control whether the client may record and keep */
  set control(control) {
    for (const button of this.querySelectorAll(".needs-control")) button.hidden = !control;
  }

  /**
   * Say what the recorder does.
   *
   * @param {string} sentence
   * @param {string} held
   * @param {{state: string, demanded: boolean}} recorder
   */
  showRecorder(sentence, held, { state, demanded }) {
    this.dataset.recorder = state;
    this.#setText(".recorder-sentence", sentence);
    this.#setText(".held", held);
    const button = this.#button("record");
    button.disabled = state === "off";
    button.setAttribute("aria-pressed", String(demanded === true));
    this.#setText(".record-text", t(demanded ? "timeline.stop" : "timeline.record"));
  }

  /** Say something for a moment, also to screen readers. @param {string} text @param {HTMLAnchorElement} [link] to what was saved */
  notice(text, link) {
    clearTimeout(this.#noticeTimer);
    this.#setText(".notice", text);
    if (link) this.#element(".notice").append(" ", link);
    if (text) this.#noticeTimer = setTimeout(() => this.#setText(".notice", ""), link ? SAVED_MS : NOTICE_MS);
  }

  /** Show a link where it can be copied by hand. @param {string | null} link null hides it */
  showLink(link) {
    const field = this.#element(".link");
    field.hidden = link === null;
    field.value = link ?? "";
    return field;
  }

  /** Show where the marked span can be downloaded. @param {string} url @param {string} refusal why it is not, or empty */
  showDownload(url, refusal) {
    const download = this.#element(".download");
    if (refusal) download.removeAttribute("href");
    else download.href = url;
    download.title = refusal || t("timeline.download.title");
    download.setAttribute("aria-disabled", String(Boolean(refusal)));
    const film = this.#button("film");
    film.disabled = Boolean(refusal);
    film.title = refusal || t("film.title");
  }

  /** @param {string} action */
  #onAction(action) {
    if (action === "help") dispatchEvent(new Event("keyhelp"));
    else this.#act(action);
  }

  /** @param {KeyboardEvent} event @param {boolean} onTrack */
  #onKey(event, onTrack) {
    const action = keyAction(event, onTrack);
    if (action === null || event.defaultPrevented) return;
    event.preventDefault();
    this.#onAction(action);
  }

  /** @param {number} time */
  #showDay(time) {
    const field = this.#element(".date");
    const date = new Date(time * 1000);
    const two = (number) => String(number).padStart(2, "0");
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    if (field.value !== day && field !== document.activeElement) field.value = day;
  }

  #showSlider(axis, value, text) {
    const slider = this.#element(".track");
    // A film moves many times a second: the slider says each second.
    const second = Math.round(value);
    if (this.dataset.mode === "playing" && second === this.#seconds) return;
    this.#seconds = second;
    const values = { valuemin: Math.round(axis.from), valuemax: Math.round(axis.to), valuenow: second, valuetext: text };
    for (const [name, each] of Object.entries(values)) slider.setAttribute(`aria-${name}`, String(each));
  }

  #showMark(mark, spans) {
    this.#element(".marked").hidden = mark === null;
    this.#press("markToggle", mark !== null);
    if (mark === null) return;
    const [from, to] = [timeLabel(mark.from, "full"), timeLabel(mark.to, "second")];
    this.#setText(".marked-text", t("timeline.marked", { from, to, n: Math.max(1, Math.round(mark.to - mark.from)) }));
    const within = spans.filter((span) => span.end > mark.from && span.begin < mark.to);
    const kept = within.length > 0 && within.every((span) => span.keep);
    this.#setText(".keep", t(kept ? "timeline.release" : "timeline.keep"));
    this.dataset.kept = String(kept);
  }

  #showTip(x, time, event) {
    const tip = this.#element(".tip");
    tip.hidden = x === null;
    if (x === null) return;
    const name = event && t("timeline.event", { type: event.type, n: Math.round(100 * (event.score ?? 0)) });
    this.#setText(".tip", event ? `${timeLabel(event.start, "full")} · ${name}` : timeLabel(time, "full"));
    const half = tip.offsetWidth / 2;
    tip.style.left = `${Math.min(this.width - half, Math.max(half, x))}px`;
  }

  #fillSpeeds() {
    for (const speed of SPEEDS) {
      const option = document.createElement("option");
      option.value = String(speed);
      option.textContent = t("timeline.speed", { n: speed < 1 ? `1/${1 / speed}` : speed });
      this.#element(".speed").append(option);
    }
    this.chosenSpeed = 1;
    this.#element(".speed").addEventListener("change", () => this.#act("speed"));
  }

  /** @param {string} action @returns {HTMLButtonElement} */
  #button(action) {
    return this.#element(`[data-action="${action}"]`);
  }

  #press(action, pressed) {
    this.#button(action).setAttribute("aria-pressed", String(pressed));
  }

  /** @param {string} selector @returns {any} */
  #element(selector) {
    return this.querySelector(selector);
  }

  #setText(selector, text) {
    const element = this.#element(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}

customElements.define("time-line", TimelineView);
