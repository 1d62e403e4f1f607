// Runs before the first paint, so that a dark room is not lit up by a white page.
(function () {
  "use strict";
  var order = ["auto", "light", "dark"];
  var words = { auto: "as the device", light: "light", dark: "dark" };

  function chosen() {
    try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
  }
  function show(theme) {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
      button.textContent = "Colours: " + words[theme];
    });
  }
  function next() {
    var theme = order[(order.indexOf(chosen()) + 1) % order.length];
    try { localStorage.setItem("theme", theme); } catch { /* private window: this page only */ }
    show(theme);
  }
  show(chosen());
  document.addEventListener("DOMContentLoaded", function () { show(chosen()); });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-theme-switch]")) next();
  });
})();
