/**
 * Shows the plain page, which is in <noscript>, where app.js did not run: in browsers that do not understand it, as Chromium
 * 83 and older. Also there, `?wall` shows nothing but pictures. For their sake this is ECMAScript 5.
 */

(function () {
  "use strict";

  var STILL_EVERY_MS = 5000;
  /** A stream that was cut off by a proxy ends without an event. */
  var STREAM_EVERY_MS = 600000;
  var RETRY_MS = 2000;
  /** The server sends a status each second. */
  var SILENCE_MS = 8000;
  var WIDE = 16 / 9;

  /** Load images again, as their addresses have a new parameter: the server ignores it. */
  function renew(selector, attribute) {
    var images = document.querySelectorAll(selector);
    for (var at = 0; at < images.length; at += 1) load(images[at], attribute);
  }

  function load(image, attribute) {
    image.src = image.getAttribute(attribute) + "&now=" + Date.now();
  }

  /** A camera that is off answers with an error: ask it again. Stills are asked for anyway. */
  function onError(event) {
    if (!event.target.getAttribute("data-stream")) return;
    setTimeout(function () {
      load(event.target, "data-stream");
    }, STILL_EVERY_MS);
  }

  /** Ask for new stills. */
  function reload() {
    renew("img[data-still]", "data-still");
  }

  function renewStreams() {
    renew("img[data-stream]", "data-stream");
  }

  function parameter(name) {
    var found = new RegExp("[?&]" + name + "(?:=([^&]*))?(?:&|$)").exec(location.search);
    return found ? found[1] || "" : null;
  }

  /** Place the pictures: in as many columns as make them largest. */
  function arrange() {
    var figures = document.querySelectorAll(".plain-camera");
    var best = { height: 0, columns: 1, rows: 1 };
    for (var columns = 1; columns <= figures.length; columns += 1) {
      var rows = Math.ceil(figures.length / columns);
      var height = Math.min(window.innerHeight / rows, window.innerWidth / columns / WIDE);
      if (height > best.height) best = { height: height, columns: columns, rows: rows };
    }
    for (var at = 0; at < figures.length; at += 1) {
      var style = figures[at].style;
      style.width = 100 / best.columns + "%";
      style.height = 100 / best.rows + "%";
      style.left = ((at % best.columns) * 100) / best.columns + "%";
      style.top = (Math.floor(at / best.columns) * 100) / best.rows + "%";
    }
  }

  /** A stream that has broken says nothing. The websocket does: while it is closed, no picture is shown. */
  function watchServer() {
    var token = parameter("token");
    var base = document.baseURI.replace(/^http/, "ws").replace(/[?#].*$/, "").replace(/[^/]*$/, "");
    var socket = new WebSocket(base + "ws" + (token ? "?token=" + token : ""), "framebus.v1");
    var heard = Date.now();
    var checking = setInterval(function () {
      if (Date.now() - heard > SILENCE_MS) lost();
    }, RETRY_MS);
    function lost() {
      if (socket === null) return;
      clearInterval(checking);
      socket.onclose = socket.onmessage = null;
      socket.close();
      socket = null;
      document.body.setAttribute("data-plain-lost", "true");
      setTimeout(watchServer, RETRY_MS);
    }
    socket.onclose = lost;
    socket.onmessage = function () {
      heard = Date.now();
      if (document.body.getAttribute("data-plain-lost") !== "true") return;
      document.body.setAttribute("data-plain-lost", "false");
      renewStreams();
      reload();
    };
  }

  window.addEventListener("load", function () {
    // Modules have run, or failed, before this event; app.js sets this.
    if (document.body.getAttribute("data-page")) return;
    var plain = document.createElement("div");
    plain.addEventListener("error", onError, true); // it does not bubble
    // A browser that runs scripts takes the content of <noscript> for text. It comes from the gateway, as this script does.
    plain.innerHTML = document.querySelector("noscript").textContent;
    document.body.appendChild(plain);
    setInterval(reload, STILL_EVERY_MS);
    setInterval(renewStreams, STREAM_EVERY_MS);
    watchServer();
    if (parameter("wall") === null) return;
    document.body.setAttribute("data-plain-wall", "");
    arrange();
    window.addEventListener("resize", arrange);
  });
})();
