/** Reads bytes at any place of a file that the browser keeps on its disk, a megabyte at a time. */

const WINDOW_BYTES = 1_000_000;

export class BlobReader {
  #blob;
  #begin = 0;
  #window = new DataView(new ArrayBuffer(0));

  /** @param {Blob} blob */
  constructor(blob) {
    this.#blob = blob;
  }

  get size() {
    return this.#blob.size;
  }

  /**
   * Return so many bytes from a place on, fewer at the end of the file.
   *
   * @param {number} at
   * @param {number} size
   * @returns {Promise<DataView>}
   */
  async bytes(at, size) {
    const end = Math.min(at + size, this.size);
    if (at < this.#begin || end > this.#begin + this.#window.byteLength) {
      this.#begin = at;
      this.#window = new DataView(await this.part(at, Math.max(size, WINDOW_BYTES)).arrayBuffer());
    }
    return new DataView(this.#window.buffer, at - this.#begin, Math.max(0, end - at));
  }

  /** A part of the file, which is not read yet. @param {number} at @param {number} size */
  part(at, size) {
    return this.#blob.slice(at, at + size);
  }
}
