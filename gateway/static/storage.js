/** What this browser keeps for the page; nothing where it keeps nothing. */

/** @param {string} key @param {boolean} value */
export function store(key, value) {
  storeText(key, value ? "1" : null);
}

/** @param {string} key @returns {boolean} */
export function isStored(key) {
  return storedText(key) !== null;
}

/** @param {string} key @param {string | null} text null removes it */
export function storeText(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // A browser may forbid it; the choice lasts as long as the page then.
  }
}

/** @param {string} key @returns {string | null} */
export function storedText(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
