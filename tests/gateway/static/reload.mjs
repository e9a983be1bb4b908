// Runs the page's plain.js for the stills whose addresses are on standard input. Writes as JSON what it asks for again, and what
// it asks for when a stream and a still have failed.

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const script = readFileSync(new URL("../../../gateway/static/plain.js", import.meta.url), "utf8");
const stills = JSON.parse(readFileSync(0, "utf8")).map((url) => ({ getAttribute: () => url, src: url }));
const body = { getAttribute: () => null, appendChild() {} };
let onError;
const document = {
  body,
  baseURI: "http://host/",
  createElement: () => ({ addEventListener: (event, act) => (onError = act) }),
  querySelector: () => ({ textContent: "" }),
  querySelectorAll: () => stills,
};
const window = { addEventListener: (event, act) => act() };

const timers = { setInterval: (act) => act(), setTimeout: (act) => act() };
runInNewContext(script, { document, window, location: { search: "" }, WebSocket: class {}, ...timers });
const failed = ["data-stream", "data-still"].map((kind) => ({ getAttribute: (name) => (name === kind ? "url?a=1" : null), src: "" }));
for (const target of failed) onError({ target });
process.stdout.write(JSON.stringify({ again: stills.map(({ src }) => src), failed: failed.map(({ src }) => src) }));
