/**
 * The picture in a small window above all others, also while the page is in another tab: a canvas as a film. What is not live says
 * so in that window as well.
 */

/** Heights of the text, as parts of the picture's height. */
const TEXT = 0.07;
const LIVE = ["live", "behind", "stills"];

export class PictureInPicture {
  #canvas = document.createElement("canvas");
  #context = this.#canvas.getContext("2d", { alpha: false });
  #video = document.createElement("video");
  /** @type {import("../camera/camera-view.js").CameraView | null} */
  #view = null;
  #observer = new MutationObserver(() => this.#draw());
  #onChange;
  #onDrawn = () => this.#draw();

  /** @param {() => void} onChange the window was opened or closed */
  constructor(onChange) {
    this.#onChange = onChange;
    Object.assign(this.#video, { muted: true, playsInline: true });
    this.#video.addEventListener("leavepictureinpicture", () => this.#stop());
  }

  /** Whether the browser has it, for a canvas. */
  static get isSupported() {
    return Boolean(document.pictureInPictureEnabled && HTMLCanvasElement.prototype.captureStream);
  }

  get isOpen() {
    return document.pictureInPictureElement === this.#video;
  }

  /** Show this camera from now on. @param {import("../camera/camera-view.js").CameraView | null} view */
  show(view) {
    this.#view?.removeEventListener("drawn", this.#onDrawn);
    this.#observer.disconnect();
    this.#view = view;
    if (!view || !this.#video.srcObject) return;
    view.addEventListener("drawn", this.#onDrawn);
    this.#observer.observe(view, { attributes: true, attributeFilter: ["data-state"] });
    this.#draw();
  }

  /** Open or close the window. @returns {Promise<string>} why it was not opened; empty where all is well */
  async toggle() {
    try {
      if (this.isOpen) await document.exitPictureInPicture();
      else await this.#open();
      return "";
    } catch (error) {
      this.#stop();
      return error.message;
    }
  }

  async #open() {
    this.#video.srcObject = this.#canvas.captureStream();
    this.show(this.#view);
    await this.#video.play();
    await this.#video.requestPictureInPicture();
    this.#onChange();
  }

  #stop() {
    for (const track of this.#video.srcObject?.getTracks() ?? []) track.stop();
    this.#video.srcObject = null;
    this.show(this.#view);
    this.#onChange();
  }

  #draw() {
    const picture = this.#view.querySelector("canvas");
    const { width, height } = picture;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const isLive = LIVE.includes(this.#view.dataset.state);
    this.#context.globalAlpha = isLive ? 1 : 0.4;
    if (!isLive) this.#context.clearRect(0, 0, width, height);
    this.#context.drawImage(picture, 0, 0);
    this.#context.globalAlpha = 1;
    if (this.#view.dataset.state !== "live") this.#drawText(this.#view.querySelector(".badge-text").textContent, isLive);
  }

  /** @param {string} text @param {boolean} isLive whether it is only a remark */
  #drawText(text, isLive) {
    const size = Math.max(12, this.#canvas.height * TEXT);
    const y = isLive ? size : this.#canvas.height / 2;
    Object.assign(this.#context, { font: `${size}px sans-serif`, textAlign: "center", textBaseline: "middle", lineWidth: size / 5 });
    this.#context.strokeStyle = "#000";
    this.#context.fillStyle = "#fff";
    this.#context.strokeText(text, this.#canvas.width / 2, y);
    this.#context.fillText(text, this.#canvas.width / 2, y);
  }
}
