// Loads a module of the page into node, which without a package.json takes a .js file for CommonJS.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const PAGE = fileURLToPath(new URL("../../../gateway/static/", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "framebus-page-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
cpSync(PAGE, copy, { recursive: true });
writeFileSync(join(copy, "package.json"), '{"type": "module"}');

/** @param {string} path of a module, below gateway/static; what its imports need of a browser has to be global before */
export function load(path) {
  return import(pathToFileURL(join(copy, path)).href);
}
