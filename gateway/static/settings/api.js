/** Requests to /api/settings. A refusal becomes an Error whose message is the server's sentence. */

import { fetchApi, goToLogin } from "../connection/auth.js";
import { t } from "../words/words.js";

/** A camera that is tried may take half a minute to answer. */
const TIMEOUT_MS = 120_000;

/** A refusal. */
export class Refusal extends Error {
  /** @param {string} message @param {string} code of the server's error @param {number} status */
  constructor(message, code, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The version of framebus.toml that the page shows; a change of another one is refused. */
let version = null;

/** @param {string} method @param {string} [path] below api/settings @param {object} [body] @returns {Promise<object>} */
export async function request(method, path = "", body = undefined) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && version !== null) headers["If-Match"] = `"${version}"`;
  let answer;
  try {
    answer = await fetchApi(`api/settings${path}`, TIMEOUT_MS, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refusal(t("settings.noAnswer"), "no-answer", 0);
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.status === 401) goToLogin();
  if (!answer.ok) {
    const error = content.error ?? {};
    throw new Refusal(error.message ?? t("list.answer", { code: answer.status }), error.code ?? "error", answer.status);
  }
  if (content.version) version = content.version;
  return content;
}
