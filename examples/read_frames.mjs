// Prints each new frame of a camera, in Node:
//
//     npm install zeromq
//     node read_frames.mjs ipc:///run/user/1000/framebus/front.frames front
//     node read_frames.mjs --file live.bin      reads one message from a file
import { readFileSync } from "node:fs";

const LF = 10;

/** Takes a message apart: KIND/CAMERA LF HEADER LF BODY. The body may hold any byte. */
function read(message) {
  const first = message.indexOf(LF);
  const second = message.indexOf(LF, first + 1);
  if (first < 0 || second < 0) throw new Error("a message has two line ends");
  const [kind, camera] = message.subarray(0, first).toString().split("/");
  const header = JSON.parse(message.subarray(first + 1, second).toString());
  if (header.v !== 1) throw new Error(`version ${header.v}; this reads version 1`);
  return { kind, camera, header, body: message.subarray(second + 1) };
}

function show({ header, body }) {
  console.log(`frame ${header.seq}: ${header.width}x${header.height}, ${body.length} bytes`);
}

const [endpoint, camera] = process.argv.slice(2);
if (endpoint === "--file") {
  show(read(readFileSync(camera)));
} else {
  const { Subscriber } = await import("zeromq");
  const socket = new Subscriber({ conflate: true }); // hold the newest message, and no other
  socket.subscribe(`live/${camera}\n`); // with its LF, so that cam1 is not cam10
  socket.connect(endpoint);
  for await (const [message] of socket) {
    try {
      show(read(message));
    } catch (error) {
      console.error(`not a frame: ${error.message}`);
    }
  }
}
