/** Gets a still or a clip from the server, or the reason why there is none: a link would not say that. */

import { fetchApi } from "./auth.js";
import { t } from "../words/words.js";

/** A clip of minutes over a slow link takes as long. */
const TIMEOUT_MS = 600_000;

/**
 * Get a file.
 *
 * @param {string} url relative to the page's base
 * @returns {Promise<{blob: Blob | null, headers: Headers | null, error: string, code: string}>} blob is null where there is none;
 *   error says why, in the server's words
 */
export async function getFile(url) {
  try {
    const answer = await fetchApi(url, TIMEOUT_MS, { headers: { Accept: "application/json" } });
    if (answer.ok) return { blob: await answer.blob(), headers: answer.headers, error: "", code: "" };
    const { code = "", message = "" } = (await answer.json()).error ?? {};
    return { blob: null, headers: answer.headers, error: message, code };
  } catch {
    return { blob: null, headers: null, error: t("save.noAnswer"), code: "" };
  }
}
