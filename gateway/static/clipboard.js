/** Copies what is in a field, also over plain http, where browsers have no clipboard API. */

import { t } from "./words/words.js";

const CONFIRMATION_MS = 2000;

/** Let a button copy what is in a field, and say whether it did. @param {HTMLButtonElement} button @param {HTMLInputElement} input */
export function copyOnClick(button, input) {
  button.addEventListener("click", async () => {
    button.textContent = t((await copy(input)) ? "camera.copied" : "camera.copyByHand");
    setTimeout(() => (button.textContent = t("camera.copy")), CONFIRMATION_MS);
  });
}

/** Copy what is in a field. @param {HTMLInputElement} input @returns {Promise<boolean>} whether that was possible */
export async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    // Over plain http there is no navigator.clipboard. What is selected can also be copied by hand.
    input.select();
    return document.execCommand("copy");
  }
}
