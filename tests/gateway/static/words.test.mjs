import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { load, PAGE } from "./load.mjs";

const english = (await load("words/en.js")).default;
const OTHERS = readdirSync(`${PAGE}words`)
  .map((file) => file.replace(".js", ""))
  .filter((name) => /^[a-z]{2,3}$/.test(name) && name !== "en");
const names = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const forms = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry));

/** All scripts and markup of the page, but the words. */
function sources() {
  const files = readdirSync(PAGE, { recursive: true }).filter((file) => /\.(js|html)$/.test(file) && !file.startsWith("words/"));
  return files.map((file) => readFileSync(`${PAGE}${file}`, "utf8")).join("\n") + readFileSync(`${PAGE}words/format.js`, "utf8");
}

test("there are other languages", () => {
  assert.deepEqual(OTHERS, ["de", "zh"]);
  assert.match(readFileSync(`${PAGE}words/words.js`, "utf8"), new RegExp(`OTHERS = \\["${OTHERS.join('", "')}"\\]`));
});

for (const language of OTHERS) {
  const words = (await load(`words/${language}.js`)).default;
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories.slice().sort();

  test(`${language} has exactly the keys of English`, () => {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(english).sort());
  });

  test(`${language} has the same values in each text, and each plural form`, () => {
    for (const [key, entry] of Object.entries(words)) {
      assert.equal(typeof entry, typeof english[key], key);
      for (const form of forms(entry)) assert.deepEqual(names(form), names(forms(english[key]).at(-1)), key);
      if (typeof entry === "object") assert.deepEqual(Object.keys(entry).sort(), categories, key);
    }
  });
}

test("each key that the page uses has a text", () => {
  const used = [...sources().matchAll(/(?:\bt\(|data-words(?:-title|-label|-group|-placeholder)?=)"([^"$]+)"/g)].map((match) => match[1]);
  assert.ok(used.length > 50);
  assert.deepEqual(used.filter((key) => !(key in english)), []);
});

test("each text is used by the page", () => {
  const all = sources();
  const prefixes = [...all.matchAll(/`([a-zA-Z]+\.(?:[a-zA-Z]+\.)*)\$\{/g)].map((match) => match[1]);
  const unused = Object.keys(english).filter((key) => !all.includes(`"${key}"`) && !prefixes.some((prefix) => key.startsWith(prefix)));
  assert.deepEqual(unused, []);
});

test("the browser's first language that there is counts", async () => {
  const { currentLanguage, loadWords, t } = await load("words/words.js");
  await loadWords(["tlh", "en-GB", "de"]);
  assert.equal(currentLanguage(), "en");
  await loadWords(["de-AT", "en"]);
  assert.deepEqual([currentLanguage(), t("page.summary", { n: 1 }), t("page.summary", { n: 3 })], ["de", "1 Kamera", "3 Kameras"]);
  const { age, frameRate } = await load("words/format.js");
  assert.deepEqual([age(1234), frameRate(1)], ["1,2 s alt", "1,0 fps"]);
  await loadWords(["zh-Hans-CN"]);
  assert.equal(t("page.summary", { n: 1 }), "1 个摄像头");
});
