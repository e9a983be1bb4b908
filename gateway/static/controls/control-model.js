/**
 * What a control of a camera becomes in the page: which widget, with which positions and which words. Pure code.
 *
 * `Control` is one of docs/wire-format.md, "The header of controls".
 *
 * @typedef {boolean | number | string | number[]} Value
 *
 * @typedef {object} Control
 * @property {string} name
 * @property {"bool" | "int" | "float" | "menu" | "text" | "list"} type
 * @property {Value} [value]
 * @property {Value} [default]
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [step]
 * @property {number} [length]
 * @property {Record<string, string>} [menu]
 * @property {string} [unit]
 * @property {boolean} [read_only]
 * @property {boolean} [inactive]
 */

import { t } from "../words/words.js";

/** A slider has at most so many positions: more than its pixels could not be told apart. */
const POSITIONS = 1000;
/**
 * A slider of more steps is logarithmic, if its most is so many times its least: an exposure of 100 µs and one of half a second are
 * both to be found, and 2800 and 6500 K are as far apart as ever.
 */
const LOGARITHMIC_FROM = 1000;
/** A number of decimals that no control needs more of. */
const MOST_DECIMALS = 6;

/** Which switch a control waits for, and how that has to be (docs/cameras.md, "Controls"). */
const NEEDS = {
  exposure_time: ["auto_exposure", false],
  gain: ["auto_exposure", false],
  exposure_compensation: ["auto_exposure", true],
  colour_temperature: ["auto_white_balance", false],
  ColourGains: ["auto_white_balance", false],
  focus: ["auto_focus", false],
};

/** In this order. What fits nowhere else is in the last one. */
const GROUPS = {
  white: /white_balance|colou?r_temperature|^ColourGains$|^Awb|(red|blue)_balance/,
  focus: /focus|^Af[A-Z]|^Lens|^zoom|^pan|^tilt/,
  exposure: /exposure|^gain$|^Ae[A-Z]|iso|AnalogueGain|Hdr/,
  picture: /^(brightness|contrast|saturation|sharpness|hue|gamma)$|NoiseReduction|backlight|power_line/,
};
export const GROUP_ORDER = ["picture", "exposure", "white", "focus", "other"];

/**
 * The widget for a control. "value" is for what can only be read.
 *
 * @param {Control} control
 * @returns {"switch" | "slider" | "number" | "menu" | "text" | "list" | "value"}
 */
export function widgetOf(control) {
  if (control.read_only) return "value";
  if (control.type === "bool") return "switch";
  if (control.type === "menu") return Object.keys(control.menu ?? {}).length > 0 ? "menu" : "value";
  if (control.type === "text" || control.type === "list") return control.type;
  const { min, max } = boundsOf(control);
  if (min === max) return "value"; // there is no other
  return Number.isFinite(min) && Number.isFinite(max) && min < max ? "slider" : "number";
}

/**
 * The least and the most, infinite where there is none. Whole numbers beyond what JavaScript holds exactly are left out.
 *
 * @param {Control} control
 */
