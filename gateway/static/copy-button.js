/** A read-only address with a button that copies it, also where browsers keep the clipboard from plain http. */

import { withToken } from "./auth.js";

const THANKS_MS = 2000;

/**
 * Make the address in a row copyable.
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
    button.textContent = (await copy(input)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), THANKS_MS);
  });
}

/** @param {HTMLInputElement} input @returns {Promise<boolean>} */
async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    // Over plain http there is no navigator.clipboard; the old way still works there.
    input.select();
    return document.execCommand("copy");
  }
}
