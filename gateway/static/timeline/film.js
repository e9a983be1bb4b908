/** A film in H.264 of a marked time: asks the server for it, says how far it is, and lets the browser save it. */

import { stampsPictures, utcOffset } from "../camera/timestamp.js";
import { withToken } from "../connection/auth.js";
import { t } from "../words/words.js";
import { dataSize } from "../words/format.js";

const POLL_MS = 2000;
/** The server says so where the extra `av` is missing. */
const NOT_AVAILABLE = "not-available";

/** @typedef {{id: string, state: "waiting" | "running" | "done" | "failed", progress: number, bytes: number, reason: string, url: string | null}} Progress */

export class Film {
  #api;
  #row;
  #isAsked = false;
  /** @type {Progress | null} */
  #film = null;
  #timer = 0;
  #onLeave = () => this.cancel();

  /**
   * @param {import("./recordings-api.js").RecordingsApi} api
   * @param {HTMLElement} row of the time line: with a text, a link to the file, and a button that ends it
   */
  constructor(api, row) {
    this.#api = api;
    this.#row = row;
  }

  /** Have a film made; the one before it is no longer wanted. @param {number} from Unix seconds @param {number} to */
  async begin(from, to) {
    if (this.#isAsked) return;
    this.cancel();
    this.#isAsked = true;
    this.#show(t("film.waiting"));
    try {
      const zone = stampsPictures() ? { utc_offset: utcOffset(from) } : {};
      const film = await this.#api.post("recordings/export", { from, to, ...zone });
      // If the row was removed while the server answered, the film is not wanted.
      if (this.#row.isConnected) this.#follow(film);
      else this.#api.remove(`recordings/export/${film.id}`);
    } catch (error) {
      this.#end(error.code === NOT_AVAILABLE ? t("film.needsAv") : t("timeline.refused", { reason: error.message }));
    } finally {
      this.#isAsked = false;
    }
  }

  /** End the film; what the browser is fetching goes on. */
  cancel() {
    const film = this.#film;
    this.#end("");
    // One that is done may be on its way to the disk: the server deletes it afterwards.
    if (film && film.state !== "done") this.#api.remove(`recordings/export/${film.id}`);
  }

  /** @param {Progress} film */
  #follow(film) {
    const wasDone = this.#film?.state === "done";
    if (this.#film === null) addEventListener("pagehide", this.#onLeave);
    this.#film = film;
    if (film.state === "failed") return this.#fail(film.reason);
    this.#show(textOf(film), film.state === "running" ? t("film.share", { n: Math.floor(100 * film.progress) }) : "");
    if (film.url && !wasDone) this.#offer(film.url);
    this.#timer = setTimeout(() => this.#poll(film.id), POLL_MS);
  }

  async #poll(id) {
    const isWanted = () => this.#film?.id === id;
    try {
      const film = await this.#api.get(`recordings/export/${id}`);
      if (isWanted()) this.#follow(film);
    } catch (error) {
      if (!isWanted()) return;
      // Without a code it is not the server that answers: the network or the server may be back soon.
      if (!error.code) this.#timer = setTimeout(() => this.#poll(id), POLL_MS);
      else if (this.#film.state === "done") this.#end(""); // it was fetched: the browser tells of that
      else this.#fail(error.message);
    }
  }

  /** @param {string} reason */
  #fail(reason) {
    this.cancel(); // it counts on the server until it is deleted
    this.#end(t("film.failed", { reason }));
  }

  /** Have it saved, and leave a link, as a browser may refuse to save without a click. @param {string} url */
  #offer(url) {
    const link = this.#row.querySelector(".film-file");
    link.href = withToken(url).href;
    link.hidden = false;
    link.click();
  }

  /** @param {string} text @param {string} [share] beside it, where no screen reader says each step */
  #show(text, share = "") {
    this.#row.hidden = text === "";
    this.#row.querySelector(".film-cancel").hidden = false;
    this.#row.querySelector(".film-share").textContent = share;
    const line = this.#row.querySelector(".film-text");
    if (line.textContent !== text) line.textContent = text;
  }

  /** @param {string} text why, or empty */
  #end(text) {
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.#onLeave);
    this.#film = null;
    this.#show(text);
    for (const part of [".film-cancel", ".film-file"]) this.#row.querySelector(part).hidden = true;
  }
}

/** @param {Progress} film */
function textOf({ state, bytes }) {
  if (state === "done") return t("film.done", { size: dataSize(bytes) });
  return t(state === "waiting" ? "film.waiting" : "film.running");
}
