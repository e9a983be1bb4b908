/**
 * Where the tiles stand: shapes and a window in, rectangles out. No picture is cut, and as little as possible of the window is
 * left empty. Pure code; lengths are in pixels of CSS, a shape is its width divided by its height.
 */

/** The side of a square as large as a small tile: rather than with smaller ones on average, the page is scrolled. */
const SMALLEST_SIDE = 64;
/** Tiles that are smaller show less. */
const SMALL_WIDTH = 260;
const SMALL_HEIGHT = 150;
/** Where the sentence is one line, and how high a tile has to be for it and for two lines, between its state and its name. */
const LINE_WIDTH = 220;
const LINE_HEIGHT = 82;
const TWO_LINES_HEIGHT = 102;
/** Where the title is one line; its lines, those of the reason, and the state, the name and the time of the last picture together. */
const TITLE_WIDTH = 300;
const TITLE_LINE_HEIGHT = 25;
const REASON_LINE_HEIGHT = 22.4;
const BESIDE_REASON_HEIGHT = 100;
/** Up to so many, every way to break them into rows is tried; there are 2 to the power of one less. */
const ALL_WAYS = 8;
/** More are laid out in equal columns, which scroll. */
const MOST_IN_A_WINDOW = 24;
/** Width of a tile that the columns of a page that scrolls try to have. */
const SCROLLED_WIDTH = 240;
/** What the large tile may leave to the others. */
const BESIDE_SHARES = [0.14, 0.17, 0.2, 0.23, 0.26, 0.3, 0.34, 0.4];
/** How much more a large tile's size counts than that of each of the others. */
const LARGE_COUNTS = 6;

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Rect
 * @typedef {{width: number, height: number, gap: number}} Area what there is for the tiles, and what stands between two
 */

/**
 * Lay out all tiles, in order: in rows of one width, or in columns of one height, whichever makes them larger.
 *
 * @param {number[]} shapes
 * @param {Area} area
 * @returns {Rect[]} higher than the area where tiles would become too small
 */
export function layoutAll(shapes, area) {
  if (shapes.length === 0) return [];
  const found = shapes.length <= MOST_IN_A_WINDOW ? fitted(shapes, area) : null;
  return found && isLargeEnough(found) ? found : scrolled(shapes, area);
}

/**
 * Lay out one tile large, and the others beside or below it.
 *
 * @param {number[]} shapes
 * @param {number} large which one, from 0
 * @param {Area} area
 * @returns {Rect[]}
 */
export function layoutLarge(shapes, large, area) {
  const others = shapes.filter((_, at) => at !== large);
  if (others.length === 0) return layoutAll(shapes, area);
  let best = null;
  for (const share of BESIDE_SHARES) {
    for (const rects of [split(shapes[large], others, share, area, false), split(shapes[large], others, share, area, true)]) {
      if (rects === null) continue;
      const score = LARGE_COUNTS * side(rects[0]) + others.length * quality(rects.slice(1));
      if (best === null || score > best.score) best = { score, rects };
    }
  }
  if (best === null) return layoutAll(shapes, area);
  const rest = best.rects.slice(1);
  return shapes.map((_, at) => (at === large ? best.rects[0] : rest.shift()));
}

/**
 * The one tile that fills the area best.
 *
 * @param {number} shape
 * @param {Area} area
 * @returns {Rect}
 */
export function layoutOne(shape, area) {
  const width = Math.min(area.width, area.height * shape);
  return rounded({ left: (area.width - width) / 2, top: (area.height - width / shape) / 2, width, height: width / shape });
}

/**
 * What a tile has room for: everything, its state with a sentence more, or its state alone.
 *
 * @param {Rect} rect
 * @returns {"large" | "small" | "tiny"}
 */
export function roomIn({ width, height }) {
  if (height < (width < LINE_WIDTH ? TWO_LINES_HEIGHT : LINE_HEIGHT)) return "tiny";
  return width < SMALL_WIDTH || height < SMALL_HEIGHT ? "small" : "large";
}

/** How many lines of a reason fit between the state and the name, beside what else stands there. @param {Rect} rect */
export function reasonLinesIn({ width, height }) {
  const title = width < TITLE_WIDTH ? 2 * TITLE_LINE_HEIGHT : TITLE_LINE_HEIGHT;
  return Math.max(1, Math.floor((height - BESIDE_REASON_HEIGHT - title) / REASON_LINE_HEIGHT));
}

/** @param {Rect[]} rects @returns {number} how far down they reach */
export function heightOf(rects) {
  return Math.max(0, ...rects.map((rect) => rect.top + rect.height));
}

/** The large one and the rest, in two parts of the area; null where it does not fit. */
function split(shape, others, share, { width, height, gap }, below) {
  const beside = Math.floor((below ? height : width) * share);
  const first = below ? { width, height: height - beside - gap, gap } : { width: width - beside - gap, height, gap };
  if (Math.min(first.width, first.height) < SMALLEST_SIDE) return null;
  const large = layoutOne(shape, first);
  // What the large one leaves empty goes to the others.
  const rest = below ? { width, height: height - large.height - gap, gap } : { width: width - large.width - gap, height, gap };
  const rects = fitted(others, rest);
  if (!isLargeEnough(rects)) return null;
  const [right, down] = below ? [0, large.height + gap] : [large.width + gap, 0];
  const start = below ? { ...large, top: 0 } : { ...large, left: 0 };
  return centred([start, ...rects.map((rect) => ({ ...rect, left: rect.left + right, top: rect.top + down }))], { width, height });
}

