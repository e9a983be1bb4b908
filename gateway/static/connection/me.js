/** Who this client is to the server and what it may do, asked once, and shown at the top of the page. */

import { fetchApi, withToken } from "./auth.js";

const TIMEOUT_MS = 5000;
const RETRY_MS = 5000;
/** @typedef {{kind: string, name: string, scopes: string[], settings?: boolean}} Me the keys of /api/me that the page reads */
/** @type {Promise<Me> | null} */
let asked = null;

/**
 * Whether this client has a scope. While the server does not answer, it is asked again. The server decides all the same.
 *
 * @param {"view" | "snapshot" | "recordings" | "control" | "admin"} scope
 */
export async function may(scope) {
  const { scopes } = await me();
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Show the user who is logged in, the logout button, and to administrators the link to the settings. @param {HTMLFormElement} form */
export async function showLogout(form) {
  const { name, kind, settings: hasSettings } = await me();
  form.querySelector(".user-name").textContent = name;
  form.hidden = kind !== "user";
  const settings = document.querySelector(".settings-link");
  settings.hidden = !hasSettings;
  settings.href = withToken("settings").href;
}

function me() {
  asked ??= ask();
  return asked;
}

/** @returns {Promise<Me>} */
async function ask() {
  for (;;) {
    try {
      const answer = await (await fetchApi("api/me", TIMEOUT_MS)).json();
      if (Array.isArray(answer.scopes)) return answer;
    } catch {
      // It is asked again.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
