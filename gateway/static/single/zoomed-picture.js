/** The picture of one camera, zoomed and moved. While it is, the camera is asked for full size. */

import { panBy, transformOf, WHOLE, within, zoomAt } from "./zoom.js";

export class ZoomedPicture {
  #view;
  #picture;
  #canvas;
  #onChange;
  /** @type {import("./zoom.js").Zoom} */
  #zoom = WHOLE;
  /** Size of the box and of the picture when the zoom was last applied. */
  #applied = "";

  /** @param {import("../camera/camera-view.js").CameraView} view @param {() => void} onChange the scale has changed */
  constructor(view, onChange) {
    this.#view = view;
    this.#picture = view.querySelector(".picture");
    this.#canvas = view.querySelector("canvas");
    this.#onChange = onChange;
  }

  get scale() {
    return this.#zoom.scale;
  }

  /** @param {number} factor @param {import("./zoom.js").Point | null} [at] what stays in place; the middle when left out */
  zoomBy(factor, at = null) {
    const box = this.#box;
    this.#set(zoomAt(this.#zoom, factor, at ?? { x: box.width / 2, y: box.height / 2 }, box));
  }

  /** @param {number} right pixels @param {number} down pixels */
  panBy(right, down) {
    this.#set(panBy(this.#zoom, right, down, this.#box));
  }

  /** Move by a part of what is seen. @param {number} x how much farther to the right is seen @param {number} y farther down */
  look(x, y) {
    this.panBy(-x * this.#picture.clientWidth, -y * this.#picture.clientHeight);
  }

  /** Show the whole picture. */
  reset() {
    this.#set(WHOLE);
  }

  /** The box or the picture may have another size; to be called several times a second. */
  refresh() {
    if (this.scale !== 1 && this.#applied !== this.#sizes) this.#set(within(this.#zoom, this.#box));
  }

  /** @param {import("./zoom.js").Zoom} zoom */
  #set(zoom) {
    this.#zoom = zoom;
    this.#applied = this.#sizes;
    this.#canvas.style.transform = transformOf(zoom, this.#box);
    this.#picture.dataset.zoomed = String(zoom.scale > 1);
    this.#view.detailed = zoom.scale > 1;
    this.#onChange();
  }

  get #box() {
    const { clientWidth, clientHeight } = this.#picture;
    return { width: clientWidth, height: clientHeight, ratio: this.#canvas.width / this.#canvas.height };
  }

  get #sizes() {
    return JSON.stringify(this.#box);
  }
}
