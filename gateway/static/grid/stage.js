/**
 * Puts the tiles where layout.js says, in the window as it is now: all of them, one large with the others beside it, or one
 * after the other.
 */

import { fillingView } from "../camera/fullscreen.js";
import { heightOf, layoutAll, layoutLarge, layoutOne, reasonLinesIn, roomIn } from "./layout.js";
import { Rotation } from "./rotation.js";

const SHAPE_UNKNOWN = 16 / 9;
/** The sizes of one camera have not exactly one shape: what differs by less leaves the tiles where they are. */
const SAME_SHAPE = 0.02;
/** Pixels between two tiles, and at the edges of the window. */
const GAP = 6;
const WALL_GAP = 2;

export class Stage {
  #container;
  #cameras;
  #choices;
  #rotation = new Rotation();
  /** What the tiles were last laid out for. */
  #done = "";
  /** @type {Map<string, number>} the shapes that they were laid out for */
  #shapes = new Map();

  /**
   * @param {HTMLElement} container of the tiles
   * @param {import("./camera-list.js").CameraList} cameras
   * @param {import("./choices.js").Choices} choices
   * @param {() => void} onChoice called when a tile was made the large one
   */
  constructor(container, cameras, choices, onChoice) {
    this.#container = container;
    this.#cameras = cameras;
    this.#choices = choices;
    container.addEventListener("click", (event) => this.#onClick(event, onChoice), { capture: true });
  }

  /** Put the tiles where they belong now, which is mostly where they are. To be called several times a second. */
  refresh() {
    const all = this.#cameras.views;
    const views = all.filter((view) => !this.#choices.isHidden(view.dataset.camera));
    const names = views.map((view) => view.dataset.camera);
    const shapes = views.map((view) => this.#shapeOf(view));
    const [shown, next] = this.#inRotation(names);
    const large = Math.max(0, names.indexOf(this.#choices.large));
    const area = this.#area();
    // Of all views, as a new one has to be hidden, too.
    const every = all.map((view) => view.dataset.camera);
    const wanted = JSON.stringify([every, names, shapes, area, this.#choices.layout, large, shown, next]);
    if (wanted === this.#done) return;
    this.#done = wanted;
    const rects = this.#rects(shapes, area, large);
    for (const view of all) {
      const at = views.indexOf(view);
      view.hidden = at < 0 || (shown !== undefined && view.dataset.camera !== shown && view.dataset.camera !== next);
      // Beneath the one that is shown, it is watched and cannot be seen.
      view.classList.toggle("beneath", view.dataset.camera === next);
      view.classList.toggle("beside", this.#choices.layout === "large" && at !== large);
      if (!view.hidden) place(view, rects[at]);
    }
    this.#container.style.height = `${Math.max(area.height, heightOf(rects))}px`;
  }

  /** A small tile beside the large one takes its place. On a wall, no other touch leads anywhere. */
  #onClick(event, onChoice) {
    const view = event.target.closest(".beside");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!(view || isWall()) || !event.target.closest(".enlarge") || elsewhere || fillingView()) return;
    event.preventDefault();
    event.stopPropagation();
    if (!view) return;
    this.#choices.large = view.dataset.camera;
    onChoice();
  }

  /** @param {number[]} shapes @param {import("./layout.js").Area} area @param {number} large */
  #rects(shapes, area, large) {
    if (this.#choices.layout === "large" && shapes.length > 1) return layoutLarge(shapes, large, area);
    if (this.#choices.layout === "rotation") return shapes.map((shape) => layoutOne(shape, area));
    return layoutAll(shapes, area);
  }

  /** @param {string[]} names @returns {(string | null | undefined)[]} the cameras shown and made ready; nothing where all are shown */
  #inRotation(names) {
    if (this.#choices.layout !== "rotation") return [];
    const { shown, next } = this.#rotation.at(names, this.#choices.seconds, performance.now(), fillingView()?.dataset.camera);
    return [shown, next];
  }

  /** @param {import("../camera/camera-view.js").CameraView} view */
  #shapeOf(view) {
    const before = this.#shapes.get(view.dataset.camera) ?? SHAPE_UNKNOWN;
    const shape = view.shape ?? before;
    const kept = Math.abs(shape / before - 1) < SAME_SHAPE ? before : shape;
    this.#shapes.set(view.dataset.camera, kept);
    return kept;
  }

  /** What the window has for the tiles. */
  #area() {
    const below = parseFloat(getComputedStyle(document.body).paddingBottom) || 0;
    const height = innerHeight - this.#container.offsetTop - below;
    return { width: this.#container.clientWidth, height: Math.max(0, height), gap: isWall() ? WALL_GAP : GAP };
  }
}

function isWall() {
  return document.body.dataset.wall === "true";
}

/** @param {HTMLElement} view @param {import("./layout.js").Rect} rect */
function place(view, rect) {
  const { left, top, width, height } = rect;
  Object.assign(view.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  const room = roomIn(rect);
  view.dataset.size = room === "large" ? "large" : "small";
  view.classList.toggle("tiny", room === "tiny");
  view.style.setProperty("--reason-lines", String(reasonLinesIn(rect)));
}
