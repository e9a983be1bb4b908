/** The field for frames per second: a choice of what the camera offers at a size, or a number. */

import { t } from "../words/words.js";
import { field, make } from "./elements.js";
import { isOffered, rateFor } from "./rates.js";

const OTHER = "other";

/**
 * @param {number} fps what it is now, or shall be if the camera can
 * @param {boolean} isSet whether that was chosen by somebody: it stays then, whatever the camera offers
 * @returns {{element: HTMLElement, offer: (rates: number[]) => void, value: () => number}}
 */
export function rateField(fps, isSet) {
  const number = make("input", { type: "number", value: fps, min: 0.1, max: 240, step: "any", required: true });
  const select = make("select", {});
  const typed = field(t("settings.fps"), number);
  const listed = field(t("settings.fps"), select);
  const element = make("div", { class: "rate" }, typed);
  let wanted = isSet ? null : fps;

  const isTyped = () => !listed.parentNode || select.value === OTHER;
  const value = () => Number(isTyped() ? number.value : select.value);
  const show = () => {
    if (!isTyped()) typed.remove();
    else if (!typed.parentNode) element.append(typed);
  };
  select.addEventListener("change", () => {
    wanted = isTyped() ? null : value();
    show();
    if (isTyped()) number.focus();
  });
  number.addEventListener("input", () => (wanted = null));

  return {
    element,
    value,
    offer(rates) {
      const now = wanted ?? value();
      if (!rates.length) listed.remove();
      else if (!listed.parentNode) element.prepend(listed);
      const options = rates.map((rate) => make("option", { value: rate }, t("camera.fps", { n: Math.floor(rate * 10) / 10 })));
      select.replaceChildren(...options, make("option", { value: OTHER }, t("settings.otherRate")));
      if (rates.length && (wanted !== null || isOffered(rates, now))) select.value = rateFor(rates, now);
      else select.value = OTHER;
      number.value = now;
      show();
    },
  };
}
