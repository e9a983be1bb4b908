/**
 * What the page shows where no websocket gets through: the MJPEG streams of the first cameras, and stills of the others.
 * Browsers open six connections to a host: five are for streams, and one is left for stills and everything else.
 */

import { MultipartReader } from "./multipart.js";
import { REQUEST_HEADERS, withToken } from "./auth.js";

const STREAMS = 5;
const STILL_EVERY_MS = 3000;
const STILL_TIMEOUT_MS = 10_000;
const RETRY_MS = 2000;
/** A tile keeps its stream unless it becomes wider by this, or half as wide: the first picture tells how wide it is in its tile. */
const WIDTH_STEP = 1.25;

/** @typedef {import("../camera/camera-view.js").CameraView} CameraView */

export class Fallback {
  /** @type {Map<CameraView, Stream>} */
  #streams = new Map();
  /** @type {Map<CameraView, number>} when each still was last asked for */
  #stills = new Map();
  /** @type {{view: CameraView, abort: AbortController} | null} the still that is on its way */
  #fetching = null;

  /** Show these views, the first ones as streams; none ends it. @param {CameraView[]} views @param {number} now */
  show(views, now) {
    const streamed = new Set(views.slice(0, STREAMS));
    for (const [view, stream] of this.#streams) {
      if (streamed.has(view) && stream.fits(view.wanted.width)) continue;
      stream.close();
      this.#streams.delete(view);
    }
    for (const view of streamed) if (!this.#streams.has(view)) this.#streams.set(view, new Stream(view));
    const others = views.slice(STREAMS);
    for (const view of this.#stills.keys()) if (!others.includes(view)) this.#endStills(view);
    for (const view of others) {
      view.stills = true;
      if (!this.#stills.has(view)) this.#stills.set(view, -Infinity);
    }
    this.#nextStill(others, now);
  }

  /** @param {CameraView} view */
  #endStills(view) {
    view.stills = false;
    this.#stills.delete(view);
    // It would be drawn over newer pictures, of the websocket or of a stream.
    if (this.#fetching?.view === view) this.#fetching.abort.abort();
  }

  /** One still at a time, of the camera that has waited longest. @param {CameraView[]} views @param {number} now */
  async #nextStill(views, now) {
    const asked = (view) => this.#stills.get(view);
    const next = [...views].sort((one, other) => asked(one) - asked(other))[0];
    if (this.#fetching || next === undefined || now - asked(next) < STILL_EVERY_MS) return;
    this.#fetching = { view: next, abort: new AbortController() };
    this.#stills.set(next, now);
    await fetchStill(next, this.#fetching.abort);
    this.#fetching = null;
  }
}

/** A camera's MJPEG stream, opened again whenever it ends. */
class Stream {
  #view;
  /** @type {number | undefined} undefined for full size */
  #width;
  #closed = false;
  #abort = new AbortController();
  #timer = 0;

  /** @param {CameraView} view */
  constructor(view) {
    this.#view = view;
    this.#width = view.wanted.width;
    this.#read();
  }

  /** Whether the stream suits a tile of this width. @param {number | undefined} width undefined for full size */
  fits(width) {
    if (width === undefined || this.#width === undefined) return width === this.#width;
    return width < this.#width * WIDTH_STEP && width > this.#width / 2;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #read() {
    try {
      const url = withToken(`camera/${this.#view.dataset.camera}/stream.mjpg`);
      if (this.#width !== undefined) url.searchParams.set("width", String(this.#width));
      const response = await fetch(url, { cache: "no-store", headers: REQUEST_HEADERS, signal: this.#abort.signal });
      if (response.ok) await this.#show(response.body.getReader());
    } catch (error) {
      if (!this.#closed) console.warn(`framebus: a stream ended: ${error}`);
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.#read(), RETRY_MS);
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  async #show(reader) {
    const parts = new MultipartReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#closed) return;
      // Of several that came together, the newest counts.
      const picture = parts.push(value).pop();
      if (picture) this.#view.offerPlain(picture.body, picture.captured);
    }
  }
}

/** @param {CameraView} view @param {AbortController} abort */
async function fetchStill(view, abort) {
  const timer = setTimeout(() => abort.abort(), STILL_TIMEOUT_MS);
  try {
    const url = withToken(`camera/${view.dataset.camera}/snapshot.jpg`);
    const { width } = view.wanted;
    if (width !== undefined) url.searchParams.set("width", String(width));
    const response = await fetch(url, { cache: "no-store", headers: REQUEST_HEADERS, signal: abort.signal });
    const captured = Number(response.headers.get("X-Timestamp") ?? NaN);
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.ok && !abort.signal.aborted) view.offerPlain(body, Number.isNaN(captured) ? null : captured);
  } catch {
    // The next one is tried in a moment; the state of the camera comes from /api/cameras.
  } finally {
    clearTimeout(timer);
  }
}
