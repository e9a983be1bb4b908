/** What the server lets this client do, asked once. */

import { fetchApi } from "./auth.js";

const TIMEOUT_MS = 5000;
/** @type {Promise<(scope: string) => boolean> | null} */
let asked = null;

/**
 * Whether this client has a scope; none while the server does not answer. The server decides all the same.
 *
 * @param {"view" | "snapshot" | "recordings" | "control" | "admin"} scope
 */
export async function may(scope) {
  asked ??= ask();
  return (await asked)(scope);
}

/** @returns {Promise<(scope: string) => boolean>} */
async function ask() {
  try {
    const { scopes } = await (await fetchApi("api/me", TIMEOUT_MS)).json();
    return (scope) => scopes.includes(scope) || scopes.includes("admin");
  } catch {
    asked = null; // it is asked again
    return () => false;
  }
}
