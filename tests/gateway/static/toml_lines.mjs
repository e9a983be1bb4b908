// Prints the line for framebus.toml of each list of controls on stdin, a JSON array, as a JSON array.

import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const { tomlLine } = await load("controls/toml.js");
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(tomlLine)));
