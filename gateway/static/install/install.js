/**
 * The button that puts the page on the home screen. Where the browser has no prompt for it, as on an iPhone or over plain http, the
 * button says how it is done there.
 */

import { connectDialog } from "../dialog.js";
import { t } from "../words/words.js";

/** @typedef {Event & {prompt: () => Promise<unknown>}} InstallPrompt */

/** @type {InstallPrompt | null} what the browser has offered */
let offered = null;

/**
 * Show the button where it is of use.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLDialogElement} dialog says how it is done
 */
export function offerInstallation(button, dialog) {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // else some browsers show a bar of their own
    offered = event;
    button.hidden = isInstalled();
  });
  addEventListener("appinstalled", () => (button.hidden = true));
  button.addEventListener("click", (event) => {
    if (!offered) return;
    event.stopImmediatePropagation();
    offered.prompt(); // once only
    offered = null;
  });
  connectDialog(button, dialog, () => (dialog.querySelector(".install-how").textContent = t(`install.${platform()}`)));
  // On a desktop it is of use only where the browser can do it.
  button.hidden = isInstalled() || !matchMedia("(pointer: coarse)").matches;
}

function isInstalled() {
  return matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
}

/** @returns {"ios" | "android" | "other"} how browsers of this system call it */
function platform() {
  const agent = navigator.userAgent;
  // An iPad calls itself a Mac, with a touch screen, which no Mac has.
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return "ios";
  return /Android/.test(agent) ? "android" : "other";
}
