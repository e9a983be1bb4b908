/**
 * The login page in a frame of another site: over plain http browsers keep no cookie there, so a login would lead back to
 * the form without a word. Says so, and what works instead.
 */

const above = location.ancestorOrigins?.[0];
const sameHost = above !== undefined && URL.canParse(above) && new URL(above).hostname === location.hostname;

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
