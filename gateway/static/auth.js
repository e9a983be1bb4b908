/**
 * Who looks at the page: passes the token that it was opened with on to what it asks for, goes to the login where there
 * is no other way in, and offers the way out. What each may do, the server decides.
 */

const TIMEOUT_MS = 5000;
/** A session is renewed by its use, and the websocket does not count as that: cookies come with answers alone. */
const RENEW_EVERY_MS = 3_600_000;
/** Marks the page's own requests: their refusal must not open the browser's password dialog over the page. */
const MARK = { "X-Requested-With": "framebus" };
const token = new URLSearchParams(location.search).get("token");

/** The address with the page's own token, when it has one. @param {string} url relative to the page's base */
export function withToken(url) {
  const full = new URL(url, document.baseURI);
  if (token) full.searchParams.set("token", token);
  return full;
}

/** Ask the server for something. @param {string} url relative to the page's base @param {number} timeoutMs */
export function ask(url, timeoutMs) {
  return fetch(withToken(url), { cache: "no-store", headers: MARK, signal: AbortSignal.timeout(timeoutMs) });
}

/** Go to the login, and from there back to where we are. */
export function logIn() {
  const base = new URL(".", document.baseURI).pathname;
  const here = `/${location.pathname.slice(base.length)}`;
  const login = new URL("login", document.baseURI);
  login.searchParams.set("next", here);
  location.replace(login);
}

/** Show who is logged in, and the way out. @param {HTMLFormElement} form */
export async function showLogout(form) {
  try {
    const answer = await ask("api/me", TIMEOUT_MS);
    const me = await answer.json();
    form.querySelector(".who").textContent = me.name;
    form.hidden = me.kind !== "user";
  } catch {
    form.hidden = true; // without an answer there is nothing to log out of
  }
}

setInterval(() => ask("api/me", TIMEOUT_MS).catch(() => {}), RENEW_EVERY_MS);
