// Loads a module of the page into node, which without a package.json takes a .js file for CommonJS.

import { readFileSync } from "node:fs";

const PAGE = new URL("../../../gateway/static/", import.meta.url);

/** @param {string} name of a module; what its imports need of a browser has to be global before */
export function load(name) {
  return import(address(name));
}

/** The module as a data: URL, with the modules that it imports in it. @param {string} name @returns {string} */
function address(name) {
  const source = readFileSync(new URL(name, PAGE), "utf8");
  const complete = source.replace(/ from "\.\/([a-z-]+\.js)"/g, (_, imported) => ` from "${address(imported)}"`);
  return `data:text/javascript;base64,${Buffer.from(complete).toString("base64")}`;
}
