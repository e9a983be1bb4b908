/** The link to a clip of recordings: where the time is wanted on pictures, the page draws it into the clip before it is saved. */

import { stampsPictures } from "../camera/timestamp.js";
import { getFile } from "../connection/fetched-file.js";
import { whileSaving } from "../reload.js";
import { saveFile } from "../save-file.js";
import { dataSize, fileName } from "../words/format.js";
import { t } from "../words/words.js";

/**
 * Draw the time into what a link saves, where that is wanted.
 *
 * @param {HTMLAnchorElement} link to a Matroska file
 * @param {string} camera
 * @param {(text: string, link?: HTMLAnchorElement) => void} say shows a sentence, and what may follow
 */
export function stampDownload(link, camera, say) {
  let isBusy = false;
  link.addEventListener("click", async (event) => {
    if (!stampsPictures() || !link.href) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try {
      say(...(await whileSaving(() => saved(link.href, camera, say))));
    } catch (error) {
      say(t("save.noClip", { error: error.message }));
    } finally {
      isBusy = false;
    }
  });
}

/** @param {string} url @param {string} camera @param {(text: string) => void} say @returns {Promise<[string, HTMLAnchorElement]>} what was saved */
async function saved(url, camera, say) {
  say(t("save.waiting"));
  const { blob, error } = await getFile(url);
  if (!blob) throw new Error(error);
  const { stampedClip } = await import("./stamped-clip.js");
  const clip = await stampedClip(blob, "mkv", (n) => say(t("save.drawing", { n })));
  const name = fileName(camera, new Date(Number(new URL(url).searchParams.get("from")) * 1000), "avi");
  return [t("save.clip", { name, size: dataSize(clip.size) }), saveFile(clip, name)];
}
