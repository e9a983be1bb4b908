/** Asks the server for the controls of a camera, and sets them. */

import { fetchApi } from "../connection/auth.js";
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
  const names = new URLSearchParams((wish?.reset ?? []).map((name) => ["name", name]));
  const headers = { Accept: "application/json" };
  const body = wish?.set && JSON.stringify(wish.set);
  if (body) headers["Content-Type"] = "application/json";
  const method = wish === null ? "GET" : wish.set ? "PATCH" : "DELETE";
  const answer = await fetchJson(`api/cameras/${camera}/controls?${names}`, { method, headers, body });
  if (!Array.isArray(answer.controls)) throw new Error(answer.error?.message ?? t("controls.noAnswer"));
  return answer.controls;
}

/** @param {string} url @param {RequestInit} options */
async function fetchJson(url, options) {
  try {
    return await (await fetchApi(url, TIMEOUT_MS, options)).json();
  } catch {
    throw new Error(t("controls.noAnswer"));
  }
}
