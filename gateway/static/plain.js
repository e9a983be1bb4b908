/**
 * Shows the plain page, which is in <noscript>, where app.js did not run: in browsers that do not understand it, as Chromium
 * 83 and older. For their sake this is ECMAScript 5.
 */

(function () {
  "use strict";

  var STILL_EVERY_MS = 5000;

  /** Ask for new stills. */
  function reload() {
    var stills = document.querySelectorAll("img[data-still]");
    for (var at = 0; at < stills.length; at += 1) {
      var url = stills[at].getAttribute("data-still");
      // Stills have no parameter of this name: it is ignored, and makes the address a new one for the browser.
      stills[at].src = url + "&now=" + Date.now();
    }
  }

  window.addEventListener("load", function () {
    // Modules have run, or failed, before this event; the last thing that app.js does is to set this.
    if (document.body.getAttribute("data-page")) return;
    var plain = document.createElement("div");
    // A browser that runs scripts takes the content of <noscript> for text. It comes from the gateway, as this script does.
    plain.innerHTML = document.querySelector("noscript").textContent;
    document.body.appendChild(plain);
    setInterval(reload, STILL_EVERY_MS);
  });
})();
