/**
 * Authentication in the page: adds the token of the page's own address to its requests, and redirects to the login page. The
 * server decides what each user may do.
 */

const TIMEOUT_MS = 5000;
/** A request renews the session cookie; the websocket cannot. */
const RENEW_EVERY_MS = 3_600_000;
/** Marks the page's own requests: with it, a 401 does not open the browser's password dialog over the page. */
export const REQUEST_HEADERS = { "X-Requested-With": "framebus" };
const token = new URLSearchParams(location.search).get("token");

/** The address with the page's own token, when it has one. @param {string} url relative to the page's base */
export function withToken(url) {
  const full = new URL(url, document.baseURI);
  if (token) full.searchParams.set("token", token);
  return full;
}

/**
 * Send a request.
 *
 * @param {string} url relative to the page's base
 * @param {number} timeoutMs for the whole answer with its body
 * @param {RequestInit} [options] GET when left out
 */
export function fetchApi(url, timeoutMs, { headers, ...options } = {}) {
  // Not AbortSignal.timeout: Chromium has it since 103, and Safari since 16. After the answer, the abort has no effect.
  const abort = new AbortController();
  setTimeout(() => abort.abort(), timeoutMs);
  const request = { cache: "no-store", ...options, headers: { ...REQUEST_HEADERS, ...headers }, signal: abort.signal };
  return fetch(withToken(url), request);
}

/** Go to the login page, which leads back to this page. */
export function goToLogin() {
  const base = new URL(".", document.baseURI).pathname;
  const here = `/${location.pathname.slice(base.length)}`;
  const login = new URL("login", document.baseURI);
  // The moment that a link names, and the wall view; the rest of the query may be a token.
  const asked = new URLSearchParams(location.search);
  const kept = ["at", "wall"].filter((name) => asked.has(name)).map((name) => `${name}=${encodeURIComponent(asked.get(name))}`);
  login.searchParams.set("next", kept.length > 0 ? `${here}?${kept.join("&")}` : here);
  location.replace(login);
}

setInterval(() => fetchApi("api/me", TIMEOUT_MS).catch(() => {}), RENEW_EVERY_MS);
