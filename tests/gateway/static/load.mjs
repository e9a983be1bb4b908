// Loads a module of the page into node, which without a package.json takes a .js file for CommonJS.

import { readFileSync } from "node:fs";

const PAGE = new URL("../../../gateway/static/", import.meta.url);

/** @param {string} name of a module that imports no other */
export function load(name) {
  return import(`data:text/javascript;base64,${readFileSync(new URL(name, PAGE)).toString("base64")}`);
}
