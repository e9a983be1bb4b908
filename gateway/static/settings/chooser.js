/** Which camera to add: one that is attached, with a preview, or one of the network by its URL. */

import { t } from "../words/words.js";
import { Refusal, request } from "./api.js";
import { action, field, make } from "./elements.js";

const NETWORK = "network";

/**
 * @param {(name: string, sizes: {size: string, fps: number}[]) => void} onChosen called with a name for what was chosen, and
 *   with the sizes that it offers
 * @returns {{element: HTMLElement, source: () => string}}
 */
export function chooser(onChosen) {
  const url = make("input", { type: "url", placeholder: "rtsp://user:password@192.168.1.20/stream1", autocomplete: "off", spellcheck: false });
  const trial = make("div", {});
  const found = make("div", { class: "choices" });
  const said = make("p", { class: "hint", role: "status" }, t("settings.looking"));
  const byUrl = make(
    "div",
    { class: "url", hidden: true },
    field(t("settings.url"), url, t("settings.urlHint")),
    action(t("settings.try"), () => showPreview(trial, url.value.trim())),
    trial,
  );
  const element = make("fieldset", {}, make("legend", {}, t("settings.which")), said, found, byUrl);

  const select = (value, name, sizes = []) => {
    for (const item of found.children) item.classList.toggle("chosen", item.querySelector("input").checked);
    byUrl.hidden = value !== NETWORK;
    url.required = value === NETWORK;
    onChosen(name, sizes);
  };
  const network = choice(NETWORK, t("settings.networkCamera"), "", () => select(NETWORK, t("settings.networkCamera")));
  const test = choice("testcard", t("settings.testcard"), "", () => select("testcard", t("settings.testcard")));
  found.append(network, test);

  look().catch((error) => {
    if (!(error instanceof Refusal)) throw error;
    said.textContent = error.message;
  });

  async function look() {
    const { cameras } = await request("GET", "/attached");
    const free = cameras.filter((camera) => !camera.used_by && !camera.problem);
    const problems = cameras.filter((camera) => camera.problem).map((camera) => camera.problem);
    said.textContent = [free.length ? t("settings.found", { n: free.length }) : t("settings.noneFree"), ...problems].join(" ");
    const made = free.map((camera) =>
      choice(camera.source, camera.name, sizesOf(camera), () => select(camera.source, camera.name, camera.sizes)),
    );
    found.prepend(...made);
    if (made.length && !chosen()) made[0].querySelector("input").click();
    for (const [index, camera] of free.entries()) await showPreview(made[index].querySelector(".shot"), camera.source);
  }

  const chosen = () => found.querySelector("input:checked")?.value;
  return {
    element,
    source() {
      const value = chosen();
      if (!value) throw new Refusal(t("settings.chooseOne"), "not-chosen", 400);
      return value === NETWORK ? url.value.trim() : value;
    },
  };
}

function choice(value, name, hint, onSelect) {
  const input = make("input", { type: "radio", name: "source", value });
  input.addEventListener("change", onSelect);
  return make(
    "label",
    { class: "choice" },
    input,
    make("span", { class: "shot" }),
    make("span", { class: "words" }, make("span", { class: "choice-name" }, name), hint && make("span", { class: "hint" }, hint)),
  );
}

function sizesOf(camera) {
  const offers = camera.sizes.slice(0, 3).map(offerOf);
  return offers.map((offer) => offer.replace(/ /g, "\u00a0")).join(", "); // lines break between them
}

/** Such as "1280x720 · 30 fps". @param {{size: string, fps: number}} offer 0 where the rate is unknown */
export function offerOf({ size, fps }) {
  return fps ? `${size} · ${t("camera.fps", { n: Math.floor(fps) })}` : size;
}

/** A picture of a camera, or the reason why there is none. @param {HTMLElement} place @param {string} source */
async function showPreview(place, source) {
  place.replaceChildren(make("span", { class: "hint" }, t("settings.trying")));
  try {
    const { jpeg, text } = await request("POST", "/preview", { source });
    const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    const canvas = make("canvas", { class: "preview", width: picture.width, height: picture.height, role: "img", "aria-label": text });
    canvas.getContext("2d").drawImage(picture, 0, 0);
    place.replaceChildren(canvas);
  } catch (error) {
    place.replaceChildren(make("span", { class: "hint warn" }, error.message));
  }
}
