/** The cameras of framebus.toml: shown with a picture, changed, removed, and added. */

import { fetchApi, withToken } from "../connection/auth.js";
import { t } from "../words/words.js";
import { request } from "./api.js";
import { action, field, form, make } from "./elements.js";
import { inviteForm } from "./links.js";
import { nameFor } from "./camera-name.js";
import { chooser, offerOf } from "./chooser.js";
import { rateField } from "./rate-field.js";
import { isSameRate } from "./rates.js";

const STILL_RETRY_MS = 1500;
const STILL_TRIES = 20;
const TIMEOUT_MS = 5000;
const DEFAULT_SIZE = "1280x720";
/** As framebus has it (framebus.config.camera). */
const DEFAULT_FPS = 30;
const COMMON_SIZES = ["640x480", "1280x720", "1920x1080"];

/** @param {object} page */
export function configuredCameras(page) {
  const list = make("ul", { class: "list" }, ...page.overview.cameras.map((camera) => configured(page, camera)));
  showStills(list);
  return list;
}

function configured(page, camera) {
  const title = camera.title ?? camera.name;
  const more = make("div", {});
  const open = (content) => {
    more.replaceChildren(content);
    more.querySelector("input")?.focus();
  };
  return make(
    "li",
    { "data-camera": camera.name },
    make("img", { class: "preview", alt: "", width: 160, height: 90 }),
    make(
      "div",
      { class: "facts" },
      make("h3", {}, title),
      make("p", { class: "hint" }, camera.source, camera.here && ` · ${camera.size} · ${t("camera.fps", { n: camera.fps })}`),
      make("p", { class: "hint warn reason" }),
    ),
    make(
      "div",
      { class: "buttons" },
      named(action(t("settings.invite"), async () => open(inviteForm(page, { ...camera, title }))), title),
      named(action(t("settings.change"), async () => open(changeForm(page, camera))), title),
    ),
    more,
  );
}

/** Screen readers hear which camera a button is for. */
function named(button, title) {
  button.setAttribute("aria-label", `${button.textContent}: ${title}`);
  return button;
}

/** Show a still of each camera that gives pictures, and why one does not; a new one begins after a while. */
async function showStills(list) {
  for (let tries = 0; tries < STILL_TRIES; tries += 1) {
    const answer = await fetchApi("api/cameras", TIMEOUT_MS).catch(() => null);
    const { cameras } = answer?.ok ? await answer.json() : { cameras: [] };
    for (const camera of cameras) {
      const item = list.querySelector(`[data-camera="${camera.name}"]`);
      const image = item?.querySelector("img:not([src])");
      if (!image) continue;
      item.querySelector(".reason").textContent = camera.state === "offline" ? camera.reason : "";
      // The service of stills may learn of a new camera a moment later.
      image.onerror = () => image.removeAttribute("src");
      if (["live", "idle"].includes(camera.state)) image.src = withToken(`camera/${camera.name}/snapshot.jpg`).href;
    }
    await new Promise((resolve) => setTimeout(resolve, STILL_RETRY_MS));
    if (!list.isConnected || !list.querySelector("img:not([src])")) return;
  }
}

