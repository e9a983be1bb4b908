/**
 * The wire format: splits a binary message of the websocket into its parts. Pure code, the same format as
 * framebus/protocol/wire.py.
 */

const LINE_FEED = 10;
const FIRST_LINE = /^([a-z]+)\/([a-z0-9][a-z0-9_-]{0,31})$/;

/**
 * @typedef {object} Message
 * @property {string} kind "live", "status" and so on
 * @property {string} camera
 * @property {Record<string, any>} header the line of JSON
 * @property {Uint8Array} body a view into the message, not a copy
 */

/**
 * Split a message.
 *
 * @param {ArrayBuffer} message
 * @returns {Message}
 * @throws {SyntaxError} when it is not `<kind>/<camera> LF <header: one line of JSON> LF <body>`
 */
export function splitMessage(message) {
  const bytes = new Uint8Array(message);
  const first = bytes.indexOf(LINE_FEED);
  const second = first < 0 ? -1 : bytes.indexOf(LINE_FEED, first + 1);
  if (second < 0) throw new SyntaxError("message without its two line ends");
  const [, kind, camera] = FIRST_LINE.exec(text(bytes, 0, first)) ?? [];
  if (!kind) throw new SyntaxError("message whose first line is not kind/camera");
  return { kind, camera, header: object(text(bytes, first + 1, second)), body: bytes.subarray(second + 1) };
}

/** @param {Uint8Array} bytes @param {number} from @param {number} to */
function text(bytes, from, to) {
  return new TextDecoder().decode(bytes.subarray(from, to));
}

/** @param {string} json */
function object(json) {
  const found = JSON.parse(json);
  if (found === null || typeof found !== "object" || Array.isArray(found)) {
    throw new SyntaxError("message whose header is no JSON object");
  }
  return found;
}
