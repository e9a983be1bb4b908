/** Saves what the page has made or fetched as a file. */

import { t } from "./words/words.js";

/** The browser reads the file after the click, or when a person uses the link. */
const REVOKE_MS = 120_000;

/**
 * Let the browser save a file.
 *
 * @param {Blob} blob
 * @param {string} name
 * @returns {HTMLAnchorElement} a link that saves it again: Safari on an iPhone saves nothing that a script asks for so long after the tap
 */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.className = "save-again";
  link.textContent = t("save.again");
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
  return link;
}
