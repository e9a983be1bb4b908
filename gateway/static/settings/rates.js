/** Which of the rates that a camera offers is chosen. Pure code. */

const SAME = 0.01;

/**
 * The offered rate for a wanted one: itself, else the highest below it, else the lowest.
 *
 * @param {number[]} rates one or more @param {number} wanted
 */
export function rateFor(rates, wanted) {
  const below = rates.filter((rate) => rate <= wanted + SAME);
  return below.length ? Math.max(...below) : Math.min(...rates);
}

/** Whether a rate is among those offered. @param {number[]} rates @param {number} rate */
export function isOffered(rates, rate) {
  return rates.some((one) => isSameRate(one, rate));
}

/** Whether two rates are one, as 29.97 and the exact 30000/1001 are. @param {number} one @param {number} other */
export function isSameRate(one, other) {
  return Math.abs(one - other) < SAME;
}