/** The best of the rows and the columns. @param {number[]} shapes @param {Area} area @returns {Rect[]} */
function fitted(shapes, area) {
  const rows = bestRows(shapes, area);
  const turned = bestRows(shapes.map((shape) => 1 / shape), { ...area, width: area.height, height: area.width });
  // Rows are what people expect: columns have to be clearly better.
  const best = turned.score > 1.02 * rows.score ? turned.rects.map(mirrored) : rows.rects;
  return best.map(rounded);
}

/** @param {number[]} shapes @param {Area} area */
function bestRows(shapes, area) {
  let best = { score: -1, rects: /** @type {Rect[]} */ ([]) };
  for (const ends of waysToBreak(shapes)) {
    const rects = placed(shapes, ends, area);
    const score = quality(rects);
    // Of equally good ways the first one counts, whatever the rounding of its score.
    if (score > best.score * 1.000001) best = { score, rects };
  }
  return best;
}

/** Where rows may end: each way for a few shapes, and for more the most even one of each number of rows. @param {number[]} shapes */
function waysToBreak(shapes) {
  const { length } = shapes;
  if (length > ALL_WAYS) return shapes.map((_, at) => evenRows(shapes, at + 1));
  return Array.from({ length: 2 ** (length - 1) }, (_, cuts) => [...shapes.keys()].slice(1).filter((at) => cuts & (1 << (at - 1))).concat(length));
}

/**
 * Break the shapes into rows that are as equally wide as possible at one height.
 *
 * @param {number[]} shapes
 * @param {number} count of rows
 * @returns {number[]} where each row ends
 */
function evenRows(shapes, count) {
  const sums = shapes.reduce((all, shape) => [...all, all[all.length - 1] + shape], [0]);
  const mean = sums[shapes.length] / count;
  const uneven = (from, to) => (sums[to] - sums[from] - mean) ** 2;
  /** By rows and end: the least unevenness so far, and where the last row begins. */
  let line = sums.map((_, end) => ({ cost: end === 0 ? 0 : Infinity, ends: [] }));
  for (let row = 1; row <= count; row += 1) {
    line = sums.map((_, end) => {
      let best = { cost: Infinity, ends: [] };
      for (let start = row - 1; start < end; start += 1) {
        const cost = line[start].cost + uneven(start, end);
        if (cost < best.cost) best = { cost, ends: [...line[start].ends, end] };
      }
      return best;
    });
  }
  return line[shapes.length].ends;
}

/** Rows of one width, as wide as the height lets them be, in the middle. */
function placed(shapes, ends, { width, height, gap }) {
  const rows = ends.map((end, at) => shapes.slice(at === 0 ? 0 : ends[at - 1], end));
  const natural = (across) => rows.map((row) => Math.max(0, across - gap * (row.length - 1)) / sum(row));
  const room = Math.max(0, height - gap * (rows.length - 1));
  let across = width;
  // The heights grow with the width by a constant: two points give the line.
  const needed = sum(natural(width));
  if (needed > room) {
    const fixed = sum(rows.map((row) => (gap * (row.length - 1)) / sum(row)));
    across = (room + fixed) / sum(rows.map((row) => 1 / sum(row)));
  }
  const heights = natural(across);
  let top = (room - sum(heights)) / 2;
  return rows.flatMap((row, at) => {
    let left = (width - across) / 2;
    const rects = row.map((shape) => {
      const rect = { left, top, width: shape * heights[at], height: heights[at] };
      left += rect.width + gap;
      return rect;
    });
    top += heights[at] + gap;
    return rects;
  });
}

/** Equal columns, as high as their tiles need: for more tiles than a window holds. */
function scrolled(shapes, { width, gap }) {
  const columns = Math.max(1, Math.min(shapes.length, Math.floor((width + gap) / (SCROLLED_WIDTH + gap))));
  const across = Math.floor((width - gap * (columns - 1)) / columns);
  const rects = [];
  let top = 0;
  for (let start = 0; start < shapes.length; start += columns) {
    const row = shapes.slice(start, start + columns);
    // A portrait among others is not to make its row twice as high.
    const height = Math.round(across / Math.max(Math.min(...row), 4 / 3));
    row.forEach((_, at) => rects.push({ left: at * (across + gap), top, width: across, height }));
    top += height + gap;
  }
  return rects;
}

/** Moved so that what is empty is on all sides. @param {Rect[]} rects @param {{width: number, height: number}} area */
function centred(rects, { width, height }) {
  const right = Math.max(...rects.map((rect) => rect.left + rect.width));
  const bottom = heightOf(rects);
  const [left, top] = [Math.floor((width - right) / 2), Math.floor((height - bottom) / 2)];
  return rects.map((rect) => ({ ...rect, left: rect.left + left, top: rect.top + top }));
}

/** @param {Rect} rect */
function mirrored({ left, top, width, height }) {
  return { left: top, top: left, width: height, height: width };
}

/** On whole pixels: the edges are rounded, so that no gap becomes wider than another by more than one. @param {Rect} rect */
function rounded({ left, top, width, height }) {
  const [x, y] = [Math.round(left), Math.round(top)];
  return { left: x, top: y, width: Math.floor(left + width + 0.001) - x, height: Math.floor(top + height + 0.001) - y };
}

/** The side of a square of the same size. @param {Rect} rect */
function side({ width, height }) {
  return Math.sqrt(width * height);
}

/** How good it is: the harmonic mean of the sides, in which a small tile counts more than a large one. @param {Rect[]} rects */
function quality(rects) {
  return rects.length / sum(rects.map((rect) => 1 / Math.max(side(rect), 1e-6)));
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((all, number) => all + number, 0);
}

/** @param {Rect[]} rects */
function isLargeEnough(rects) {
  return quality(rects) >= SMALLEST_SIDE;
}
