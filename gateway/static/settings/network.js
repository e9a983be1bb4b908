/** Whether other devices may connect, and the link for the own phone. */

import { t } from "../words/words.js";
import { request } from "./api.js";
import { action, make } from "./elements.js";
import { showLink } from "./links.js";
import { userForm } from "./people.js";

/** @param {object} page */
export function network(page) {
  const { network, users } = page.overview;
  if (!users.length && !network.open) {
    return make("div", {}, make("p", {}, t("settings.needsUser")), userForm(page, { first: true }));
  }
  const qr = make("div", {});
  const set = (open) =>
    page.run(async () => {
      await request("PUT", "/network", { open });
      await page.refresh((overview) => overview.network.open === open);
      return t(open ? "settings.isOpen" : "settings.isClosed");
    });
  const close = async () => {
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
    if (here || confirm(t("settings.closeWarning"))) await set(false);
  };
  const phoneUser = page.me.kind === "user" ? page.me.name : users[0]?.name;
  const phone = () => page.run(() => showLink(qr, { user: phoneUser }));
  return make(
    "div",
    {},
    make("p", {}, t(network.open ? "settings.isOpen" : "settings.isClosed")),
    network.open && make("ul", { class: "addresses" }, ...network.pages.map((url) => make("li", {}, make("a", { href: url }, url)))),
    make(
      "div",
      { class: "buttons" },
      network.open ? action(t("settings.close"), close) : action(t("settings.open"), () => set(true), "main"),
      phoneUser && action(t("settings.phone"), phone),
    ),
    qr,
  );
}
