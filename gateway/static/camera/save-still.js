/** Saves a still with the time of its picture drawn into it. */

import { fetchApi } from "../connection/auth.js";
import { saveFile } from "../save-file.js";
import { t } from "../words/words.js";
import { stamped, stampText } from "./timestamp.js";

const TIMEOUT_MS = 15_000;

/**
 * Ask for a still, draw its time into it, and let the browser save it.
 *
 * @param {string} url of the still
 * @param {string} name of the file
 * @throws {Error} with a sentence for people, when there is no still
 */
export async function saveStampedStill(url, name) {
  const { jpeg, captured } = await fetchStill(url);
  saveFile((await stamped(jpeg, stampText(captured))).jpeg, name);
}

/** @param {string} url @returns {Promise<{jpeg: Blob, captured: number}>} `captured` in Unix seconds */
async function fetchStill(url) {
  try {
    const response = await fetchApi(url, TIMEOUT_MS);
    const captured = Number(response.headers.get("X-Timestamp") ?? NaN);
    if (!response.ok) throw new Error(t("still.refused", { code: response.status }));
    if (Number.isNaN(captured)) throw new Error(t("still.noTime"));
    return { jpeg: await response.blob(), captured };
  } catch (error) {
    throw error.name === "AbortError" || error instanceof TypeError ? new Error(t("still.noAnswer")) : error;
  }
}
