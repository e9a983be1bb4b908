/** Asks the server for the controls of a camera, and sets them. */

import { withToken } from "../connection/auth.js";
import { t } from "../words/words.js";

/** A camera that is closed is opened first. */
const TIMEOUT_MS = 10_000;

/**
 * Send a request.
 *
 * @param {string} camera
 * @param {import("./control-values.js").Wish | null} wish null asks for the list
 * @returns {Promise<import("./control-model.js").Control[]>} all controls, as they are afterwards
 * @throws {Error} the reason, as a sentence
 */
export async function requestControls(camera, wish) {
  const url = withToken(`api/cameras/${camera}/controls`);
  for (const name of wish?.reset ?? []) url.searchParams.append("name", name);
  const headers = { "X-Requested-With": "framebus", Accept: "application/json" };
  const body = wish?.set && JSON.stringify(wish.set);
  if (body) headers["Content-Type"] = "application/json";
  const method = wish === null ? "GET" : wish.set ? "PATCH" : "DELETE";
  const answer = await fetchJson(url, { method, headers, body, cache: "no-store" });
  if (!Array.isArray(answer.controls)) throw new Error(answer.error?.message ?? t("controls.noAnswer"));
  return answer.controls;
}

/** @param {URL} url @param {RequestInit} options */
async function fetchJson(url, options) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    return await (await fetch(url, { ...options, signal: abort.signal })).json();
  } catch {
    throw new Error(t("controls.noAnswer"));
  } finally {
    clearTimeout(timer);
  }
}
