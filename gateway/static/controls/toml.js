/** The line for framebus.toml that sets a camera's controls as they are. Pure code; the grammar is that of TOML 1.0. */

import { isDefault } from "./control-model.js";

/** @typedef {import("./control-model.js").Control} Control */

const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/**
 * Return the line; empty where every control has its default.
 *
 * What cannot be set, and what has no effect now, is left out: the camera chose it itself.
 *
 * @param {Control[]} controls
 */
export function tomlLine(controls) {
  const set = controls.filter((control) => !control.read_only && !control.inactive && !isDefault(control));
  const entries = set.map((control) => `${key(control.name)} = ${valueOf(control)}`);
  return entries.length > 0 ? `controls = { ${entries.join(", ")} }` : "";
}

/** @param {string} name */
function key(name) {
  return BARE_KEY.test(name) ? name : text(name);
}

/** @param {Control} control */
function valueOf(control) {
  const { type, value } = control;
  if (type === "menu") return choice(control);
  if (Array.isArray(value)) return `[${value.map(float).join(", ")}]`;
  if (typeof value === "number") return type === "float" ? float(value) : whole(value);
  return typeof value === "boolean" ? String(value) : text(String(value));
}

/** The name of what is chosen, which says more than its number, unless two have it. @param {Control} control */
function choice({ menu = {}, value }) {
  const name = menu[String(value)];
  const same = Object.values(menu).filter((other) => other.toLowerCase() === name?.toLowerCase());
  return name !== undefined && same.length === 1 ? text(name) : whole(Number(value));
}

/** @param {number} number */
function whole(number) {
  return BigInt(Math.round(number)).toString(); // "1e21" would be a float
}

/** @param {number} number @returns {string} with a point or an exponent, which makes it a float */
function float(number) {
  const digits = String(number).replace("e+", "e");
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** A basic string. JSON escapes all that TOML wants escaped, but DEL. @param {string} content */
function text(content) {
  return JSON.stringify(content).replace(/\u007f/g, "\\u007F");
}
