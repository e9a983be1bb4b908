/**
 * The settings: reads /api/settings and shows it, in sections that are rebuilt after each change. A refusal is shown in the
 * words of the server.
 */

import { fetchApi, withToken } from "../connection/auth.js";
import { currentLanguage, fillWords, loadWords, t } from "../words/words.js";
import { Refusal, request } from "./api.js";
import { action, make } from "./elements.js";
import { addCamera, configuredCameras } from "./cameras.js";
import { network } from "./network.js";
import { people, programs } from "./people.js";

const RETRY_MS = 1000;
const TIMEOUT_MS = 5000;
/** How long a change may take to be seen: framebus follows its configuration once a second, and may restart the gateway. */
const TRIES = 20;

const place = (selector) => document.querySelector(selector);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the sections share. */
const page = {
  /** The last answer of the server. */
  overview: null,
  /** @type {{kind: string, name: string}} who uses the page */
  me: { kind: "", name: "" },

  /** Do something, and say what was done or why not. @param {() => Promise<string | void>} work */
  async run(work) {
    place(".wrong").textContent = place(".said").textContent = "";
    try {
      const said = await work();
      if (!said) return;
      place(".said").textContent = said;
      if (document.activeElement === document.body) place(".said").focus(); // the element that had it was replaced
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      place(".wrong").textContent = error.message;
      place(".wrong").scrollIntoView({ block: "nearest" });
      if (error.code === "changed" || error.code === "edited") await page.refresh();
    }
  },

  /** Read the settings again and show them. @param {(overview: object) => boolean} [isThere] waits until this holds */
  async refresh(isThere = () => true) {
    for (let tries = 1; ; tries += 1) {
      try {
        page.overview = await request("GET");
        if (isThere(page.overview) || tries >= TRIES) break;
      } catch (error) {
        if (error.status !== 0 || tries >= TRIES) throw error; // 0: the gateway restarts
      }
      await pause(RETRY_MS);
    }
    show();
  },
};

function show() {
  place(".notices").replaceChildren(...notices());
  place(".configured").replaceChildren(configuredCameras(page));
  place(".adding").replaceChildren(addCamera(page));
  place(".network").replaceChildren(network(page));
  place(".people").replaceChildren(people(page));
  place(".programs").replaceChildren(programs(page));
}

function notices() {
  const found = [];
  const { overview } = page;
  if (overview.read_only) {
    found.push(
      make(
        "div",
        { class: "notice" },
        make("p", {}, t("settings.readOnly", { reason: overview.read_only })),
        make("p", {}, make("code", {}, "sudo framebus camera add NAME source=…")),
      ),
    );
  }
  if (overview.edited) {
    const apply = () =>
      page.run(async () => {
        await request("POST", "/reload", {});
        await page.refresh((overview) => !overview.edited);
        return t("settings.applied");
      });
    found.push(
      make("div", { class: "notice" }, make("p", {}, t("settings.edited", { file: overview.file })), action(t("settings.apply"), apply)),
    );
  }
  if (!overview.network.private) found.push(make("p", { class: "notice" }, t("settings.notPrivate")));
  return found;
}

async function start() {
  await loadWords();
  document.documentElement.lang = currentLanguage();
  document.title = `${t("settings.title")} · framebus`;
  fillWords(document);
  place(".home").href = withToken("./").href;
  await page.run(async () => {
    page.me = await (await fetchApi("api/me", TIMEOUT_MS)).json();
    await page.refresh();
  });
  document.body.dataset.ready = "";
}

start();
