/**
 * Motion JPEG in an AVI file: the frames of one that the server has made, and a new one. Pure code.
 *
 * The server writes the moment of each frame into a chunk "time" after the index (docs/stills.md, "A moment ago, and clips").
 *
 * @typedef {object} ClipFrame
 * @property {Blob} jpeg
 * @property {number} captured Unix seconds
 */

import { BlobReader } from "./blob-reader.js";

const CHUNK_HEAD_BYTES = 8;
const FORM_BYTES = 12;
const ENTRY_BYTES = 16;
const TIME_BYTES = 8;
const HAS_INDEX = 0x10;
const KEY_FRAME = 0x10;
const DEFAULT_FPS = 10;
/** AVI counts bytes in 32 bits. */
const MOST_BYTES = 0xffffffff;

/**
 * List the frames of an AVI.
 *
 * @param {Blob} file
 * @returns {Promise<ClipFrame[]>} none of a file that has no index and no times
 */
export async function aviFrames(file) {
  const reader = new BlobReader(file);
  const chunks = new Map();
  for (let at = FORM_BYTES; at + CHUNK_HEAD_BYTES <= reader.size; ) {
    const head = await reader.bytes(at, FORM_BYTES);
    const name = letters(head, 0);
    const size = head.getUint32(4, true);
    const begin = at + CHUNK_HEAD_BYTES;
    chunks.set(name === "LIST" ? letters(head, 8) : name, { begin, size });
    at = begin + size + (size % 2);
  }
  const [movi, idx1, time] = ["movi", "idx1", "time"].map((name) => chunks.get(name));
  if (!movi || !idx1 || !time) return [];
  const index = await reader.bytes(idx1.begin, idx1.size);
  const times = await reader.bytes(time.begin, time.size);
  const count = Math.min(Math.floor(idx1.size / ENTRY_BYTES), Math.floor(time.size / TIME_BYTES));
  return Array.from({ length: count }, (_, at) => {
    const begin = movi.begin + index.getUint32(at * ENTRY_BYTES + 8, true) + CHUNK_HEAD_BYTES;
    const jpeg = reader.part(begin, index.getUint32(at * ENTRY_BYTES + 12, true));
    return { jpeg, captured: Number(times.getBigInt64(at * TIME_BYTES, true)) / 1e6 };
  });
}

/**
 * Make an AVI of frames of one size, at their mean rate.
 *
 * @param {ClipFrame[]} frames one or more, the oldest first
 * @param {number} width
 * @param {number} height
 * @returns {Blob}
 * @throws {RangeError} when the file would be larger than an AVI can be
 */
export function aviOf(frames, width, height) {
  const seconds = frames[frames.length - 1].captured - frames[0].captured;
  const fps = seconds > 0 ? (frames.length - 1) / seconds : DEFAULT_FPS;
  const header = headerList(frames, width, height, Math.min(Math.round(1e6 / fps), MOST_BYTES));
  const parts = [];
  const index = [];
  const times = new DataView(new ArrayBuffer(frames.length * TIME_BYTES));
  let offset = 4;
  frames.forEach(({ jpeg, captured }, at) => {
    const pad = new Uint8Array(jpeg.size % 2);
    index.push("00dc", KEY_FRAME, offset, jpeg.size);
    parts.push(fields("00dc", jpeg.size), jpeg, pad);
    offset += CHUNK_HEAD_BYTES + jpeg.size + pad.length;
    times.setBigInt64(at * TIME_BYTES, BigInt(Math.round(captured * 1e6)), true);
  });
  const tail = [chunk("idx1", fields(...index)), chunk("time", new Uint8Array(times.buffer))];
  const sizes = [header, ...tail].reduce((sum, { length }) => sum + length, 4 + CHUNK_HEAD_BYTES + offset);
  if (sizes > MOST_BYTES) throw new RangeError("an AVI has at most 4 GB");
  return new Blob([fields("RIFF", sizes, "AVI "), header, fields("LIST", offset, "movi"), ...parts, ...tail], { type: "video/x-msvideo" });
}

/** The list "hdrl", as snapshot/clip.py writes it. @param {ClipFrame[]} frames @param {number} width @param {number} height @param {number} periodUs */
function headerList(frames, width, height, periodUs) {
  const largest = Math.max(...frames.map(({ jpeg }) => jpeg.size));
  const avih = fields(periodUs, 0, 0, HAS_INDEX, frames.length, 0, 1, largest, width, height, 0, 0, 0, 0);
  const rate = [periodUs, 1_000_000, 0, frames.length];
  const strh = fields("vids", "MJPG", 0, 0, 0, ...rate, largest, MOST_BYTES, 0, 0, width | (height << 16));
  const strf = fields(40, width, height, 1 | (24 << 16), "MJPG", width * height * 3, 0, 0, 0, 0);
  return list("hdrl", chunk("avih", avih), list("strl", chunk("strh", strh), chunk("strf", strf)));
}

/** Numbers of 32 bits, and names of four letters. @param {...(number | string)} values */
function fields(...values) {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, at) => {
    if (typeof value === "number") view.setUint32(at * 4, value, true);
    else [...value].forEach((letter, place) => view.setUint8(at * 4 + place, letter.charCodeAt(0)));
  });
  return new Uint8Array(view.buffer);
}

/** @param {string} name @param {Uint8Array} data of an even length */
function chunk(name, data) {
  return joined(fields(name, data.length), data);
}

/** @param {string} name @param {...Uint8Array} chunks */
function list(name, ...chunks) {
  return chunk("LIST", joined(fields(name), ...chunks));
}

/** @param {...Uint8Array} parts */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** @param {DataView} view @param {number} at */
function letters(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((place) => view.getUint8(at + place)));
}
