/** Gets a still or a clip from the server and saves it as a file. A link would say nothing where there is none. */

import { withToken } from "../connection/auth.js";
import { t } from "../words/words.js";

/** A clip of minutes over a slow link takes as long. */
const TIMEOUT_MS = 600_000;
/** The browser reads the file after the click. */
const REVOKE_MS = 60_000;

/**
 * Get a file.
 *
 * @param {string} url relative to the page's base
 * @returns {Promise<{blob: Blob | null, headers: Headers | null, error: string, code: string}>} blob is null where there is none;
 *   error says why, in the server's words
 */
export async function getFile(url) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const headers = { "X-Requested-With": "framebus", Accept: "application/json" };
    const answer = await fetch(withToken(url), { cache: "no-store", headers, signal: abort.signal });
    if (answer.ok) return { blob: await answer.blob(), headers: answer.headers, error: "", code: "" };
    const { code = "", message = "" } = (await answer.json()).error ?? {};
    return { blob: null, headers: answer.headers, error: message, code };
  } catch {
    return { blob: null, headers: null, error: t("save.noAnswer"), code: "" };
  } finally {
    clearTimeout(timer);
  }
}

/** Let the browser save a file. @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}
