import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { heightOf, layoutAll, layoutLarge, layoutOne, reasonLinesIn, roomIn } = await load("grid/layout.js");

const WIDE = 16 / 9;
const SHAPES = [WIDE, 4 / 3, 9 / 16, 1, 3 / 4, 21 / 9];
const GAP = 6;
/** The windows of a desktop, a wall, a tablet, and a phone in both directions, less the line at the top. */
const WINDOWS = [[1440, 848], [1920, 1080], [768, 970], [390, 792], [844, 340]].map(([width, height]) => ({ width, height, gap: GAP }));

/** Shapes that look mixed, and are the same in each run. @param {number} count @param {number} seed */
function mixed(count, seed) {
  return Array.from({ length: count }, (_, at) => SHAPES[(at * 7 + seed * 5 + at * at * seed) % SHAPES.length]);
}

/** @param {number[]} shapes @param {object[]} rects @param {{width: number, height: number}} area */
function assertWhole(shapes, rects, area) {
  assert.equal(rects.length, shapes.length);
  rects.forEach((rect, at) => {
    assert.ok(rect.left >= 0 && rect.left + rect.width <= area.width, `inside: ${JSON.stringify(rect)}`);
    assert.ok(rect.top >= 0, `inside: ${JSON.stringify(rect)}`);
    for (const other of rects.slice(0, at)) {
      const apart =
        other.left + other.width <= rect.left ||
        rect.left + rect.width <= other.left ||
        other.top + other.height <= rect.top ||
        rect.top + rect.height <= other.top;
      assert.ok(apart, `${JSON.stringify(other)} lies over ${JSON.stringify(rect)}`);
    }
  });
}

/** No more than two pixels of rounding. @param {number[]} shapes @param {object[]} rects */
function assertUncut(shapes, rects) {
  rects.forEach(({ width, height }, at) => assert.ok(Math.abs(width - shapes[at] * height) <= 2 + 2 * shapes[at], `${width}×${height} for ${shapes[at]}`));
}

/** The share of the area that pictures cover. */
function covered(rects, { width, height }) {
  return rects.reduce((all, rect) => all + rect.width * rect.height, 0) / (width * height);
}

/** The harmonic mean of the sides of squares as large as the tiles: what the layout makes large. */
function quality(rects) {
  return rects.length / rects.reduce((all, rect) => all + 1 / Math.sqrt(rect.width * rect.height), 0);
}

test("1 to 16 cameras of mixed shapes fit into each window, whole, and none lies over another", () => {
  for (const area of WINDOWS) {
    for (let count = 1; count <= 16; count += 1) {
      for (let seed = 0; seed < 6; seed += 1) {
        const shapes = seed === 0 ? Array(count).fill(WIDE) : mixed(count, seed);
        const rects = layoutAll(shapes, area);
        assertWhole(shapes, rects, area);
        assertUncut(shapes, rects);
        assert.ok(heightOf(rects) <= area.height, `${count} in ${area.width}×${area.height}`);
      }
    }
  }
});

test("nine fill a desktop, and a phone in both directions", () => {
  const nine = Array(9).fill(WIDE);
  const shares = [WINDOWS[0], WINDOWS[3], WINDOWS[4]].map((area) => covered(layoutAll(nine, area), area));
  assert.ok(shares[0] > 0.93, `desktop: ${shares[0]}`);
  assert.ok(shares[1] > 0.75, `phone: ${shares[1]}`);
  assert.ok(shares[2] > 0.65, `phone on its side: ${shares[2]}`);
});

