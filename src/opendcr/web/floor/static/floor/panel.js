// The panel: one dialog with large choices, for whatever was tapped.

import { writeClocks } from "./clock.js";
import { desk, may, send } from "./desk.js";
import { h, refill } from "./dom.js";

const STILL = 700; // ms in which a panel that changed by itself takes no touch: it was meant for what stood there before
const OWN = 2000; // ms after a tap was saved in which the board brings what that tap did: nobody is surprised by it
const dialog = () => document.getElementById("panel");
let status = null;
let timer = 0;
let saved = -OWN; // steady ms at which the last tap was saved
let about = null; // what the open panel is about: {board, visit, place}
let following = null; // how the open panel is drawn anew: {draw, of, was}

/** Opens the panel, or fills it anew. @param {string} title @param {...Node} content */
export const openPanel = (title, ...content) => openPanelAbout({}, title, ...content);

/** The same, about a visit or a place: EMERGENCY in its head begins there. */
export function openPanelAbout(where, title, ...content) {
  clearTimeout(timer);
  following = null;
  about = { board: desk.board, ...where };
  status = h("p", { class: "panel__status", role: "status" });
  const close = h("button", { type: "button", class: "button panel__close", on: { click: closePanel } }, "Close");
  const body = h("div", { class: "panel__body" }, ...content.flat().filter(Boolean));
  writeClocks(body); // before it is shown, which may wait for a finger
  refill(dialog(),
    h("div", { class: "panel__top" }, h("h2", { id: "panel-title", tabindex: "-1" }, title), alarm(where), close),
    status,
    body);
  if (!dialog().open) dialog().showModal();
  (dialog().querySelector("[data-first]") ?? dialog().querySelector("#panel-title")).focus();
}

/**
 * Draws the open panel anew when what it shows has moved on the board. Forms do not follow: what is
 * half filled in stays. @param {() => void} draw @param {(board: Object) => any} of what it shows
 */
export function followRoom(draw, of) {
  following = { draw, of, was: JSON.stringify(of(desk.board)) };
}

/** Lets the open panel follow the room; one about a visit that is over says so. */
export function panelFollows() {
  const { board } = desk;
  if (!board || !panelIsOpen() || about?.board === board || isTouched()) return;
  about.board = board;
  if (about.visit && !board.visits.some((one) => one.id === about.visit)) sayOver();
  else if (following && JSON.stringify(following.of(board)) !== following.was) moveOn();
}

/** Whether a finger is on the panel, or a tap of it is under way or has just been answered. */
const isTouched = () => Boolean(dialog().querySelector(":active")) || ["saving", "pending", "saved"].includes(status?.dataset.state);

function sayOver() {
  say("refused", "This person has left: it was recorded elsewhere. Close this panel.");
  following = null;
}

function moveOn() {
  const scrolled = dialog().scrollTop;
  const key = document.activeElement?.dataset.key;
  following.draw();
  dialog().scrollTop = scrolled;
  if (key) dialog().querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  if (performance.now() - saved < OWN) return;
  dialog().dataset.moved = "";
  setTimeout(() => { delete dialog().dataset.moved; }, STILL);
}

document.addEventListener("click", (event) => {
  if (!("moved" in dialog().dataset) || !event.target.closest?.(".panel__body")) return;
  event.stopPropagation();
  event.preventDefault();
}, true);

/** EMERGENCY is one touch from here too; the floor listens for it. */
const alarm = (where) =>
  h("button", { type: "button", class: "button button--emergency panel__alarm", on: { click: () => document.dispatchEvent(new CustomEvent("emergency", { detail: where })) } },
    h("span", { "aria-hidden": "true" }, "▲"), document.body.dataset.view === "emergency" ? "Another EMERGENCY" : "EMERGENCY");

export function closePanel() {
  if (dialog()?.open) dialog().close();
}

export const panelIsOpen = () => Boolean(dialog()?.open);

/** Says how a tap stands: `saving`, `pending`, `saved`, or a refusal with the rule's words. */
export function say(state, words) {
  if (!status) return;
  status.dataset.state = state;
  status.textContent = state === "refused" ? toReader(words) : words;
}

/** A rule says who may decide: to that very person it says so. */
const toReader = (words) => words
  .replace("The shift lead may decide.", may("OpenRoom") ? "You may decide." : "The shift lead may decide.")
  .replace("The service manager may decide.", may("LiftExclusion") ? "You may decide." : "The service manager may decide.");

