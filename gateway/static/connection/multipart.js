/** Splits a Motion JPEG stream, as gateway/delivery/mjpeg.py writes it, into its pictures. Pure code. */

const MAX_HEAD_BYTES = 4096;
const MAX_PICTURE_BYTES = 32 * 1024 * 1024;
const [CR, LF] = [13, 10];

export class MultipartReader {
  /** What has come and was not returned yet. */
  #rest = new Uint8Array(0);

  /**
   * Take the next bytes of the stream.
   *
   * @param {Uint8Array} chunk
   * @returns {{captured: number | null, body: Uint8Array}[]} the pictures that they complete; `captured` in Unix seconds
   * @throws {SyntaxError} when this is no such stream
   */
  push(chunk) {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const pictures = [];
    let at = 0;
    for (let end = headEnd(bytes, at); end >= 0; end = headEnd(bytes, at)) {
      const head = new TextDecoder().decode(bytes.subarray(at, end));
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? NaN);
      if (!(length <= MAX_PICTURE_BYTES)) throw new SyntaxError("part of a stream without a Content-Length");
      if (bytes.length < end + length) break;
      const captured = /^x-timestamp: *([\d.]+)/im.exec(head)?.[1];
      pictures.push({ captured: captured === undefined ? null : Number(captured), body: bytes.slice(end, end + length) });
      at = end + length;
    }
    this.#rest = bytes.slice(at);
    if (headEnd(this.#rest, 0) < 0 && this.#rest.length > MAX_HEAD_BYTES) throw new SyntaxError("stream without parts");
    return pictures;
  }
}

/** The index after the empty line that ends a head; -1 if it has not come yet. @param {Uint8Array} bytes @param {number} from */
function headEnd(bytes, from) {
  // The empty line after a picture, before the boundary, ends no head: a head has at least one letter.
  for (let at = from + 3; at < Math.min(bytes.length, from + MAX_HEAD_BYTES); at += 1) {
    const ends = bytes[at - 3] === CR && bytes[at - 2] === LF && bytes[at - 1] === CR && bytes[at] === LF;
    if (ends) return at + 1;
  }
  return -1;
}
