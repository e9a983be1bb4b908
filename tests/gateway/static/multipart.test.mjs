import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { MultipartReader } = await load("connection/multipart.js");
const BOUNDARY = "--boundarydonotcross\r\n";

/** A stream with these pictures, as gateway/delivery/mjpeg.py writes it. @param {string[]} pictures */
function stream(pictures) {
  const parts = pictures.map((text, at) => {
    const head = `Content-Type: image/jpeg\r\nContent-Length: ${text.length}\r\nX-Timestamp: 17.${at}00000\r\n\r\n`;
    return `${head}${text}\r\n${BOUNDARY}`;
  });
  return new TextEncoder().encode(BOUNDARY + parts.join(""));
}

/** What a reader gets of it in pieces of so many bytes. */
function read(bytes, size) {
  const reader = new MultipartReader();
  const found = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
  return found.map(({ captured, body }) => [captured, new TextDecoder().decode(body)]);
}

test("pictures are found however the stream is cut", () => {
  const bytes = stream(["one", "two\r\n\r\nContent-Length: 9\r\n\r\n", "", "four"]);
  const expected = [[17, "one"], [17.1, "two\r\n\r\nContent-Length: 9\r\n\r\n"], [17.2, ""], [17.3, "four"]];
  for (const size of [1, 2, 3, 7, 64, 10_000]) assert.deepEqual(read(bytes, size), expected);
});

test("a picture that is not complete is waited for", () => {
  const bytes = stream(["one", "two"]);
  assert.deepEqual(read(bytes.subarray(0, bytes.length - 28), 1), [[17, "one"]]);
});

test("a picture without a time is a picture", () => {
  const bytes = new TextEncoder().encode(`${BOUNDARY}content-length:2\r\n\r\nab\r\n`);
  assert.deepEqual(read(bytes, 5), [[null, "ab"]]);
});

test("what is no such stream is refused", () => {
  const text = (what) => new TextEncoder().encode(what);
  assert.throws(() => read(text(`${BOUNDARY}Content-Type: image/jpeg\r\n\r\nabc`), 99), SyntaxError);
  assert.throws(() => read(text(`${BOUNDARY}Content-Length: 99999999999\r\n\r\n`), 99), SyntaxError);
  assert.throws(() => read(text("x".repeat(5000)), 100), SyntaxError);
});
