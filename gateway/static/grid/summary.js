/** What the page says of its cameras as a whole. Pure code. */

import { t } from "../words/words.js";

/**
 * How many cameras there are, and how many of them are down.
 *
 * @param {number} all how many cameras there are
 * @param {number} shown
 * @param {number} down of those that are shown
 */
export function summaryOf(all, shown, down) {
  if (down > 0) return all > 1 ? t("page.someDown", { n: shown, down }) : t("page.oneDown");
  return shown < all ? t("page.shown", { n: shown, all }) : t("page.summary", { n: all });
}

/** When the next attempt to connect is made. @param {number | null} wait milliseconds; null while one is made */
export function countdown(wait) {
  return wait === null ? t("page.retryNow") : t("page.retryIn", { n: Math.ceil(wait / 1000) });
}
