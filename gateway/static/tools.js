/** What no picture has to wait for: the tools of the pages, loaded when the first picture is there. */

/** Where there is no picture, as all cameras are offline. */
const LONGEST_WAIT_MS = 1000;

/** What is asked for in the address: the wall view, and a moment of the recordings. */
const ASKED = ["wall", "at"];

/** Wait for the first picture on the page, unless its address asks for something else. @returns {Promise<void>} */
export async function toolsAreDue() {
  const query = new URLSearchParams(location.search);
  if (ASKED.some((name) => query.has(name))) return;
  await new Promise((resolve) => {
    document.addEventListener("drawn", resolve, { once: true, capture: true }); // it does not bubble
    setTimeout(resolve, LONGEST_WAIT_MS);
  });
}

/**
 * Load the tools of the page of all cameras, and show their buttons.
 *
 * @param {import("./grid/camera-list.js").CameraList} cameras
 * @param {import("./grid/choices.js").Choices} choices
 * @param {(message: object) => void} send by the websocket
 * @param {() => void} onChoice called when a person has chosen another arrangement
 * @param {() => void} onWall called when the wall view begins or ends
 */
export async function loadToolsOfAll(cameras, choices, send, onChoice, onWall) {
  const element = (selector) => document.querySelector(selector);
  const tools = [import("./grid/arrange.js"), import("./wall/wall.js"), import("./timeline/last-events.js")];
  const [{ Arrange }, { Wall }, { LastEvents }] = await Promise.all(tools);
  new Arrange(element(".arrange"), element(".arrange-dialog"), cameras, choices, onChoice);
  const wall = new Wall(element(".open-wall"), element(".leave-wall"), onWall);
  element(".arrange").hidden = element(".open-wall").hidden = false;
  return { wall, lastEvents: new LastEvents(send) };
}

/**
 * Load the tools of the page of one camera, and its time line.
 *
 * @param {(camera: string) => void} goTo show another camera
 * @param {(message: object) => void} send by the websocket
 * @param {() => boolean} isBlocked whether no websocket can be opened
 * @param {() => void} onChange called when the live picture is wanted again, or no longer
 */
export async function loadToolsOfOne(goTo, send, isBlocked, onChange) {
  const tools = [import("./single/single-camera.js"), import("./timeline/look-back.js"), import("./timeline/recorded-stills.js")];
  const [{ SingleCamera }, { LookBack }, { RecordedStills }] = await Promise.all(tools);
  const lookBack = new LookBack((message) => (isBlocked() ? stills : { send }).send(message), onChange);
  const stills = new RecordedStills((message) => lookBack.receivedFrame(message, () => {}), (answer) => lookBack.receivedText(answer));
  return { single: new SingleCamera(goTo), lookBack };
}
