// Somebody has arrived: found by a chosen name or a code, here for the first time, or anonymous.

import { desk, outbox } from "./desk.js";
import { h } from "./dom.js";
import { asker, heard, onlyOne, showPeople } from "./known.js";
import { chips, choice, closePanel, door, group, openPanel, sendAndClose } from "./panel.js";
import { randomHex } from "./uuid.js";
import { boot, entries } from "./words.js";

const newVisit = () => `v-${randomHex(8)}`;

/** The panel for a returner; its other doors are for everybody else. */
export function openArrive() {
  const reasons = chips("Here for", entries("reasons").filter(([code], at) => at < 9 || code === "other"), { several: true, chosen: ["consume"], preset: true });
  const needs = chips("Needs", entries("needs"), { several: true });
  const admit = (button, person) => sendAndClose(button, [arrival(newVisit(), person, reasons.value(), needs.value())]);
  openPanel("Someone has arrived",
    finder(admit),
    reasons.element,
    group("Or",
      door("First visit", () => openFirstVisit(reasons.value(), needs.value())),
      choice("Anonymous", () => [arrival(newVisit(), null, reasons.value(), needs.value())], { kind: "Arrive" }),
      door("Turn away", openTurnAway)),
    needs.element);
}

const arrival = (visit, person, reasons, needs) => ["Arrive", { visit, person, data: { reasons, needs } }];

/** The field that finds people. Enter takes somebody only where nobody else can be meant. */
export function finder(admit) {
  const found = h("ul", { class: "found" });
  const hint = h("p", { class: "said", "aria-live": "polite" });
  let known = { people: [], text: "" };
  const look = asker((people, text) => {
    known = { people: people ?? [], text };
    hint.textContent = people === null ? "The register does not answer. Admit as anonymous; the name can be given later."
      : !people.length && text.trim().length > 1 ? "Nobody found by that name or code." : "";
    showPeople(found, known.people, admit);
  });
  const enter = () => {
    if (known.text !== box.value || !known.people.length) return;
    const one = onlyOne(known.people, box.value);
    const button = found.querySelector(one ? `[data-person="${one.person}"]` : "button");
    if (one) return button?.click();
    hint.textContent = "Several people can be meant. Choose by the code, or ask when they were last here.";
    button?.focus();
  };
  const box = h("input", { class: "field", id: "find", type: "search", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", data: { first: "" },
    on: { input: () => look(box.value), keydown: (event) => { if (event.key === "Enter") { event.preventDefault(); enter(); } else if (event.key === "Escape") { event.preventDefault(); closePanel(); } } } });
  return h("div", { class: "find" }, h("label", { for: "find" }, "Chosen name or code"), box, hint, found);
}

let draft = null; // a first visit that is half filled in: {name, age, gender}; in memory alone

/** A first visit: everything may be left unanswered but the terms. What was closed half filled in is there again. */
export function openFirstVisit(reasons, needs = []) {
  const before = draft ?? {};
  const ids = { person: `p-${randomHex(8)}`, visit: newVisit() }; // kept when a refused try is made again
  const registered = whatIsRegistered(ids.person);
  const name = h("input", { class: "field", id: "chosen-name", maxlength: 60, autocomplete: "off", value: before.name ?? "", data: { first: "" }, on: { input: () => keep() } });
  const age = chips("Age", entries("age_bands"), { chosen: before.age ? [before.age] : [], changed: () => keep() });
  const gender = chips("Gender", entries("genders"), { chosen: before.gender ? [before.gender] : [], changed: () => keep() });
  const keep = () => { draft = { name: name.value, age: age.value(), gender: gender.value() }; };
  const anew = () => { draft = null; openFirstVisit(reasons, needs); };
  const admit = (accepted) => async (event) => {
    if (tooYoung(age.value())) return openTooYoung(() => openFirstVisit(reasons, needs));
    const about = aboutPerson(name.value.trim(), age.value(), gender.value());
    const answer = await sendAndClose(event.currentTarget, firstVisit({ ...ids, about, registered, reasons, needs, accepted }));
    if (answer?.state === "saved") draft = null;
    return answer;
  };
  openPanel("First visit",
    draft && group("Half filled in before", door("Somebody else: begin anew", anew)),
    h("div", { class: "find" }, h("label", { for: "chosen-name" }, "What shall we call you? (may be left empty)"), name,
      namesakes(name, (button, person) => sendAndClose(button, [arrival(ids.visit, person, reasons, needs)]))),
    age.element, gender.element,
    group("The terms, read together",
      door("Terms accepted: admit", admit(true), { main: true }),
      door("Admit without: terms later", admit(false))));
}

/** Warns where somebody of the name is known, and offers them: one person is not to have two records. */
function namesakes(name, admit) {
  const list = h("ul", { class: "found" });
  const warning = h("p", { class: "said", "aria-live": "polite" });
  const look = asker((people, text) => {
    const alike = (people ?? []).filter((person) => heard(person.name) === heard(text));
    warning.textContent = alike.length ? "Somebody of that name is known. Is it them? Ask when they were last here." : "";
    showPeople(list, alike, admit);
  });
  name.addEventListener("input", () => look(name.value));
  return h("div", {}, warning, list);
}

const aboutPerson = (name, age, gender) => ({ tier: name ? "1" : "0", ...(name && { name }), ...(age && { age_band: age }), ...(gender && { gender }) });

/** What the register has taken in of a person from this page, so that it is not sent twice. */
function whatIsRegistered(person) {
  const told = { about: null };
  outbox.addEventListener("change", ({ detail: { command, state } }) => {
    if (command.kind === "Register" && command.person === person && state === "saved") told.about = JSON.stringify(command.data);
  });
  return told;
}

function firstVisit({ person, visit, about, registered, reasons, needs, accepted }) {
  const commands = [arrival(visit, person, reasons, needs)];
  if (registered.about !== JSON.stringify(about)) commands.unshift(["Register", { person, data: about }]);
  if (accepted && termsInForce()) commands.push(["AcceptTerms", { visit, person, data: { terms: termsInForce() } }]);
  return commands;
}

/** Whether everybody of an age band is under the room's minimum age; an unanswered one is old enough. */
function tooYoung(band) {
  const upper = band === "under_18" ? 17 : Number(/-(\d+)$/.exec(band ?? "")?.[1] ?? 999);
  return upper < (desk.board?.minimum_age ?? 0);
}

/** Said before anything is recorded about a person: nothing is kept of somebody who is not let in. */
function openTooYoung(back) {
  openPanel("Too young for this room",
    h("p", { class: "lead" }, `The room is for people of ${desk.board.minimum_age} or over. Nothing has been recorded about this person.`),
    group("Then", choice("Turned away: under the minimum age", [["TurnAway", { data: { reason: "under_age" } }]], { main: true, first: true, then: () => { draft = null; closePanel(); } }), door("Back: it was a wrong tap", back)));
}

export const termsInForce = () => desk.board?.terms ?? boot.terms ?? null;

/** Somebody who is not let in: a reason, and nothing about who. */
export function openTurnAway() {
  openPanel("Turned away", group("Because", entries("turned_away").map(([code, words]) =>
    choice(words, [["TurnAway", { data: { reason: code } }]]))));
}
