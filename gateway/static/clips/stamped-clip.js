/** Draws the time of each picture into a clip, as it is drawn into stills. */

import { stamped, stampText } from "../camera/timestamp.js";
import { t } from "../words/words.js";
import { aviFrames, aviOf } from "./avi.js";
import { matroskaFrames } from "./matroska.js";

/** Five minutes at 30 pictures a second, and a little more; a browser draws some 50 a second. */
const MOST_PICTURES = 10_000;
/** Pictures that are decoded and encoded at the same time: browsers do that beside the page. */
const AT_ONCE = 4;
const STEPS = 10;

/**
 * Make a clip with the time in each picture.
 *
 * @param {Blob} clip
 * @param {"avi" | "mkv"} kind
 * @param {(percent: number) => void} onProgress how much is done, in steps that a screen reader can say
 * @returns {Promise<Blob>} an AVI
 * @throws {Error} with a part of a sentence for people, when there is none
 */
export async function stampedClip(clip, kind, onProgress) {
  const frames = kind === "avi" ? await aviFrames(clip) : await matroskaFrames(clip);
  if (frames.length > MOST_PICTURES) throw new Error(t("save.tooMany", { n: MOST_PICTURES }));
  const drawn = new Array(frames.length).fill(null);
  const step = Math.ceil(frames.length / STEPS);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < frames.length) {
      const at = next;
      next += 1;
      drawn[at] = await drawnFrame(frames[at]);
      done += 1;
      if (done % step === 0) onProgress(Math.round((100 * done) / frames.length));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const good = drawn.filter((frame) => frame !== null);
  if (good.length === 0) throw new Error(t("save.noPicture"));
  const { width, height } = good[0];
  return aviOf(good.filter((frame) => frame.width === width && frame.height === height), width, height);
}

/** One that cannot be decoded is left out. @param {import("./avi.js").ClipFrame} frame */
async function drawnFrame({ jpeg, captured }) {
  try {
    return { ...(await stamped(jpeg, stampText(captured))), captured };
  } catch {
    return null;
  }
}
