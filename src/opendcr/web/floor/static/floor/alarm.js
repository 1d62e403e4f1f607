// EMERGENCY on every other page, the sign-in included: the touch makes the report and sends it at once;
// the emergency screen takes it up, and sends it again if nobody answered (the same id does nothing twice).

import { measurePage, reading } from "./clock.js";
import { EMERGENCY, isShortcut, keysAreOn } from "./hotkeys.js";
import { csrfToken, makeCommand } from "./outbox.js";
import { randomHex } from "./uuid.js";

export const HANDED_ON = "opendcr-emergency";

measurePage();
// Here somebody may have signed out or is about to sign in: other tabs ask who is there.
new BroadcastChannel("opendcr-session").postMessage("look");

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-emergency]");
  if (!link) return;
  event.preventDefault();
  const command = makeCommand("StartEmergency", { data: { emergency: `e-${randomHex(8)}` }, clock: reading(), room: link.dataset.room });
  sessionStorage.setItem(HANDED_ON, JSON.stringify(command));
  fetch(link.dataset.commands ?? "/api/commands", {
    method: "POST", keepalive: true, body: JSON.stringify(command),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
  }).catch(() => {});
  location.assign(link.href);
});

document.addEventListener("keydown", (event) => {
  if (event.key === EMERGENCY && isShortcut(event) && keysAreOn()) document.querySelector("[data-emergency]")?.click();
});
