/** Asks the server for what is recorded of one camera, and the recorder to record and to keep. */

import { fetchApi, withToken } from "../connection/auth.js";
import { t } from "../words/words.js";

const TIMEOUT_MS = 15_000;
/** A list comes in parts; a page draws no more than these. */
const MAX_PARTS = 20;

export class RecordingsApi {
  #camera;

  /** @param {string} camera */
  constructor(camera) {
    this.#camera = camera;
  }

  /** @returns {Promise<import("./recorder-words.js").RecorderState>} */
  recorder() {
    return this.get("recorder");
  }

  /**
   * The spans that touch a time.
   *
   * @param {number} from
   * @param {number} to
   * @param {number} gap a span goes on over pauses of so many seconds; 0: as the server decides
   * @returns {Promise<import("./spans.js").Span[]>}
   */
  async spans(from, to, gap) {
    return this.#list("recordings", "spans", from, to, gap > 0 ? `&bytes=0&gap=${gap}` : "&bytes=0");
  }

  /** The events that touch a time, sorted by start. @param {number} from @param {number} to @returns {Promise<import("./spans.js").Event[]>} */
  async events(from, to) {
    const events = await this.#list("events", "events", from, to, "", "&begun");
    return events.sort((one, other) => one.start - other.start);
  }

  /** Ask the recorder for something. @param {object} request such as `{action: "start"}` @returns {Promise<import("./recorder-words.js").RecorderState>} */
  record(request) {
    return this.post("record", request);
  }

  /** Keep the recordings of a time, or no longer; also of a camera that is no longer recorded. @param {number} from @param {number} to @param {boolean} keep */
  keep(from, to, keep) {
    return this.post("recordings/keep", { from, to, keep });
  }

  /** The original frames of a time as a file. @param {number} from @param {number} to */
  clipUrl(from, to) {
    const url = withToken(`camera/${this.#camera}/recordings/clip.mkv`);
    url.searchParams.set("from", from.toFixed(6));
    url.searchParams.set("to", to.toFixed(6));
    return url.href;
  }

  /** Send a POST request for this camera. @param {string} what @param {object} body @throws {Error} with a sentence for people, and the server's `code` */
  async post(what, body) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    return answerOf(await this.#fetch(what, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  /** Read something of this camera. @param {string} what @throws {Error} with a sentence for people */
  async get(what) {
    return answerOf(await this.#fetch(what));
  }

  /** Delete something of this camera, also while the page is left. Whether there was something does not matter. @param {string} what */
  remove(what) {
    this.#fetch(what, { method: "DELETE", keepalive: true }).catch(() => {});
  }

  /**
   * @param {string} path
   * @param {string} key
   * @param {number} from
   * @param {number} to
   * @param {string} [more] of the query
   * @param {string} [rest] of the query for the parts after the first
   */
  async #list(path, key, from, to, more = "", rest = "") {
    const found = [];
    let begin = from;
    for (let part = 0; part < MAX_PARTS; part += 1) {
      const answer = await this.get(`${path}?from=${Math.max(0, begin).toFixed(6)}&to=${to.toFixed(3)}${more}${part > 0 ? rest : ""}`);
      found.push(...answer[key]);
      if (typeof answer.next !== "number" || answer.next <= begin) break;
      begin = answer.next;
    }
    return found;
  }

  /** @param {string} what @param {RequestInit} [options] */
  #fetch(what, options) {
    return fetchApi(`api/cameras/${this.#camera}/${what}`, TIMEOUT_MS, options);
  }
}

/** @param {Response} response */
async function answerOf(response) {
  if (response.ok) return response.json();
  let reason = "";
  let code = "";
  try {
    ({ message: reason, code } = (await response.json()).error);
  } catch {
    reason = t("list.answer", { code: response.status }); // not one of ours, as of a proxy
  }
  throw Object.assign(new Error(reason), { code });
}
