/**
 * Recorded pictures without a websocket: each moment is asked for as a still. It answers what the player sends as the server
 * does over the websocket; a step is a second, and there are no films.
 */

import { fetchApi } from "../connection/auth.js";
import { t } from "../words/words.js";

const TIMEOUT_MS = 15_000;
/** A still is the frame nearest to a moment: the next frame is not to be had. */
const STEP_SECONDS = 1;

export class RecordedStills {
  #onFrame;
  #onText;
  #seq = 0;

  /**
   * @param {(message: import("../connection/wire.js").Message) => void} onFrame
   * @param {(answer: {sought?: object, played?: object}) => void} onText
   */
  constructor(onFrame, onText) {
    this.#onFrame = onFrame;
    this.#onText = onText;
  }

  /** Answer a message of the player; what else the page sends is for the websocket. @param {{seek?: object, play?: object}} message */
  send({ seek, play }) {
    if (seek?.at !== undefined) this.#seek(seek);
    if (play && play.speed !== 0) {
      const { camera, id } = play;
      // As an answer, it comes when the player has noted the request.
      Promise.resolve().then(() => this.#onText({ played: { camera, id, at: null, reason: t("timeline.noFilm") } }));
    }
  }

  async #seek({ camera, at, step = 0, id }) {
    try {
      const answer = await fetchApi(`camera/${camera}/snapshot.jpg?at=${(at + step * STEP_SECONDS).toFixed(6)}`, TIMEOUT_MS);
      if (!answer.ok) throw new Error(await reasonOf(answer));
      const body = new Uint8Array(await answer.arrayBuffer());
      const captured = Number(answer.headers.get("X-Timestamp"));
      this.#seq += 1;
      this.#onFrame({ kind: "recorded", camera, header: { id, seq: this.#seq, at: captured, captured }, body });
    } catch (error) {
      this.#onText({ sought: { camera, id, captured: null, reason: error.message } });
    }
  }
}

/** Why there is no still. @param {Response} answer */
async function reasonOf(answer) {
  const text = (await answer.text()).trim();
  return text.replace(/^\d+: /, "") || t("list.answer", { code: answer.status });
}
