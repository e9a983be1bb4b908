// Runs the page's plain.js for the stills whose addresses are on standard input, and writes what it asks for again as JSON.

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const script = readFileSync(new URL("../../../gateway/static/plain.js", import.meta.url), "utf8");
const stills = JSON.parse(readFileSync(0, "utf8")).map((url) => ({ getAttribute: () => url, src: url }));
const body = { getAttribute: () => null, appendChild() {} };
const document = {
  body,
  baseURI: "http://host/",
  createElement: () => ({}),
  querySelector: () => ({ textContent: "" }),
  querySelectorAll: () => stills,
};
const window = { addEventListener: (event, act) => act() };

runInNewContext(script, { document, window, location: { search: "" }, WebSocket: class {}, setInterval: (act) => act() });
process.stdout.write(JSON.stringify(stills.map((still) => still.src)));
