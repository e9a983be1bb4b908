/** Loads the page again where that is due: a part of it could not be loaded, or the server was updated meanwhile. */

/** It is due so long after the start of the page; later where it was loaded again already. */
const RELOAD_AFTER_MS = 5000;
const AGAIN_AFTER_MS = 60_000;
/** While there is one of these, a person is doing something that would be lost. */
const IN_USE = 'dialog[open], details[open], .controls, [data-zoomed="true"], time-line[data-mode="still"], time-line[data-mode="playing"]';

let isIncomplete = false;
/** The version of the server that this page was loaded from; null while unknown. @type {string | null} */
let loadedFrom = null;
let isOutdated = false;
/** Files that are being saved. */
let saving = 0;

/** A part of the page could not be loaded, as the server was stopped or the network broke. @param {Error} error */
export function notLoaded(error) {
  console.warn(`framebus: a part of the page could not be loaded: ${error.message}`);
  isIncomplete = true;
  return null;
}

/** The server has said its version: modules of two versions must not mix. @param {string | undefined} version */
export function served(version) {
  if (!version) return;
  loadedFrom ??= version;
  isOutdated = version !== loadedFrom;
}

/** Keep the page while a file is made and saved. @template T @param {() => Promise<T>} save */
export async function whileSaving(save) {
  saving += 1;
  try {
    return await save();
  } finally {
    saving -= 1;
  }
}

/**
 * To be called while the server answers. Chromium remembers which modules have failed, and never asks for them again on the
 * same page: one that is incomplete is loaded again at once, one that is outdated when nobody uses it.
 *
 * @param {number} now milliseconds since the page was opened
 */
export function reloadWhereDue(now) {
  if (!isIncomplete && !(isOutdated && !isInUse())) return;
  const isReloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
  if (now < (isReloaded ? AGAIN_AFTER_MS : RELOAD_AFTER_MS)) return;
  isIncomplete = isOutdated = false; // once is enough
  location.reload();
}

/** Fullscreen would end; on a wall nobody would begin it again, and there the pictures are all that matters. */
function isInUse() {
  const { wall, full } = document.body.dataset;
  const isWatched = wall !== "true" && (full !== undefined || Boolean(document.pictureInPictureElement));
  return saving > 0 || isWatched || document.querySelector(IN_USE) !== null;
}
