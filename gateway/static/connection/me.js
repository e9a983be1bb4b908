/** What the server lets this client do, asked once. */

import { fetchApi } from "./auth.js";

const TIMEOUT_MS = 5000;
const RETRY_MS = 5000;
/** @type {Promise<(scope: string) => boolean> | null} */
let asked = null;

/**
 * Whether this client has a scope. While the server does not answer, it is asked again. The server decides all the same.
 *
 * @param {"view" | "snapshot" | "recordings" | "control" | "admin"} scope
 */
export async function may(scope) {
  asked ??= ask();
  return (await asked)(scope);
}

/** @returns {Promise<(scope: string) => boolean>} */
async function ask() {
  for (;;) {
    try {
      const { scopes } = await (await fetchApi("api/me", TIMEOUT_MS)).json();
      return (scope) => scopes.includes(scope) || scopes.includes("admin");
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
