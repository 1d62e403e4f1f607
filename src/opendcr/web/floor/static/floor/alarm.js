// EMERGENCY on every other page, the sign-in included: the touch makes the report and sends it at once;
// the emergency screen takes it up, and sends it again if nobody answered (the same id does nothing twice).

import { measurePage, reading, steady } from "./clock.js";
import { h } from "./dom.js";
import { EMERGENCY, isShortcut, keysAreOn } from "./hotkeys.js";
import { csrfToken, makeCommand } from "./outbox.js";
import { randomHex } from "./uuid.js";

const HANDED_ON = "opendcr-emergency";
const AGAIN = 30000; // ms for which another touch means the emergency that is on its way already
const PATIENCE = 8000; // ms before another touch asks for the emergency screen anew

let left = -Infinity; // steady ms at which this page was last left for the emergency screen
const said = h("p", { class: "notice notice--refused", role: "alert" });

measurePage();
// Here somebody may have signed out or is about to sign in: other tabs ask who is there.
new BroadcastChannel("opendcr-session").postMessage("look");

/** Emergencies begun on other pages of this tab that no emergency screen has taken up. */
const kept = () => JSON.parse(sessionStorage.getItem(HANDED_ON) ?? "[]");

/** The same, for the emergency screen that takes them up now. */
export function handedOn() {
  const commands = kept();
  sessionStorage.removeItem(HANDED_ON);
  return commands;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-emergency]");
  if (!link) return;
  event.preventDefault();
  send(onItsWay() ?? begin(link.dataset.room), link.dataset.commands ?? "/api/commands");
  say("EMERGENCY noted, and being sent. The emergency screen comes as soon as the server answers. Do not wait for it.");
  if (steady() - left < PATIENCE) return;
  left = steady();
  location.assign(link.href);
});

function onItsWay() {
  const last = kept().at(-1);
  return last && Date.now() - Date.parse(last.tapped) < AGAIN ? last : null;
}

function begin(room) {
  const command = makeCommand("StartEmergency", { data: { emergency: `e-${randomHex(8)}` }, clock: reading(), room });
  sessionStorage.setItem(HANDED_ON, JSON.stringify([...kept(), command]));
  return command;
}

function send(command, address) {
  fetch(address, {
    method: "POST", keepalive: true, body: JSON.stringify(command),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
  }).catch(() => {});
}

function say(words) {
  if (!said.isConnected) document.querySelector("#main")?.before(said);
  said.textContent = words;
}

document.addEventListener("keydown", (event) => {
  if (event.key === EMERGENCY && isShortcut(event) && keysAreOn()) document.querySelector("[data-emergency]")?.click();
});
