/**
 * Draws JPEGs on a canvas. While one is being decoded, only the newest of those that arrive is kept.
 */

/**
 * @typedef {object} Frame
 * @property {string} [kind] "live", or the size that it is: "half" or "quarter"
 * @property {Record<string, any>} header
 * @property {Uint8Array} body a JPEG
 * @property {() => void} acknowledge called exactly once: when the frame was drawn or discarded
 */

export class CanvasRenderer {
  #canvas;
  #context;
  #drawn;
  #failed;
  #decoding = false;
  /** @type {Frame | null} */
  #next = null;

  /**
   * @param {HTMLCanvasElement} canvas takes the size of the pictures
   * @param {(frame: Frame) => void} drawn
   * @param {(frame: Frame) => void} failed for a picture that this browser cannot decode or draw
   */
  constructor(canvas, drawn, failed) {
    this.#canvas = canvas;
    // Not "bitmaprenderer": with it Chromium 156 ignores the EXIF orientation.
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#drawn = drawn;
    this.#failed = failed;
  }

  /** Draw a frame, now or when the one being decoded is done. @param {Frame} frame */
  offer(frame) {
    this.#next?.acknowledge();
    this.#next = frame;
    if (!this.#decoding) this.#drawPending();
  }

  async #drawPending() {
    this.#decoding = true;
    while (this.#next) {
      const frame = this.#next;
      this.#next = null;
      try {
        await this.#draw(frame);
      } catch (error) {
        // Whatever happens to one picture, the next one is tried: the view must not freeze.
        console.warn(`framebus: a picture was not drawn: ${error}`);
        this.#failed(frame);
      }
      frame.acknowledge();
    }
    this.#decoding = false;
  }

  /** @param {Frame} frame */
  async #draw(frame) {
    const bitmap = await decode(frame.body);
    if (bitmap === null) return this.#failed(frame);
    try {
      this.#resize(bitmap.width, bitmap.height);
      this.#context.drawImage(bitmap, 0, 0);
    } finally {
      bitmap.close();
    }
    this.#drawn(frame);
  }

  /** Setting the size of a canvas clears it, even to the same value. @param {number} width @param {number} height */
  #resize(width, height) {
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
  }
}

/** @param {Uint8Array} jpeg @returns {Promise<ImageBitmap | null>} upright by its EXIF orientation; null if broken */
async function decode(jpeg) {
  try {
    return await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  } catch {
    return null;
  }
}
