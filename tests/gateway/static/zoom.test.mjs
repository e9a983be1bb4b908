import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { LARGEST_SCALE, panBy, transformOf, WHOLE, within, zoomAt } = await load("single/zoom.js");
const BOX = { width: 800, height: 600, ratio: 2 }; // the picture is 800 x 400, 100 below the upper edge

/** Where a point of the picture is in the box, by the transformation. */
function onScreen(zoom, x, y, box = BOX) {
  const [tx, ty, scale] = (transformOf(zoom, box).match(/-?[\d.]+/g) ?? [0, 0, 1]).map(Number);
  const width = Math.min(box.width, box.height * box.ratio);
  const height = width / box.ratio;
  return [tx + scale * ((box.width - width) / 2 + x * width), ty + scale * ((box.height - height) / 2 + y * height)];
}

const close = (found, wanted) => found.forEach((value, at) => assert.ok(Math.abs(value - wanted[at]) < 1e-6, `${found} is not ${wanted}`));

test("what is at the point stays there", () => {
  const zoom = zoomAt(WHOLE, 4, { x: 200, y: 300 }, BOX);
  assert.equal(zoom.scale, 4);
  close(onScreen(zoom, 0.25, 0.5), [200, 300]);
  const more = zoomAt(zoom, 1.5, { x: 500, y: 200 }, BOX);
  const before = [0.25 + (500 - 200) / (4 * 800), 0.5 + (200 - 300) / (4 * 400)];
  close(onScreen(more, ...before), [500, 200]);
});

test("the scale has a least and a most, and back at the least the whole picture is seen", () => {
  assert.equal(zoomAt(WHOLE, 1000, { x: 10, y: 10 }, BOX).scale, LARGEST_SCALE);
  const corner = zoomAt(WHOLE, 5, { x: 0, y: 100 }, BOX);
  assert.deepEqual(zoomAt(corner, 0.001, { x: 700, y: 500 }, BOX), WHOLE);
  assert.equal(transformOf(WHOLE, BOX), "");
});

test("nothing beyond the edges is shown, and what is narrower than the box stands in its middle", () => {
  const zoom = zoomAt(WHOLE, 2, { x: 400, y: 300 }, BOX);
  close(onScreen(panBy(zoom, 1e6, 1e6, BOX), 0, 0), [0, 0]);
  close(onScreen(panBy(zoom, -1e6, -1e6, BOX), 1, 1), [800, 600]);
  const little = zoomAt(WHOLE, 1.2, { x: 400, y: 300 }, BOX); // 480 high in 600
  assert.equal(panBy(little, 0, 50, BOX).y, 0.5);
});

test("a pan moves by as many pixels", () => {
  const zoom = zoomAt(WHOLE, 4, { x: 400, y: 300 }, BOX);
  const [x, y] = onScreen(zoom, 0.5, 0.5);
  close(onScreen(panBy(zoom, 30, -20, BOX), 0.5, 0.5), [x + 30, y - 20]);
});

test("a window that turns keeps the point in the middle, as far as the edges allow", () => {
  const zoom = zoomAt(WHOLE, 4, { x: 400, y: 300 }, BOX);
  assert.deepEqual(within(zoom, { width: 400, height: 800, ratio: 2 }), zoom);
});

test("a box without a size gives numbers", () => {
  const zoom = zoomAt(WHOLE, 2, { x: 0, y: 0 }, { width: 0, height: 0, ratio: 1 });
  assert.ok(Object.values(zoom).every(Number.isFinite));
});
