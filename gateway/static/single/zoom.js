/**
 * Which part of a picture is shown: a scale, and the point of the picture that is in the middle of its box. Pure code; pixels are
 * those of CSS.
 */

/** More than this shows no more, even of a picture of 4K on a phone. */
export const LARGEST_SCALE = 10;

/**
 * @typedef {object} Zoom
 * @property {number} scale 1 shows the whole picture
 * @property {number} x of the point in the middle, from 0 at the left to 1
 * @property {number} y from 0 at the top to 1
 *
 * @typedef {object} Box where the picture is shown: as large as it fits, whole
 * @property {number} width
 * @property {number} height
 * @property {number} ratio of the picture, its width divided by its height
 *
 * @typedef {{x: number, y: number}} Point pixels from the left upper corner of the box
 */

/** @type {Zoom} */
export const WHOLE = { scale: 1, x: 0.5, y: 0.5 };

/**
 * Zoom by a factor, so that what is at a point stays there.
 *
 * @param {Zoom} zoom @param {number} factor @param {Point} point @param {Box} box
 * @returns {Zoom}
 */
export function zoomAt(zoom, factor, point, box) {
  const scale = Math.min(Math.max(zoom.scale * factor, 1), LARGEST_SCALE);
  const fitted = fittedSize(box);
  const moved = (middle, offset, size) => middle + offset / (zoom.scale * size) - offset / (scale * size);
  const x = moved(zoom.x, point.x - box.width / 2, fitted.width);
  const y = moved(zoom.y, point.y - box.height / 2, fitted.height);
  return within({ scale, x, y }, box);
}

/**
 * Move the picture.
 *
 * @param {Zoom} zoom @param {number} right pixels @param {number} down pixels @param {Box} box
 * @returns {Zoom}
 */
export function panBy(zoom, right, down, box) {
  const { width, height } = fittedSize(box);
  return within({ scale: zoom.scale, x: zoom.x - right / (zoom.scale * width), y: zoom.y - down / (zoom.scale * height) }, box);
}

/**
 * Return the zoom with no more than the picture in the box: what is narrower than the box stands in its middle.
 *
 * @param {Zoom} zoom @param {Box} box
 * @returns {Zoom}
 */
export function within({ scale, x, y }, box) {
  const { width, height } = fittedSize(box);
  const limited = (middle, half) => (half >= 0.5 ? 0.5 : Math.min(Math.max(middle, half), 1 - half));
  return { scale, x: limited(x, box.width / (2 * scale * width)), y: limited(y, box.height / (2 * scale * height)) };
}

/**
 * The transformation of CSS, from the left upper corner of the box.
 *
 * @param {Zoom} zoom @param {Box} box
 */
export function transformOf({ scale, x, y }, box) {
  if (scale === 1) return "";
  const { width, height } = fittedSize(box);
  const offset = (size, fitted, middle) => size / 2 - scale * ((size - fitted) / 2 + middle * fitted);
  return `translate(${offset(box.width, width, x)}px, ${offset(box.height, height, y)}px) scale(${scale})`;
}

/** @param {Box} box @returns {{width: number, height: number}} of the whole picture; at least a pixel */
function fittedSize({ width, height, ratio }) {
  const fitted = Math.min(width, height * ratio);
  return { width: Math.max(1, fitted), height: Math.max(1, fitted / ratio) };
}
