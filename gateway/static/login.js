/**
 * Puts the texts of the browser's language into the login page, and warns where the page is in a frame of another site: over
 * plain http, browsers keep no cookie there, so that a login would lead back to the form without a message.
 */

import { currentLanguage, fillWords, loadWords } from "./words/words.js";

const parentOrigin = location.ancestorOrigins?.[0];
const sameHost = parentOrigin !== undefined && hostOf(parentOrigin) === location.hostname;

/** @param {string} origin @returns {string | null} null for an origin without a host, which is "null" */
function hostOf(origin) {
  try {
    return new URL(origin).hostname;
  } catch {
    return null; // not URL.canParse: Chromium has it since 120
  }
}

/** Whether a page of another origin holds this one in a frame. */
function isInForeignFrame() {
  try {
    return window.top.location.origin !== location.origin;
  } catch {
    return true; // the browser does not let us look at another site's page
  }
}

if (location.protocol === "http:" && isInForeignFrame() && !sameHost) {
  document.querySelector(".login-frame").hidden = false;
}

loadWords().then(() => {
  document.documentElement.lang = currentLanguage();
  fillWords(document);
});
