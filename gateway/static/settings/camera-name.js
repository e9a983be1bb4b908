/** Names for new cameras. Pure code. */

const MAX_LENGTH = 32;
/** Room for a number behind it. */
const ROOM = 3;

/**
 * A name for URLs and commands, made of a title.
 *
 * @param {string} title @param {string[]} taken names of other cameras
 */
export function nameFor(title, taken) {
  const letters = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); // without accents
  const words = letters.replace(/[^a-z0-9]+/g, "-").replace(/^-/, "").slice(0, MAX_LENGTH - ROOM);
  const plain = words.replace(/-$/, "") || "camera";
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? plain : `${plain}-${number}`;
    if (!taken.includes(name)) return name;
  }
}