export function boundsOf({ type, min = -Infinity, max = Infinity }) {
  const limited = (bound) => Math.min(Math.max(bound, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  return type === "int" ? { min: min === -Infinity ? min : limited(min), max: max === Infinity ? max : limited(max) } : { min, max };
}

/** What a number rounds to; of a control without a step, a fine one of its range. @param {Control} control */
function stepOf(control) {
  if (control.step > 0) return control.type === "int" ? Math.max(1, Math.round(control.step)) : control.step;
  if (control.type === "int") return 1;
  const { min, max } = boundsOf(control);
  const range = max - min;
  return Number.isFinite(range) && range > 0 ? Math.max(10 ** Math.floor(Math.log10(range / 100)), 10 ** -MOST_DECIMALS) : 0.01;
}

/** The nearest number that the control takes. @param {Control} control @param {number} number */
export function rounded(control, number) {
  const { min, max } = boundsOf(control);
  const from = Number.isFinite(min) ? min : 0;
  const step = stepOf(control);
  const stepped = from + Math.round((number - from) / step) * step;
  const exact = Number(stepped.toFixed(Math.max(decimalsOf(step), decimalsOf(from))));
  // The most need not be a whole number of steps away.
  return Math.min(Math.max(exact, min), max);
}

/** How many positions the slider has, beside the first. @param {Control} control */
export function positionsOf(control) {
  const { min, max } = boundsOf(control);
  return Math.max(1, Math.min(POSITIONS, Math.ceil((max - min) / stepOf(control))));
}

/** The number at a position of the slider. @param {Control} control @param {number} position from 0 to positionsOf */
export function numberAt(control, position) {
  const { min, max } = boundsOf(control);
  const positions = positionsOf(control);
  if (position <= 0) return min;
  if (position >= positions) return max;
  const part = position / positions;
  if (!isLogarithmic(control)) return rounded(control, min + part * (max - min));
  const step = stepOf(control);
  return rounded(control, min + step * (((max - min) / step + 1) ** part - 1));
}

/** The position of a number. @param {Control} control @param {number} number */
export function positionOf(control, number) {
  const { min, max } = boundsOf(control);
  const within = Math.min(Math.max(number, min), max);
  const step = stepOf(control);
  const part = isLogarithmic(control)
    ? Math.log((within - min) / step + 1) / Math.log((max - min) / step + 1)
    : (within - min) / (max - min);
  return Math.round(part * positionsOf(control));
}

/** @param {Control} control */
function isLogarithmic(control) {
  const { min, max } = boundsOf(control);
  const step = stepOf(control);
  return min >= 0 && (max - min) / step >= LOGARITHMIC_FROM && max / Math.max(min, step) >= LOGARITHMIC_FROM;
}

/** The entries of a menu by number, also the one that is set and has no name. @param {Control} control */
export function optionsOf({ menu = {}, value }) {
  const options = Object.entries(menu).map(([number, text]) => ({ number: Number(number), text }));
  if (typeof value === "number" && !(value in menu)) options.push({ number: value, text: String(value) });
  return options.sort((one, other) => one.number - other.number);
}

/**
 * The value of what was typed; null where it is none that the control takes.
 *
 * @param {Control} control of type int, float, text or list
 * @param {string} typed
 * @returns {Value | null}
 */
export function parsed(control, typed) {
  if (control.type === "text") return [...typed].length <= (control.max ?? Infinity) ? typed : null;
  if (control.type !== "list") return parsedNumber(control, typed);
  const numbers = typed.split(/[\s,;]+/).filter(Boolean).map((text) => parsedNumber(control, text));
  const length = control.length ?? numbers.length;
  return numbers.length === length && numbers.every((number) => number !== null) ? numbers : null;
}

/** @param {Control} control @param {string} typed @returns {number | null} */
function parsedNumber(control, typed) {
  const number = Number(typed.trim());
  const { min, max } = boundsOf(control);
  if (typed.trim() === "" || !Number.isFinite(number) || number < min || number > max) return null;
  return control.type === "int" ? rounded(control, number) : number;
}

/** A value as text. @param {Control} control @param {Value | undefined} value */
export function textOf(control, value) {
  if (value === undefined || value === null) return "–";
  if (typeof value === "boolean") return t(value ? "controls.on" : "controls.off");
  if (control.type === "menu") return control.menu?.[String(value)] ?? String(value);
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "number" ? plain(value) : value;
}

/** A number without the noise of binary fractions. @param {number} number */
function plain(number) {
  return String(Number.isInteger(number) ? number : Number(number.toFixed(MOST_DECIMALS)));
}

/** Whether the camera would change nothing when this control is reset, as far as the page can tell. @param {Control} control */
export function isDefault({ value, default: usual }) {
  return usual === undefined || value === undefined || isSame(value, usual);
}

/** @param {Value | undefined} one @param {Value | undefined} other */
export function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The name for people. @param {string} name */
export function titleOf(name) {
  const key = `controls.name.${name}`;
  const known = t(key);
  if (known !== key) return known;
  const words = name.replace(/_+/g, " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2").split(" ");
  const lower = words.map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase())).join(" ").trim();
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** @param {string} name @returns {string} one of GROUP_ORDER */
export function groupOf(name) {
  return Object.keys(GROUPS).find((group) => GROUPS[group].test(name)) ?? "other";
}

/**
 * Why a control has no effect now; empty where it has.
 *
 * @param {Control} control
 * @param {Control[]} controls all of the camera
 */
export function whyInactive(control, controls) {
  if (!control.inactive) return "";
  const [switchName, needed] = NEEDS[control.name] ?? [];
  const found = controls.find(({ name }) => name === switchName);
  if (!found || found.value === needed) return t("controls.inactive");
  return t(needed ? "controls.inactive.needsOn" : "controls.inactive.needsOff", { control: titleOf(switchName) });
}

/** @param {number} number */
function decimalsOf(number) {
  const [digits, exponent = "0"] = String(number).split("e");
  const decimals = (digits.split(".")[1] ?? "").length - Number(exponent);
  return Math.min(Math.max(decimals, 0), 20);
}
