/** One-time links: made, and shown with their QR code. */

import { copyOnClick } from "../clipboard.js";
import { t } from "../words/words.js";
import { timeOfDay } from "../words/format.js";
import { request } from "./api.js";
import { field, form, make } from "./elements.js";
import { qrCode } from "./qr-code.js";

const GUEST_MINUTES = 1440;

/** Make a link and show it in a place. @param {HTMLElement} place @param {object} wanted the body of the request */
export async function showLink(place, wanted) {
  const link = await request("POST", "/links", wanted);
  const url = make("input", { type: "url", readOnly: true, value: link.urls[0] });
  url.addEventListener("focus", () => url.select());
  place.replaceChildren(
    make(
      "div",
      { class: "made" },
      link.qr ? qrCode(link.qr, t("settings.qr")) : make("p", { class: "hint" }, t("settings.noQr")),
      field(t("settings.link"), url, t("settings.linkOnce", { time: timeOfDay(link.expires) })),
      copyButton(url),
      link.only_here && make("p", { class: "hint warn" }, t("settings.linkOnlyHere")),
    ),
  );
  url.focus();
}

/** What lets a friend watch one camera. @param {object} page @param {{name: string, title: string}} camera */
export function inviteForm(page, camera) {
  if (!page.overview.users.length) return make("p", { class: "panel" }, t("settings.needsUser"));
  const name = make("input", { value: `guest-${camera.name}`, maxLength: 64, required: true, autocomplete: "off" });
  const place = make("div", {});
  const send = () =>
    page.run(() => showLink(place, { guest: name.value.trim(), cameras: [camera.name], minutes: GUEST_MINUTES }));
  return make(
    "div",
    { class: "panel" },
    form(send, t("settings.makeLink"), field(t("settings.guestName"), name, t("settings.guestHint", { camera: camera.title }))),
    place,
  );
}

/** @param {HTMLInputElement} input what it copies the text of */
export function copyButton(input) {
  const button = make("button", { type: "button", class: "button" }, t("camera.copy"));
  copyOnClick(button, input);
  return button;
}
