/** Links to a moment of a camera: `?at=` in the address of its page. Pure code. */

/** The year 3000. */
const MAX_UNIX_SECONDS = 32_503_680_000;
/** How ISO 8601 begins: a browser takes more than that for a time, such as "-5". */
const ISO_DAY = /^\d{4}-\d\d-\d\dT/;

/**
 * The address of a camera's page at a moment, without a token: who opens it has to have the right.
 *
 * @param {string} page the address that the page has now
 * @param {number} at Unix seconds
 */
export function momentLink(page, at) {
  const url = new URL(page);
  url.search = url.hash = "";
  url.searchParams.set("at", isoTime(at));
  return url.href.replace(/%3A/gi, ":");
}

/** A moment as ISO 8601, to the millisecond above: of two frames in one millisecond it means the later one. @param {number} at Unix seconds */
export function isoTime(at) {
  return new Date(Math.ceil(at * 1000 - 1e-3)).toISOString();
}

/**
 * The moment that an address asks for, as Unix seconds or as ISO 8601; null where it asks for none that can be.
 *
 * @param {string} search the query of an address
 * @returns {number | null} Unix seconds
 */
export function linkedMoment(search) {
  const text = new URLSearchParams(search).get("at")?.trim() ?? "";
  const at = /^\d+(\.\d+)?$/.test(text) ? Number(text) : ISO_DAY.test(text) ? Date.parse(text) / 1000 : NaN;
  return at >= 0 && at <= MAX_UNIX_SECONDS ? at : null;
}
