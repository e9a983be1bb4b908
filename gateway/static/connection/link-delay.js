/**
 * Counts what arrives on the page's connection, so that a camera whose pictures are late because of the link is not
 * called stalled. Pure code.
 *
 * The server sends the cameras in turns, and in order. While the link is slow, a camera waits until each of the others
 * has had its turn; and a status that arrives shows that everything sent before it has arrived, too.
 */

/** After so many turns of the others, a camera without a turn counts as skipped. */
const TURNS = 2;

export class LinkDelay {
  /** How many cameras take turns. */
  cameras = 0;
  #pictures = 0;

  /** A picture of any camera has arrived. */
  picture() {
    this.#pictures += 1;
  }

  /** The count of pictures so far, to be passed to `explains` later. */
  get mark() {
    return this.#pictures;
  }

  /**
   * Whether the link explains that a camera has had no picture since then.
   *
   * @param {number} mark the count of pictures when it had its last one
   */
  explains(mark) {
    return this.#pictures - mark < TURNS * (this.cameras - 1);
  }
}
