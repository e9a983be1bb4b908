import assert from "node:assert";
import { test } from "node:test";
import { load } from "./load.mjs";

const { nameFor } = await load("settings/camera-name.js");

test("a name is made of the title", () => {
  assert.equal(nameFor("Garden gate", []), "garden-gate");
  assert.equal(nameFor("  Gärten (hinten)! ", []), "garten-hinten");
  assert.equal(nameFor("玄関", []), "camera");
  assert.equal(nameFor("_x_", []), "x");
});

test("a name that is taken gets a number", () => {
  assert.equal(nameFor("Garden", ["garden"]), "garden-2");
  assert.equal(nameFor("Garden", ["garden", "garden-2"]), "garden-3");
});

test("every name is one that framebus takes", () => {
  for (const title of ["x".repeat(64), "-".repeat(64), `${"ab ".repeat(20)}`, "1", "Ünïcödé ".repeat(8)]) {
    for (const taken of [[], [nameFor(title, [])]]) assert.match(nameFor(title, taken), /^[a-z0-9][a-z0-9_-]{0,31}$/);
  }
});
