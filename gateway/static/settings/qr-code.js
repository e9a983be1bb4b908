/** Draws a QR code from the rows that the server sends, black on white in any colour scheme. */

/** Light modules around the code (ISO/IEC 18004, section 6.3.8). */
const QUIET = 4;
const PIXELS = 6;

/** @param {string[]} rows of 0 and 1 @param {string} label for screen readers */
export function qrCode(rows, label) {
  const side = rows.length + 2 * QUIET;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side * PIXELS;
  canvas.className = "qr-code";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] === "1") context.fillRect((x + QUIET) * PIXELS, (y + QUIET) * PIXELS, PIXELS, PIXELS);
    }
  });
  return canvas;
}
