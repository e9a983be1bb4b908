/** The menus that save a still, of now or of a moment ago, and a clip of the last seconds. They say what they did, or why not. */

import { stamped, stampsPictures, stampText } from "../camera/timestamp.js";
import { getFile } from "../connection/fetched-file.js";
import { may } from "../connection/me.js";
import { whileSaving } from "../reload.js";
import { saveFile } from "../save-file.js";
import { dataSize, fileName, timeOfDay } from "../words/format.js";
import { t } from "../words/words.js";

/** Seconds ago of which a still is offered, and lengths of clips. */
const AGO = [5, 10, 30, 60];
const LENGTHS = [10, 30, 60, 300];

export class SaveMenus {
  #camera;
  #say;
  #isBusy = false;

  /**
   * @param {HTMLElement} bar has the menus
   * @param {string} camera
   * @param {(text: string, link?: HTMLAnchorElement) => void} say shows a sentence, and what may follow
   */
  constructor(bar, camera, say) {
    this.#camera = camera;
    this.#say = say;
    const stills = bar.querySelector(".stills");
    addItem(stills, t("save.now"), () => this.#still(""));
    addItem(stills, t("save.full"), () => this.#still("?full=1"));
    for (const n of AGO) addItem(stills, t("save.ago", { n }), () => this.#still(`?ago=${n}`));
    const clips = bar.querySelector(".clips");
    for (const n of LENGTHS) addItem(clips, t(n < 60 ? "save.seconds" : "save.minutes", { n: n < 60 ? n : n / 60 }), () => this.#clip(n));
    this.#showFor(bar);
  }

  /** @param {HTMLElement} bar */
  async #showFor(bar) {
    const allowed = await may("snapshot");
    for (const menu of bar.querySelectorAll(".stills, .clips")) menu.hidden = !allowed;
  }

  /** @param {string} query */
  #still(query) {
    return this.#once(async () => {
      const { blob, headers, error, code } = await getFile(`camera/${this.#camera}/snapshot.jpg${query}`);
      if (!blob) return [t("save.noStill", { error: why(error, code) })];
      const captured = Number(headers.get("X-Timestamp")) || Date.now() / 1000;
      const name = fileName(this.#camera, new Date(captured * 1000), "jpg");
      const file = stampsPictures() ? (await stamped(blob, stampText(captured))).jpeg : blob;
      return [t("save.still", { name, size: dataSize(file.size), time: timeOfDay(captured) }), saveFile(file, name)];
    });
  }

  /** Of the history in memory, else of the recordings. @param {number} seconds */
  #clip(seconds) {
    return this.#once(async () => {
      this.#say(t("save.waiting"));
      const home = `camera/${this.#camera}`;
      let clip = await getFile(`${home}/clip.avi?seconds=${seconds}`);
      let kind = "avi";
      if (clip.code === "not-kept" && (await may("recordings"))) {
        const now = Date.parse(clip.headers.get("Date")) / 1000 || Date.now() / 1000;
        const recorded = await getFile(`${home}/recordings/clip.mkv?from=${now - seconds}&to=${now}`);
        if (recorded.blob) [clip, kind] = [recorded, "mkv"];
      }
      if (!clip.blob) return [t("save.noClip", { error: why(clip.error, clip.code) })];
      const file = stampsPictures() ? await this.#withTimes(clip.blob, kind) : clip.blob;
      const name = fileName(this.#camera, new Date(), stampsPictures() ? "avi" : kind);
      return [t("save.clip", { name, size: dataSize(file.size) }), saveFile(file, name)];
    });
  }

  /** @param {Blob} clip @param {"avi" | "mkv"} kind */
  async #withTimes(clip, kind) {
    const { stampedClip } = await import("../clips/stamped-clip.js");
    return stampedClip(clip, kind, (n) => this.#say(t("save.drawing", { n })));
  }

  /** One file at a time. @param {() => Promise<[string, HTMLAnchorElement?]>} save returns what to say */
  async #once(save) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      this.#say(...(await whileSaving(save)));
    } catch (error) {
      this.#say(t("save.nothing", { error: error.message })); // the time could not be drawn
    } finally {
      this.#isBusy = false;
    }
  }
}

/** The server says what is not kept in Unix seconds. @param {string} error @param {string} code */
function why(error, code) {
  return code === "not-kept" ? t("save.notKept") : error;
}

/** @param {HTMLDetailsElement} menu @param {string} text @param {() => void} action */
function addItem(menu, text, action) {
  const item = document.createElement("button");
  item.type = "button";
  item.textContent = text;
  item.addEventListener("click", () => {
    menu.open = false;
    menu.querySelector("summary").focus();
    action();
  });
  menu.querySelector(".menu-items").append(item);
}
