/**
 * One camera fills the whole window: in the browser's fullscreen where there is one, else in the window as it is. An iPhone
 * has no fullscreen for pages, and a frame of another site has it only where that site allows it.
 */

/** @typedef {import("./camera-view.js").CameraView} CameraView */

/** @type {CameraView | null} */
let filling = null;
let listening = false;
/** Whether the browser's fullscreen was entered here: a wall view may have been in it before. */
let entered = false;

/** The view that fills the window; null for none. */
export function fillingView() {
  if (filling && !filling.isConnected) leaveFullscreen(); // its camera was removed
  return filling;
}

/** Let a view fill the window, or no view where this one does. @param {CameraView} view */
export function toggleFullscreen(view) {
  if (fillingView() === view) return leaveFullscreen();
  fillWith(view);
  if (!fullscreenElement()) enter();
}

/** Let another view take the place of the one that fills the window, if one does. @param {CameraView} view */
export function handOver(view) {
  if (filling) fillWith(view);
}

export function leaveFullscreen() {
  if (filling) delete filling.dataset.full;
  filling = null;
  keepScreenOn();
  delete document.body.dataset.full;
  if (entered && fullscreenElement()) (document.exitFullscreen ?? document.webkitExitFullscreen).call(document);
  entered = false;
}

/** @param {CameraView} view */
function fillWith(view) {
  if (!listening) listen();
  if (filling) delete filling.dataset.full;
  filling = view;
  view.dataset.full = "";
  document.body.dataset.full = view.dataset.camera;
  keepScreenOn();
}

/** Somebody watches: the screen stays on, as it does beside a film. What that takes is loaded when it is first needed. */
async function keepScreenOn() {
  try {
    const lock = await import("../wall/wake-lock.js");
    lock.keepScreenOn("fullscreen", filling !== null);
  } catch (error) {
    console.info(`framebus: the screen may go off: ${error.message}`);
  }
}

/** Without the browser's fullscreen, the view fills the window all the same. */
async function enter() {
  const page = document.documentElement;
  entered = true;
  try {
    // Safari has the name without a prefix since 16.4.
    await (page.requestFullscreen ?? page.webkitRequestFullscreen)?.call(page, { navigationUI: "hide" });
  } catch (error) {
    console.info(`framebus: no fullscreen: ${error.message}`);
  }
}

function fullscreenElement() {
  return document.fullscreenElement ?? document.webkitFullscreenElement ?? null;
}

function onChange() {
  if (!fullscreenElement()) leaveFullscreen();
}

/** @param {KeyboardEvent} event */
function onKeyDown(event) {
  if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("dialog, input, select")) leaveFullscreen();
}

function listen() {
  listening = true;
  document.addEventListener("fullscreenchange", onChange);
  document.addEventListener("webkitfullscreenchange", onChange);
  document.addEventListener("keydown", onKeyDown);
}
