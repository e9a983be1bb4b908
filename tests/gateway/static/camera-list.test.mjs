import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

/** What the list needs of a browser: elements that only remember where they are. */
let observed;
Object.assign(globalThis, {
  HTMLElement: class {},
  customElements: { define() {} },
  location: { search: "", pathname: "/" },
  setInterval() {},
  IntersectionObserver: class {
    constructor(onEntries) {
      observed = onEntries;
    }
    observe() {}
    unobserve() {}
  },
  document: { createElement: () => new View() },
});

class View {
  dataset = {};
  build(camera) {
    this.dataset.camera = camera;
  }
  remove() {}
}

const { CameraList } = await load("grid/camera-list.js");
const container = { append() {}, querySelectorAll: () => [] };
const entries = (...names) => names.map((name) => ({ name }));

/** A list of three visible cameras, and the subscriptions that it has asked for since. */
function listed() {
  const subscriptions = [];
  const list = new CameraList(container, null, {}, {}, () => subscriptions.push(list.visible.join()));
  list.update(entries("front", "garden", "yard"));
  observed(list.views.map((target) => ({ target, isIntersecting: true })));
  subscriptions.length = 0;
  return { list, subscriptions };
}

const shown = (list) => list.views.map((view) => view.dataset.camera).join();

test("cameras that the websocket does not name are gone before the next subscription", () => {
  const { list, subscriptions } = listed();
  list.announce(["yard"]);
  assert.equal(shown(list), "yard");
  assert.deepEqual(subscriptions, ["yard"]);
});

test("cameras that are no longer listed are gone before the next subscription", () => {
  const { list, subscriptions } = listed();
  list.update(entries("yard"));
  assert.equal(shown(list), "yard");
  assert.deepEqual(subscriptions, ["yard"]);
});

test("an older list of another worker brings no removed camera back, and takes no new one away", () => {
  const { list } = listed();
  list.announce(["front", "porch"]);
  list.getOrCreate("porch"); // its status came
  list.update(entries("front", "garden", "yard"));
  assert.equal(shown(list), "front,porch");
});

test("the newest names count", () => {
  const { list } = listed();
  list.announce(["front"]);
  list.announce(["front", "garden"]);
  list.update(entries("front", "garden", "yard"));
  assert.equal(shown(list), "front,garden");
});

test("without the websocket the list counts", () => {
  const { list } = listed();
  list.announce(["front"]);
  list.announce(null);
  list.update(entries("front", "porch"));
  assert.equal(shown(list), "front,porch");
});
