// Somebody has arrived: found by a chosen name or a code, here for the first time, or anonymous.

import { csrfToken } from "./outbox.js";
import { desk } from "./desk.js";
import { h, refill } from "./dom.js";
import { chips, choice, door, group, openPanel, sendAndClose } from "./panel.js";
import { randomHex } from "./uuid.js";
import { boot, entries } from "./words.js";
import { dayWords, now } from "./clock.js";

const newVisit = () => `v-${randomHex(8)}`;

/** The panel for a returner; its other doors are for everybody else. */
export function openArrive() {
  const reasons = chips("Here for", entries("reasons").filter(([code], at) => at < 9 || code === "other"), { several: true, chosen: ["consume"] });
  const needs = chips("Needs", entries("needs"), { several: true });
  const found = h("ul", { class: "found", "aria-live": "polite" });
  const box = h("input", { class: "field", id: "find", type: "search", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", data: { first: "" } });
  const admit = (button, person) => sendAndClose(button, [arrival(newVisit(), person, reasons, needs)]);
  box.addEventListener("input", () => search(box.value, found, admit));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") found.querySelector("button")?.click();
  });
  openPanel("Someone has arrived",
    h("div", { class: "find" }, h("label", { for: "find" }, "Chosen name or code"), box, found),
    reasons.element,
    group("Or",
      door("First visit", () => openFirstVisit(reasons.value())),
      choice("Anonymous", () => [arrival(newVisit(), null, reasons, needs)]),
      door("Turn away", openTurnAway)),
    needs.element);
}

function arrival(visit, person, reasons, needs) {
  return ["Arrive", { visit, person, data: { reasons: reasons.value(), needs: needs.value() } }];
}

let asked = 0;

/** Asks the register. The words go in the body of a request: a name is never part of an address. */
async function search(text, list, admit) {
  const mine = ++asked;
  if (text.trim().length < 2) return refill(list);
  await new Promise((resolve) => setTimeout(resolve, 150));
  if (mine !== asked) return null;
  const people = await ask(text.trim());
  if (mine !== asked) return null;
  if (people === null) return refill(list, h("li", { class: "nobody" }, "The register does not answer. Admit as anonymous; the name can be given later."));
  if (!people.length) return refill(list, h("li", { class: "nobody" }, "Nobody found by that name or code."));
  return refill(list, ...people.map((person) => h("li", {}, personButton(person, admit))));
}

async function ask(text) {
  try {
    const response = await fetch(boot.urls.search, {
      method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new URLSearchParams({ words: text }), signal: AbortSignal.timeout(5000),
    });
    const answer = await response.json();
    return response.ok ? answer.people ?? answer : null;
  } catch {
    return null;
  }
}

function personButton(person, admit) {
  const last = person.last_visit ? `last here ${dayWords(person.last_visit)}` : "not here before";
  const until = person.excluded_until && Date.parse(person.excluded_until) > now()
    ? `not until ${dayWords(person.excluded_until)}${person.scope === "using" ? " for using; other help goes on" : ""}` : null;
  if (person.here) return h("p", { class: "said" }, `${person.name || person.code} is in the building already.`);
  const button = h("button", { type: "button", class: "choice choice--person" },
    h("span", {}, person.name || person.code), h("small", {}, [person.name ? person.code : null, last, until].filter(Boolean).join(" · ")));
  button.addEventListener("click", () => admit(button, person.person));
  return button;
}

/** A first visit: everything may be left unanswered but the terms. */
export function openFirstVisit(reasons) {
  const name = h("input", { class: "field", id: "chosen-name", maxlength: 60, autocomplete: "off", data: { first: "" } });
  const age = chips("Age", entries("age_bands"));
  const gender = chips("Gender", entries("genders"));
  const commands = (accepted) => () => firstVisit({ name: name.value.trim(), age: age.value(), gender: gender.value(), reasons, accepted });
  openPanel("First visit",
    h("div", { class: "find" }, h("label", { for: "chosen-name" }, "What shall we call you? (may be left empty)"), name),
    age.element, gender.element,
    group("The terms, read together",
      choice("Terms accepted: admit", commands(true), { main: true }),
      choice("Admit without: terms later", commands(false))));
}

function firstVisit({ name, age, gender, reasons, accepted }) {
  const [person, visit] = [`p-${randomHex(8)}`, newVisit()];
  const about = { tier: name ? "1" : "0", ...(name && { name }), ...(age && { age_band: age }), ...(gender && { gender }) };
  const commands = [
    ["Register", { person, data: about }],
    ["Arrive", { visit, person, data: { reasons, needs: [] } }],
  ];
  if (accepted && termsInForce()) commands.push(["AcceptTerms", { visit, person, data: { terms: termsInForce() } }]);
  return commands;
}

export const termsInForce = () => desk.board?.terms ?? boot.terms ?? null;

/** Somebody who is not let in: a reason, and nothing about who. */
export function openTurnAway() {
  openPanel("Turned away", group("Because", entries("turned_away").map(([code, words]) =>
    choice(words, [["TurnAway", { data: { reason: code } }]]))));
}
