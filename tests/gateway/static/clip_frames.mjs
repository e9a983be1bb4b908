// Reads a clip on stdin, an AVI or a Matroska file as the argument says; prints its frames, and the AVI that the page makes of them.

import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const { aviFrames, aviOf } = await load("clips/avi.js");
const { matroskaFrames } = await load("clips/matroska.js");
const clip = new Blob([readFileSync(0)]);
const frames = process.argv[2] === "avi" ? await aviFrames(clip) : await matroskaFrames(clip);
const base64 = async (blob) => Buffer.from(await blob.arrayBuffer()).toString("base64");
const found = await Promise.all(frames.map(async ({ jpeg, captured }) => [captured, await base64(jpeg)]));
console.log(JSON.stringify({ frames: found, avi: frames.length > 0 ? await base64(aviOf(frames, 64, 48)) : "" }));
