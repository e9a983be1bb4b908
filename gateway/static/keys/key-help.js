/** The dialog that lists the keys of the page: those that do something on it now. Loaded when it is asked for. */

import { openDialog } from "../dialog.js";
import { keyHelp } from "../timeline/keys.js";
import { t } from "../words/words.js";

/** @param {HTMLDialogElement} dialog */
export function showKeyHelp(dialog) {
  if (dialog.open) return;
  const lists = [["keys.page", keysOfThePage()], ["keys.single", keysOfOneCamera()], ...listsOfTheTimeLine()];
  dialog.querySelector(".key-lists").replaceChildren(...lists.flatMap(([title, rows]) => (rows.length > 0 ? section(t(title), rows) : [])));
  openDialog(dialog);
}

/** @returns {[string[], string][]} keys, and what they do */
function keysOfThePage() {
  return [[["F"], t("keys.fullscreen")], [["Esc"], t("keys.leave")], [["?"], t("timeline.key.help")]];
}

/** @returns {[string[], string][]} */
function keysOfOneCamera() {
  if (!document.querySelector(".single-bar")) return [];
  const has = (tool) => document.querySelector(`.single-bar ${tool}:not([hidden])`) !== null;
  return [
    [["+", "-"], t("keys.zoom")],
    [["0"], t("keys.whole")],
    [["←", "→", "↑", "↓"], t("keys.look")],
    ...(has(".next") ? [[["←", "→"], t("keys.neighbour")], [["1", "…", "9"], t("keys.number")]] : []),
    ...(has(".own-window") ? [[["P"], t("keys.ownWindow")]] : []),
    ...(has(".open-controls") ? [[["C"], t("controls.title")]] : []),
  ];
}

/** @returns {[string, [string[], string][]][]} a title, and its keys */
function listsOfTheTimeLine() {
  if (!document.querySelector("time-line")) return [];
  const others = (onTrack) => keyHelp(onTrack).filter(({ action }) => action !== "help");
  const rows = (onTrack) => others(onTrack).map(({ action, keys }) => [keys, t(`timeline.key.${action}`)]);
  return [["keys.timeline", rows(false)], ["timeline.onTrack", rows(true)]];
}

/** @param {string} title @param {[string[], string][]} rows */
function section(title, rows) {
  const [head, list] = [document.createElement("h3"), document.createElement("dl")];
  head.textContent = title;
  for (const [keys, text] of rows) {
    const [name, does] = [document.createElement("dt"), document.createElement("dd")];
    for (const key of keys) name.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
    does.textContent = text;
    list.append(name, does);
  }
  return [head, list];
}