/** What can be done about a refusal, by its code: functions that give choices, for whoever may. */
export const remedies = new Map();

/** After a remedy, what was refused is still there to be tapped again. */
export const tapAgain = () => say("done", "Done. Tap again what was refused.");

function offerRemedy(code) {
  const ways = (remedies.get(code)?.() ?? []).filter(Boolean);
  if (ways.length) status.append(h("span", { class: "choices" }, ...ways));
}

/** Sends, and closes the panel once it is saved; a refusal stays until it is read. */
export async function sendAndClose(button, commands, { then } = {}) {
  const mine = status;
  const answer = await send(button, commands, (state, words) => status === mine && say(state, words));
  if (answer?.state === "refused" && status === mine) offerRemedy(answer.code);
  if (answer?.state === "saved") saved = performance.now();
  if (answer?.state !== "saved" || status !== mine) return answer;
  if (then) then(answer);
  else timer = setTimeout(closePanel, 350);
  return answer;
}

/** A large choice that sends commands when tapped; null for a role that may not send them. */
export function choice(words, commands, { main = false, sub = null, first = false, then, key, kind } = {}) {
  if (!may(kind ?? (Array.isArray(commands) ? commands[0][0] : null))) return null;
  const button = h("button", { type: "button", class: main ? "choice choice--main" : "choice", data: { ...(first && { first: "" }), ...(key && { key }) } },
    h("span", {}, words), sub && h("small", {}, sub));
  button.addEventListener("click", () => sendAndClose(button, typeof commands === "function" ? commands() : commands, { then }));
  return button;
}

/** A large choice that leads to another panel. */
export const door = (words, open, { sub = null, main = false } = {}) =>
  h("button", { type: "button", class: main ? "choice choice--main" : "choice", on: { click: open } }, h("span", {}, words), sub && h("small", {}, sub));

/** A titled group of choices. */
export const group = (title, ...choices) =>
  choices.flat().some(Boolean)
    ? h("section", { class: "group", "aria-label": title }, h("h3", {}, title), h("div", { class: "choices" }, ...choices.flat()))
    : null;

/**
 * Chips of which one or several can be on. @param {[string, string][]} entries code and words
 * @returns {{element: HTMLElement, value: () => any}} codes for several; a code or null for one
 */
export function chips(title, entries, { several = false, chosen = [], preset = false, changed = () => {} } = {}) {
  const on = new Set(chosen.map(String));
  let untouched = preset; // what nobody chose gives way to the first that somebody does
  const buttons = entries.map(([code, words]) => {
    const key = String(code); // a number is a code too
    const button = h("button", { type: "button", class: "pick", "aria-pressed": String(on.has(key)), data: { code } }, words);
    button.addEventListener("click", () => {
      const was = on.has(key);
      if (!several || untouched) on.clear();
      untouched = false;
      if (was) on.delete(key);
      else on.add(key);
      buttons.forEach((one) => one.setAttribute("aria-pressed", String(on.has(one.dataset.code))));
      changed();
    });
    return button;
  });
  const element = h("section", { class: "group", role: "group", "aria-label": title }, h("h3", {}, title), h("div", { class: "picks" }, ...buttons));
  const value = () => {
    const codes = entries.map(([code]) => code).filter((code) => on.has(String(code)));
    return several ? codes : codes[0] ?? null;
  };
  const clear = () => { on.clear(); buttons.forEach((one) => one.setAttribute("aria-pressed", "false")); };
  return { element, value, clear };
}

/** Chips of usual numbers, and a field for any other: nobody is to touch a number that is not so. */
export function numbers(title, usual, most) {
  const other = h("input", { class: "pick pick--other", type: "number", inputmode: "numeric", min: 0, max: most, step: 1, placeholder: "other", "aria-label": `${title}, another number` });
  const picked = chips(title, usual, { changed: () => { other.value = ""; } });
  other.addEventListener("input", picked.clear);
  picked.element.querySelector(".picks").append(other);
  // Also what cannot be true is sent as it was typed: the record keeps it, and somebody looks at it.
  const value = () => (other.value === "" ? picked.value() : Number(other.value));
  return { element: picked.element, value };
}
