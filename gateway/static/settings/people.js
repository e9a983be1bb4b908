/** Users, guests and programs: who may watch. */

import { t } from "../words/words.js";
import { timeOfDay } from "../words/format.js";
import { request } from "./api.js";
import { action, field, form, make } from "./elements.js";
import { copyButton, showLink } from "./links.js";

const MIN_PASSWORD = 8;
/** What the choices of the forms give. */
const RIGHTS = { all: null, watch: ["view", "snapshot"], control: ["view", "snapshot", "control"] };

/** @param {object} page */
export function people(page) {
  const { users, network } = page.overview;
  if (!users.length && !network.open) return make("p", { class: "hint" }, t("settings.noUsers"));
  return make("div", {}, make("ul", { class: "list" }, ...users.map((user) => account(page, user, "users"))), adder(t("settings.addUser"), () => userForm(page)));
}

/** Tokens of programs, and those that links have made for guests. @param {object} page */
export function programs(page) {
  const { tokens } = page.overview;
  return make(
    "div",
    {},
    make("p", { class: "hint" }, t("settings.programsHint")),
    make("ul", { class: "list" }, ...tokens.map((token) => account(page, token, "tokens"))),
    page.overview.users.length > 0 && adder(t("settings.addToken"), () => tokenForm(page)),
  );
}

function account(page, one, kind) {
  const place = make("div", {});
  const waiting = page.overview.links.filter((link) => link.name === one.name && `${link.kind}s` === kind);
  const waitsUntil = Math.max(0, ...waiting.map((link) => link.expires));
  const remove = () =>
    page.run(async () => {
      if (!confirm(t("settings.removeAccount", { name: one.name }))) return;
      await request("DELETE", `/${kind}/${encodeURIComponent(one.name)}`);
      await page.refresh();
      return t("settings.removed", { name: one.name });
    });
  const link = () => page.run(() => showLink(place, { user: one.name }));
  const removing = action(t(kind === "users" ? "settings.remove" : "settings.revoke"), remove, "danger");
  removing.setAttribute("aria-label", `${removing.textContent}: ${one.name}`);
  return make(
    "li",
    { "data-account": one.name },
    make(
      "div",
      { class: "facts" },
      make("h3", {}, one.name),
      make("p", { class: "hint" }, rightsOf(one)),
      one.used && make("p", { class: "hint" }, t("settings.used", { time: timeOfDay(one.used) })),
      waitsUntil > 0 && make("p", { class: "hint" }, t("settings.linkWaits", { time: timeOfDay(waitsUntil) })),
    ),
    make("div", { class: "buttons" }, kind === "users" && action(t("settings.linkFor"), link), removing),
    place,
  );
}

/** Such as "view, snapshot · garden". */
function rightsOf({ scopes, cameras }) {
  const what = scopes.includes("admin") ? t("settings.everything") : scopes.join(", ");
  return `${what} · ${cameras ? cameras.join(", ") : t("page.home")}`;
}

function adder(text, makeForm) {
  const place = make("div", {});
  const button = action(text, async () => {
    button.hidden = true;
    place.replaceChildren(make("div", { class: "panel" }, makeForm()));
    place.querySelector("input").focus();
  });
  return make("div", {}, button, place);
}

/** @param {object} page @param {{first?: boolean}} [options] the first user may do everything */
export function userForm(page, { first = false } = {}) {
  const name = make("input", { autocomplete: "username", required: true, maxLength: 64, autocapitalize: "none", spellcheck: false });
  const password = make("input", { type: "password", autocomplete: "new-password", required: true, minLength: MIN_PASSWORD });
  const rights = select({ all: "settings.everything", control: "settings.watchAndControl", watch: "settings.watchOnly" });
  rights.value = "watch";
  const send = () =>
    page.run(async () => {
      const scopes = first ? null : RIGHTS[rights.value];
      await request("PUT", `/users/${encodeURIComponent(name.value.trim())}`, {
        password: password.value,
        ...(scopes ? { scopes } : {}),
      });
      if (first) page.me = { kind: "user", name: name.value.trim() };
      await page.refresh();
      return t("settings.canLogIn", { name: name.value.trim() });
    });
  return form(
    send,
    t(first ? "settings.setPassword" : "settings.addUser"),
    field(t("settings.userName"), name),
    field(t("settings.password"), password, t("settings.passwordHint", { n: MIN_PASSWORD })),
    !first && field(t("settings.may"), rights),
  );
}

function tokenForm(page) {
  const name = make("input", { required: true, maxLength: 64, autocomplete: "off", placeholder: "octoprint" });
  const camera = make(
    "select",
    {},
    make("option", { value: "" }, t("page.home")),
    ...page.overview.cameras.map((one) => make("option", { value: one.name }, one.title ?? one.name)),
  );
  const place = make("div", {});
  const send = () =>
    page.run(async () => {
      const cameras = camera.value ? [camera.value] : null;
      const { token } = await request("POST", "/tokens", { name: name.value.trim(), scopes: RIGHTS.watch, cameras });
      const shown = make("input", { readOnly: true, value: token });
      place.replaceChildren(make("div", { class: "made" }, field(t("settings.token"), shown, t("settings.tokenOnce")), copyButton(shown)));
      return t("settings.tokenMade", { name: name.value.trim() });
    });
  return make("div", {}, form(send, t("settings.addToken"), field(t("settings.programName"), name), field(t("settings.camera"), camera)), place);
}

function select(choices) {
  return make("select", {}, ...Object.entries(choices).map(([value, key]) => make("option", { value }, t(key))));
}
