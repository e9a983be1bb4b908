// Reads messages of framebus from files and prints what is in them as JSON: an example for other languages, and the
// proof that the format can be read without Python. `node read.mjs live.bin status.bin …`
import { readFileSync } from "node:fs";

const LF = 10;
const TEXT = new TextDecoder("utf-8", { fatal: true });

/** Takes a message apart. The header is one line of JSON; the body is whatever comes behind it, line ends and all. */
export function read(message) {
  const first = message.indexOf(LF);
  const second = message.indexOf(LF, first + 1);
  if (first < 0 || second < 0) throw new Error("a message has two line ends");
  const [kind, camera] = TEXT.decode(message.subarray(0, first)).split("/");
  const header = JSON.parse(TEXT.decode(message.subarray(first + 1, second)));
  if (header.v !== 1) throw new Error(`version ${header.v}; this reads version 1`);
  return { kind, camera, header, body: message.subarray(second + 1) };
}

const messages = process.argv.slice(2).map((file) => {
  const { body, ...rest } = read(readFileSync(file));
  return { ...rest, body: Buffer.from(body).toString("hex") };
});
console.log(JSON.stringify(messages));
