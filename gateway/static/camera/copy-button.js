/** A read-only address with a button that copies it, also over plain http, where browsers have no clipboard API. */

import { withToken } from "../connection/auth.js";
import { t } from "../words/words.js";

const CONFIRMATION_MS = 2000;

/**
 * Show an address in a row and make its button copy it.
 *
 * @param {Element} row holds one input and one button
 * @param {string} url relative to the page's base
 */
export function addCopyButton(row, url) {
  const input = row.querySelector("input");
  const button = row.querySelector("button");
  input.value = withToken(url).href;
  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    button.textContent = (await copy(input)) ? t("camera.copied") : t("camera.copyByHand");
    setTimeout(() => (button.textContent = t("camera.copy")), CONFIRMATION_MS);
  });
}

/** Copy what is in a field. @param {HTMLInputElement} input @returns {Promise<boolean>} whether that was possible */
export async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    // Over plain http there is no navigator.clipboard; execCommand still works.
    input.select();
    return document.execCommand("copy");
  }
}