/** Every way to break the shapes into rows, each row as wide as the others. */
function bestOfAllRows(shapes, { width, height, gap }) {
  let best = 0;
  for (let cuts = 0; cuts < 2 ** (shapes.length - 1); cuts += 1) {
    const rows = [[shapes[0]]];
    for (let at = 1; at < shapes.length; at += 1) {
      if (cuts & (1 << (at - 1))) rows.push([]);
      rows[rows.length - 1].push(shapes[at]);
    }
    const sum = (row) => row.reduce((all, one) => all + one, 0);
    const room = height - gap * (rows.length - 1);
    let low = 0;
    for (let high = width, step = 0; step < 22; step += 1) {
      const across = (low + high) / 2;
      const needed = rows.reduce((all, row) => all + Math.max(0, across - gap * (row.length - 1)) / sum(row), 0);
      if (needed <= room) low = across;
      else high = across;
    }
    const rects = rows.flatMap((row) => {
      const tall = Math.max(0, low - gap * (row.length - 1)) / sum(row);
      return row.map((shape) => ({ width: shape * tall, height: tall }));
    });
    best = Math.max(best, quality(rects));
  }
  return best;
}

test("no other way to break the cameras into rows makes them more than 4 % larger", () => {
  for (const area of WINDOWS) {
    for (const count of [2, 3, 5, 7, 9]) {
      for (let seed = 1; seed < 3; seed += 1) {
        const shapes = mixed(count, seed);
        const share = quality(layoutAll(shapes, area)) / bestOfAllRows(shapes, area);
        assert.ok(share > 0.96, `${share} for ${shapes} in ${area.width}×${area.height}`);
      }
    }
  }
});

test("what would become too small is scrolled instead", () => {
  const area = { width: 390, height: 180, gap: GAP };
  for (const count of [16, 40]) {
    const rects = layoutAll(Array(count).fill(WIDE), area);
    assertWhole(Array(count).fill(WIDE), rects, area);
    assert.ok(heightOf(rects) > area.height);
    assert.ok(rects.every(({ width }) => width >= 190));
  }
});

test("a large one is most of what there is, and the others stand beside it", () => {
  for (const area of WINDOWS) {
    for (let count = 2; count <= 12; count += 1) {
      for (const shapes of [Array(count).fill(WIDE), mixed(count, count)]) {
        const large = count - 1;
        const rects = layoutLarge(shapes, large, area);
        assertWhole(shapes, rects, area);
        assertUncut(shapes, rects);
        assert.ok(heightOf(rects) <= area.height);
        const sizes = rects.map(({ width, height }) => width * height);
        const among = layoutAll(shapes, area)[large];
        assert.ok(sizes[large] >= among.width * among.height);
        if (shapes[0] === shapes[large]) assert.equal(Math.max(...sizes), sizes[large]);
      }
    }
  }
  const rects = layoutLarge(Array(6).fill(WIDE), 0, WINDOWS[0]);
  assert.ok(rects[0].width > 1000, JSON.stringify(rects[0]));
});

test("a single one is in the middle", () => {
  const area = { width: 1000, height: 1000, gap: GAP };
  assert.deepEqual(layoutOne(2, area), { left: 0, top: 250, width: 1000, height: 500 });
  assert.deepEqual(layoutOne(0.5, area), { left: 250, top: 0, width: 500, height: 1000 });
  assert.deepEqual(layoutAll([2], area), [layoutOne(2, area)]);
  assert.deepEqual(layoutLarge([2], 0, area), [layoutOne(2, area)]);
});

test("no cameras and no room are no mistakes", () => {
  assert.deepEqual(layoutAll([], WINDOWS[0]), []);
  assert.equal(heightOf([]), 0);
  for (const rect of layoutAll(Array(5).fill(WIDE), { width: 0, height: 0, gap: GAP })) {
    assert.ok(Object.values(rect).every(Number.isFinite));
  }
});

test("a sentence stands only in a tile that has room for it between the state and the name", () => {
  const sizes = [[400, 225], [255, 200], [400, 149], [175, 234], [155, 88], [230, 88], [400, 60]];
  const rooms = sizes.map(([width, height]) => roomIn({ left: 0, top: 0, width, height }));
  assert.deepEqual(rooms, ["large", "small", "small", "small", "tiny", "small", "tiny"]);
});

test("a reason has as many lines as fit, and at least one", () => {
  const lines = (width) => [88, 151, 180, 300].map((height) => reasonLinesIn({ left: 0, top: 0, width, height }));
  assert.deepEqual(lines(320), [1, 1, 2, 7]);
  assert.deepEqual(lines(270), [1, 1, 1, 6]);
});
