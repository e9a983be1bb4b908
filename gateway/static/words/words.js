/**
 * The page's texts in the language of the browser. Each language is one file of this folder with the same keys; English is the
 * one that every missing key is taken from.
 */

import english from "./en.js";

/** Languages besides English, by the primary subtag of BCP 47; each has a file of that name. */
const OTHERS = ["de", "zh"];

let language = "en";
/** @type {Record<string, string | Record<string, string>>} */
let texts = english;

/** The language of the texts, for `Intl` and the `lang` of the page. */
export function currentLanguage() {
  return language;
}

/**
 * Load the texts of the first language that the browser prefers and the page has. The page begins after that.
 *
 * @param {readonly string[]} [preferred] tags of BCP 47
 */
export async function loadWords(preferred = navigator.languages) {
  const wanted = preferred.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "en" || OTHERS.includes(tag));
  if (!wanted || wanted === "en") return;
  try {
    texts = (await import(`./${wanted}.js`)).default;
    language = wanted;
  } catch (error) {
    console.warn(`framebus: no texts in ${wanted}: ${error.message}`); // English is there
  }
}

/**
 * Return a text. A text with plural forms is chosen by `n`.
 *
 * @param {string} key of en.js
 * @param {Record<string, string | number>} [values] what stands for `{name}` in the text
 */
export function t(key, values = {}) {
  const entry = texts[key] ?? english[key] ?? key;
  const text = typeof entry === "string" ? entry : pluralForm(entry, Number(values.n));
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** @param {Record<string, string>} forms by the categories of `Intl.PluralRules` @param {number} n */
function pluralForm(forms, n) {
  return forms[new Intl.PluralRules(language).select(n)] ?? forms.other;
}

/**
 * Put the texts into markup: `data-words="key"` is the text of an element, `data-words-title` its title, `data-words-label` its
 * title and its name for screen readers, and `data-words-group` only that name.
 *
 * @param {ParentNode} root
 */
export function fillWords(root) {
  for (const element of root.querySelectorAll("[data-words]")) element.textContent = t(element.dataset.words);
  for (const element of root.querySelectorAll("[data-words-title]")) element.title = t(element.dataset.wordsTitle);
  for (const element of root.querySelectorAll("[data-words-label]")) label(element, t(element.dataset.wordsLabel));
  for (const element of root.querySelectorAll("[data-words-group]")) element.setAttribute("aria-label", t(element.dataset.wordsGroup));
}

/** @param {Element} control @param {string} text shown, and read by screen readers */
export function label(control, text) {
  control.title = text;
  control.setAttribute("aria-label", text);
}
