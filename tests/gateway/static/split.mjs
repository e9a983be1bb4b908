// Takes apart one message from standard input with the page's wire.js and writes what it found as JSON.

import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const { splitMessage } = await load("connection/wire.js");
const message = readFileSync(0);

function found() {
  try {
    const { kind, camera, header, body } = splitMessage(new Uint8Array(message).buffer);
    return { kind, camera, header, body: Buffer.from(body).toString("base64") };
  } catch (error) {
    return { mistake: error.name };
  }
}

process.stdout.write(JSON.stringify(found()));
