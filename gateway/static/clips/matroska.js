/**
 * The frames of a Matroska file of Motion JPEG, as framebus/recordings/matroska.py writes it (RFC 9559): each with the moment at
 * which it was taken. Pure code.
 */

import { BlobReader } from "./blob-reader.js";

const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const DATE_UTC = 0x4461;
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
/** What has further elements in it, which are read in turn. */
const PARENTS = new Set([SEGMENT, INFO, CLUSTER, BLOCK_GROUP]);
/** From here on, DateUTC counts nanoseconds: 2001-01-01. */
const DATE_EPOCH_SECONDS = 978307200;
/** The head of an element: an id of at most 4 bytes, and a size of at most 8. */
const HEAD_BYTES = 12;
/** Before the JPEG of a block: the track, the time in its cluster as 16 bits, and flags. */
const BLOCK_HEAD_BYTES = 4;

/**
 * List the frames of a file.
 *
 * @param {Blob} file
 * @returns {Promise<import("./avi.js").ClipFrame[]>}
 */
export async function matroskaFrames(file) {
  const reader = new BlobReader(file);
  const frames = [];
  let started = 0;
  let clusterMs = 0;
  for (let at = 0; at < reader.size; ) {
    const found = head(await reader.bytes(at, HEAD_BYTES));
    if (found === null) break; // the file was cut
    const { id, length, size } = found;
    const begin = at + length;
    if (id === TIMESTAMP) clusterMs = unsigned(await reader.bytes(begin, size), size);
    else if (id === DATE_UTC) started = Number((await reader.bytes(begin, 8)).getBigInt64(0)) / 1e9 + DATE_EPOCH_SECONDS;
    else if (id === BLOCK && begin + size <= reader.size) {
      const ms = clusterMs + (await reader.bytes(begin, BLOCK_HEAD_BYTES)).getInt16(1);
      const jpeg = reader.part(begin + BLOCK_HEAD_BYTES, size - BLOCK_HEAD_BYTES);
      frames.push({ jpeg, captured: started + ms / 1000 });
    }
    at = PARENTS.has(id) ? begin : begin + size;
  }
  return frames;
}

/** @param {DataView} bytes @returns {{id: number, length: number, size: number} | null} null where it is cut */
function head(bytes) {
  const idLength = bytes.byteLength > 0 ? numberLength(bytes.getUint8(0)) : 0;
  if (idLength === 0 || idLength > 4 || bytes.byteLength <= idLength) return null;
  const sizeLength = numberLength(bytes.getUint8(idLength));
  if (sizeLength === 0 || bytes.byteLength < idLength + sizeLength) return null;
  const first = bytes.getUint8(idLength) & (0xff >> sizeLength);
  let size = first;
  for (let at = 1; at < sizeLength; at += 1) size = size * 256 + bytes.getUint8(idLength + at);
  return { id: unsigned(bytes, idLength), length: idLength + sizeLength, size };
}

/** How many bytes a number of variable length takes, by its first byte; 0 for none. @param {number} first */
function numberLength(first) {
  return first === 0 ? 0 : Math.clz32(first) - 23;
}

/** @param {DataView} bytes @param {number} length */
function unsigned(bytes, length) {
  let value = 0;
  for (let at = 0; at < length; at += 1) value = value * 256 + bytes.getUint8(at);
  return value;
}
