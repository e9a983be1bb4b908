/** The keys of the time line, and what each does. Pure code. */

/**
 * @typedef {object} KeyPress
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} altKey
 * @property {boolean} metaKey
 */

/** Keys of the whole page: what they do is a name of an action, and the end of a key of the words. */
const EVERYWHERE = {
  ",": "stepBack",
  ".": "stepOn",
  k: "play",
  j: "playBack",
  "<": "slower",
  ">": "faster",
  b: "eventBefore",
  n: "eventAfter",
  l: "live",
  i: "markBegin",
  o: "markEnd",
  "?": "help",
};
/** Keys while the time line has the focus. */
const ON_TRACK = {
  ArrowLeft: "stepBack",
  ArrowRight: "stepOn",
  ArrowDown: "jumpBack",
  ArrowUp: "jumpOn",
  PageDown: "leapBack",
  PageUp: "leapOn",
  Home: "first",
  End: "last",
  " ": "play",
  Enter: "play",
  "+": "zoomIn",
  "=": "zoomIn",
  "-": "zoomOut",
  Escape: "unmark",
};
/** Actions that lead away from the event that was gone to. */
export const LEAVES_EVENT = new Set(["scrub", "event", "stepBack", "stepOn", "jumpBack", "jumpOn", "leapBack", "leapOn", "first", "last", "live", "play", "playBack"]);
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowDown: "↓", ArrowUp: "↑", PageDown: "Page ↓", PageUp: "Page ↑" };

/**
 * The action of a key; null where the key is not ours.
 *
 * @param {KeyPress} event
 * @param {boolean} onTrack whether the time line has the focus
 * @returns {string | null}
 */
export function keyAction({ key, ctrlKey, altKey, metaKey }, onTrack) {
  if (ctrlKey || altKey || metaKey) return null;
  const find = (keys, name) => (Object.prototype.hasOwnProperty.call(keys, name) ? keys[name] : null);
  return (onTrack ? find(ON_TRACK, key) : null) ?? find(EVERYWHERE, key.length === 1 ? key.toLowerCase() : key);
}

/**
 * What the help lists: each action once, with the keys that do it.
 *
 * @param {boolean} onTrack whether to list the keys that work while the time line has the focus, or those of the whole page
 * @returns {{action: string, keys: string[]}[]}
 */
export function keyHelp(onTrack) {
  const found = new Map();
  for (const [key, action] of Object.entries(onTrack ? ON_TRACK : EVERYWHERE)) {
    const entry = found.get(action) ?? { action, keys: [] };
    if (key !== "=") entry.keys.push(NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key));
    found.set(action, entry);
  }
  return [...found.values()];
}
