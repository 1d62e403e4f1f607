// The talk before using, and the looks at a person: large controls, one screen, no score, no advice.

import { termsInForce } from "./arrive.js";
import { desk, may } from "./desk.js";
import { h, refill } from "./dom.js";
import { label } from "./names.js";
import { chips, choice, door, group, numbers, openPanelAbout, sendAndClose } from "./panel.js";
import { entries, words as wordsOf } from "./words.js";

/** The talk: every question comes before the keys that end it, and those stay in sight below. */
export function openAssess(visit) {
  const asked = h("div", { class: "asked", role: "status" });
  const what = chips("What do you plan to use?", entries("substances"), { several: true, changed: () => refill(asked) });
  const state = chips("How are they?", entries("arrived_states"));
  const carried = chips("Carries naloxone", [["yes", "yes"], ["no", "no"]]);
  const said = (outcome, route) => () => assessment(visit, { outcome, route, what: what.value(), state, carried });
  const goAhead = ([code, words]) => door(`Go ahead, ${words}`, (event) => {
    if (what.value().length) return sendAndClose(event.currentTarget, said("proceed", code)());
    refill(asked, h("b", {}, "What is planned is not said yet. Touch it above, or:"),
      choice(`Would rather not say: go ahead, ${words}`, () => assessment(visit, { outcome: "proceed", route: code, what: ["declined"], state, carried }), { kind: "Assess" }));
    return asked.scrollIntoView({ block: "center" });
  }, { main: true });
  openPanelAbout({ visit: visit.id, place: visit.place }, `The talk: ${label(desk.board, visit)}`,
    alertLines(desk.board),
    what.element, asked, state.element, carried.element,
    h("div", { class: "ends" },
      group("Go ahead", may("Assess") && routesHere().map(goAhead)),
      group("Or", choice("Wait and look again", said("delay", null), { kind: "Assess" }), choice("Not today", said("declined", null), { kind: "Assess" }))));
}

const USUAL = [["cocaine"], ["heroin"], ["heroin", "cocaine"]];

/** The talk had, and its usual ends in one tap each. While a drug alert is to be read out, there are none. */
export function usualTalks(visit) {
  const [route] = routesHere();
  if (!route || desk.board.alerts.length) return [];
  const [code, words] = route;
  const nothing = { state: { value: () => null }, carried: { value: () => null } };
  return USUAL.map((what) => choice(`${what.map((one) => wordsOf("substances", one)).join(" + ")}, ${words}`,
    assessment(visit, { outcome: "proceed", route: code, what, ...nothing })));
}

/** Drug alerts are read out where it is said what is planned. */
const alertLines = (board) => board.alerts.map((alert) => h("p", { class: "alert" }, h("b", {}, "Drug alert: "), alertWords(board, alert)));

/** What an alert says: its substances first, which are what it is about, then its words. */
export function alertWords(board, alert) {
  const words = board.alert_words?.[alert.alert] || (alert.text && board.names_closed && "its words cannot be opened");
  const substances = alert.substances.map((code) => wordsOf("substances", code)).join(" + ");
  return [substances, words].filter(Boolean).join(": ") || "no words yet";
}

/** The routes that this room allows. */
export function routesHere() {
  const allowed = desk.board?.routes ?? entries("routes").map(([code]) => code);
  return entries("routes").filter(([code]) => allowed.includes(code));
}

function assessment(visit, { outcome, route, what, state, carried }) {
  const data = { outcome };
  if (what.length) data.substances = what;
  if (route) data.route = route;
  if (state.value()) data.state = state.value();
  if (carried.value()) data.naloxone_carried = carried.value() === "yes";
  const commands = [["Assess", { visit: visit.id, person: visit.person, data }]];
  if (outcome === "proceed" && visit.stage === "arrived") {
    commands.push(["Queue", { visit: visit.id, person: visit.person, data: { needs: visit.needs } }]);
  }
  return commands;
}

/** The terms, where the person has not accepted those in force. */
export function termsChoice(visit, then) {
  if (visit.terms || !termsInForce()) return null;
  return choice("Terms accepted", [["AcceptTerms", { visit: visit.id, person: visit.person, data: { terms: termsInForce() } }]],
    { sub: "read together", then });
}

const breathChoices = [0, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 30].map((number) => [number, String(number)]);
const oxygenChoices = [75, 80, 85, 88, 90, 92, 94, 96, 98, 100].map((number) => [number, `${number} %`]);

/** Four large controls and a level of concern; only what was touched is recorded. */
export function lookControls() {
  const controls = {
    response: chips("Response", entries("responses")),
    breaths: numbers("Breaths a minute", breathChoices, 100),
    spo2: numbers("SpO₂", oxygenChoices, 100),
    skin: chips("Colour", entries("skins")),
  };
  const data = () => Object.fromEntries(
    Object.entries(controls).map(([key, control]) => [key, control.value()]).filter(([, value]) => value !== null));
  return { controls, data, elements: Object.values(controls).map((control) => control.element) };
}
