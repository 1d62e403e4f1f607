// One key for each thing that is done all day; the list is under "?". They can be switched off.

import { h } from "./dom.js";
import { figures } from "./figures.js";
import { EMERGENCY, isShortcut, keysAreOn, switchKeys } from "./hotkeys.js";
import { closePanel, group, openPanel, panelIsOpen } from "./panel.js";
import { testSound } from "./sound.js";

/** @param {Object<string, {words: string, run: () => void}>} keys by `event.key` */
export function listenForKeys(keys, openBooth) {
  document.addEventListener("keydown", (event) => {
    if (!isShortcut(event)) return;
    if (event.key === "?") return showKeys(keys);
    if (!keysAreOn() || (panelIsOpen() && event.key !== EMERGENCY)) return;
    if (/^[1-9]$/.test(event.key)) return openBooth(Number(event.key));
    const key = keys[event.key] ?? (event.shiftKey ? null : keys[event.key.toLowerCase()]);
    if (key) {
      event.preventDefault();
      key.run();
    }
  });
}

/** The list of keys, the sound's test, the switch. */
export function showKeys(keys) {
  const all = [...Object.entries(keys).map(([key, { words }]) => [key === key.toUpperCase() && key !== "?" ? `Shift + ${key}` : key.toUpperCase(), words]),
    ["1 to 9", "open a booth"], ["Esc", "close a panel"], ["?", "this list"]];
  openPanel("Keys and sound",
    h("dl", { class: "keylist" }, ...all.map(([key, words]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)))),
    figures(),
    group("Sound", plain("Test the emergency sound", testSound)),
    group("Settings", plain(keysAreOn() ? "Switch the keys off" : "Switch the keys on", () => {
      switchKeys();
      closePanel();
    }), h("button", { type: "button", class: "choice", "data-theme-switch": true }, "Colours")));
}

const plain = (words, run) => h("button", { type: "button", class: "choice", on: { click: run } }, words);