function changeForm(page, camera) {
  const title = make("input", { value: camera.title ?? "", placeholder: camera.name, maxLength: 64 });
  const source = make("input", { value: "", placeholder: camera.source, autocomplete: "off", spellcheck: false });
  const size = make("input", { value: camera.size, pattern: "[0-9]{2,4}x[0-9]{2,4}", required: true });
  const rate = rateField(camera.fps, true);
  const upsideDown = make("input", { type: "checkbox", checked: camera.orientation === 3 });
  const list = make("datalist", { id: `sizes-${camera.name}` });
  size.setAttribute("list", list.id);
  const offers = make("p", { class: "hint", role: "status" });
  showOffers(camera, list, offers).then((sizes) => {
    const offer = () => rate.offer(sizes.find((one) => one.size === size.value)?.rates ?? []);
    size.addEventListener("input", offer);
    offer();
  });
  const turnable = [1, 3].includes(camera.orientation);
  const save = () =>
    page.run(async () => {
      const values = { title: title.value.trim() || null };
      if (source.value.trim()) values.source = source.value.trim();
      if (size.value !== camera.size) values.size = size.value;
      if (!isSameRate(rate.value(), camera.fps)) values.fps = rate.value();
      if (turnable && upsideDown.checked !== (camera.orientation === 3)) values.orientation = upsideDown.checked ? 3 : 1;
      await request("PATCH", `/cameras/${camera.name}`, values);
      await page.refresh((overview) => overview.cameras.some((one) => one.name === camera.name && one.title === values.title));
      return t("settings.saved", { name: values.title ?? camera.name });
    });
  const remove = action(
    t("settings.remove"),
    () =>
      page.run(async () => {
        if (!confirm(t("settings.removeCamera", { camera: camera.title ?? camera.name }))) return;
        await request("DELETE", `/cameras/${camera.name}`);
        await page.refresh((overview) => !overview.cameras.some((one) => one.name === camera.name));
        return t("settings.removed", { name: camera.title ?? camera.name });
      }),
    "danger",
  );
  const picture = camera.here
    ? [
        field(t("settings.source"), source, t("settings.sourceHint")),
        field(t("settings.size"), size),
        list,
        offers,
        rate.element,
        turnable && field(t("settings.upsideDown"), upsideDown),
      ]
    : [];
  const made = form(save, t("settings.save"), field(t("settings.cameraTitle"), title), ...picture);
  made.querySelector(".buttons").append(remove);
  return make("div", { class: "panel" }, made);
}

/** Fill the list of sizes with what the camera offers, and return that. A network camera does not say. */
async function showOffers(camera, list, said) {
  const show = (sizes) => list.replaceChildren(...sizes.map((one) => make("option", { value: one.size, label: offerOf(one) })));
  show(COMMON_SIZES.map((size) => ({ size, fps: 0 })));
  if (!/^(auto|v4l2|picamera2)/.test(camera.source)) return [];
  const { cameras } = await request("GET", "/attached").catch(() => ({ cameras: [] }));
  const sizes = cameras.find((one) => one.used_by === camera.name)?.sizes ?? [];
  if (!sizes.length) return [];
  show(sizes);
  said.textContent = t("settings.offers", { sizes: sizes.map(offerOf).join(", ") });
  return sizes;
}

/** The button, and what it opens. */
export function addCamera(page) {
  const place = make("div", {});
  const open = async () => {
    place.replaceChildren(addForm(page));
    button.hidden = true;
  };
  const button = action(t("settings.addCamera"), open, "main");
  return make("div", {}, button, place);
}

function addForm(page) {
  const title = make("input", { maxLength: 64, required: true, value: t("settings.newCamera") });
  let touched = false;
  title.addEventListener("input", () => (touched = true));
  const size = make("select", {});
  const sizeField = field(t("settings.size"), size);
  const rate = rateField(DEFAULT_FPS, false);
  let offered = [];
  const offer = () => rate.offer(offered.find((one) => one.size === size.value)?.rates ?? []);
  size.addEventListener("change", offer);
  const choice = chooser((suggested, sizes) => {
    if (!touched && suggested) title.value = suggested;
    offered = sizes;
    sizeField.hidden = !sizes.length;
    rate.element.hidden = !sizes.length;
    const common = sizes.find((one) => one.size === DEFAULT_SIZE) ?? sizes[0];
    size.replaceChildren(
      ...sizes.map((one) => make("option", { value: one.size, selected: one === common }, offerOf(one))),
    );
    offer();
  });
  sizeField.hidden = true;
  rate.element.hidden = true;
  const add = () =>
    page.run(async () => {
      const source = choice.source();
      const name = nameFor(title.value, page.overview.cameras.map((camera) => camera.name));
      await request("POST", "/cameras", { name, source, title: title.value.trim(), ...choiceOf(size, rate) });
      await page.refresh((overview) => overview.cameras.some((camera) => camera.name === name));
      return t("settings.added", { name: title.value.trim() });
    });
  return make("div", { class: "panel" }, form(add, t("settings.add"), choice.element, sizeField, rate.element, field(t("settings.cameraTitle"), title)));
}

/** The keys of what was chosen; none where the camera does not say what it offers. @param {HTMLSelectElement} size */
function choiceOf(size, rate) {
  return size.value ? { size: size.value, ...(rate.value() !== DEFAULT_FPS && { fps: rate.value() }) } : {};
}
