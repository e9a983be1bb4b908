/** The time at which a picture was taken, over the picture: in the page's tiles, and drawn into stills and clips that it saves. */

/** Of the shorter side of the picture. */
const TEXT_HEIGHT = 1 / 28;
const SMALLEST_TEXT_PX = 10;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const JPEG_QUALITY = 0.92;

/** Whether a person wants the time on pictures. */
export function stampsPictures() {
  return document.body.dataset.timestamps === "true";
}

/**
 * Return the date and the time in the browser's time zone, as ISO 8601 writes them: "2026-11-29 15:32:10".
 *
 * @param {number} unixSeconds
 */
export function stampText(unixSeconds) {
  const time = new Date(unixSeconds * 1000);
  if (Number.isNaN(time.getTime())) return "";
  const two = (number) => String(number).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The browser's offset from UTC at a moment, such as "+01:00". @param {number} unixSeconds */
export function utcOffset(unixSeconds) {
  const minutes = -new Date(unixSeconds * 1000).getTimezoneOffset();
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/**
 * Draw the time of a picture into it.
 *
 * @param {Blob} jpeg
 * @param {string} text
 * @returns {Promise<{jpeg: Blob, width: number, height: number}>} a new JPEG, upright
 * @throws {Error} when this browser cannot decode or encode it
 */
export async function stamped(jpeg, text) {
  const bitmap = await createImageBitmap(jpeg);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  const context = canvas.getContext("2d", { alpha: false });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  draw(context, text);
  const done = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  if (done === null) throw new Error("this browser made no JPEG of the picture");
  return { jpeg: done, width: canvas.width, height: canvas.height };
}

/** White on a dark ground, at the lower left. @param {CanvasRenderingContext2D} context @param {string} text */
function draw(context, text) {
  const { width, height } = context.canvas;
  const size = Math.max(SMALLEST_TEXT_PX, Math.round(Math.min(width, height) * TEXT_HEIGHT));
  context.font = `600 ${size}px ${FONT}`;
  context.textBaseline = "middle";
  const [margin, box] = [Math.round(size * 0.4), Math.round(size * 1.5)];
  context.fillStyle = "rgba(8, 11, 15, 0.68)";
  context.fillRect(margin, height - margin - box, context.measureText(text).width + size, box);
  context.fillStyle = "#fff";
  context.fillText(text, margin + size / 2, height - margin - box / 2);
}
