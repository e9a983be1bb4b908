/** The dialog of a camera's view, with what is no picture: how well its pictures come, its addresses and its statistics. */

import { copyOnClick } from "../clipboard.js";
import { connectDialog } from "../dialog.js";
import { withToken } from "../connection/auth.js";
import { frameRate, age as ageText } from "../words/format.js";
import { t } from "../words/words.js";

export class Details {
  #view;
  #dialog;

  /** @param {HTMLElement} view @param {string} home the camera's own page, relative */
  constructor(view, home) {
    this.#view = view;
    this.#dialog = view.querySelector(".details");
    connectDialog(view.querySelector(".open-details"), this.#dialog);
    this.#setAddress("stream", `${home}stream.mjpg`);
    this.#setAddress("snapshot", `${home}snapshot.jpg`);
  }

  /** @param {string} name what people call the camera */
  set name(name) {
    this.#view.querySelector(".details-name").textContent = name;
    this.#dialog.setAttribute("aria-label", t("camera.label", { camera: name }));
  }

  /**
   * Show the newest figures.
   *
   * @param {object} known
   * @param {import("./frame-stats.js").FrameStats} known.stats
   * @param {object | null} known.status the camera's newest one
   * @param {{width: number, height: number} | null} known.size of the picture on the screen; null without one
   * @param {boolean} known.live whether that is no recorded one
   * @param {number} known.now milliseconds of performance.now()
   * @param {number | null} known.age milliseconds
   */
  show({ stats, status, size, live, now, age }) {
    this.#fact("fps", live && stats.frames > 1 ? frameRate(stats.fps(now)) : "");
    this.showAge(live ? ageText(age) : "");
    this.#fact("size", size ? `${size.width}×${size.height}` : "");
    this.#fact("dropped", status && live ? t("camera.dropped", { n: status.dropped }) : "");
    this.#statistic("source", status?.source);
    this.#statistic("published", status && frameRate(status.fps));
    this.#statistic("dropped", status?.dropped);
    this.#statistic("bad", status?.bad);
    this.#statistic("skipped", stats.skipped);
  }

  /** @param {string} text */
  showAge(text) {
    this.#fact("age", text);
  }

  /** @param {string} name @param {string} url relative to the page's base */
  #setAddress(name, url) {
    const row = this.#dialog.querySelector(`[data-address="${name}"]`);
    const input = row.querySelector("input");
    input.value = withToken(url).href;
    input.addEventListener("focus", () => input.select());
    copyOnClick(row.querySelector("button"), input);
  }

  /** @param {string} name @param {string} text */
  #fact(name, text) {
    setText(this.#dialog.querySelector(`[data-fact="${name}"]`), text);
  }

  /** @param {string} name @param {string | number | null | undefined} value */
  #statistic(name, value) {
    setText(this.#dialog.querySelector(`[data-statistic="${name}"]`), String(value ?? "–"));
  }
}

/** @param {Element} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
