// The panel of one visit: the next step first and large, the rest beneath it.

import { openAssess, routesHere, termsChoice } from "./assess.js";
import { desk, may } from "./desk.js";
import { h } from "./dom.js";
import { allFine, lastLook, openObserve } from "./look.js";
import { initials, label, usedWords } from "./names.js";
import { choice, closePanel, door, group, openPanelAbout } from "./panel.js";
import { recordDoors } from "./reviews.js";
import { nextPair, openSeat, placesFor, seatChoice } from "./seat.js";
import { boot, entries, levelText } from "./words.js";

/** A command about a visit. */
const about = (visit, kind, data = {}) => [[kind, { visit: visit.id, person: visit.person, data }]];

/** Opens the panel of a visit. */
export function openVisit(visit) {
  const { board } = desk;
  openPanelAbout(here(visit), title(board, visit),
    summary(board, visit),
    lastLook(visit),
    group("Next", nextSteps(board, visit)),
    group("Look", looks(visit)),
    group("Also", alsoSteps(visit)),
    group("Leaving", leavingSteps(visit)));
}

const here = (visit) => ({ visit: visit.id, place: visit.place });

/** Who and where, once: with names hidden, a booth's number is both. */
function title(board, visit) {
  const [who, place] = [label(board, visit), where(board, visit)];
  return who.toLowerCase() === place.toLowerCase() ? who : `${who} · ${place}`;
}

function where(board, visit) {
  const place = board.places.find((one) => one.id === visit.place);
  return place ? `booth ${place.words}` : { arrived: "at reception", recovery: "resting" }[visit.stage] ?? visit.stage.replace("_", " ");
}

function summary(board, visit) {
  const parts = [visit.code, usedWords(visit), ...visit.needs_words, visit.observer && `watched by ${initials(board, visit.observer)}`,
    visit.to_review && `to review ${visit.to_review}`].filter(Boolean);
  return h("p", { class: "panel__summary" }, parts.join(" · "));
}

const mayTalk = (visit) => !visit.assessed && may("Assess");

const again = (visit) => () => {
  const fresh = desk.board.visits.find((one) => one.id === visit.id);
  if (fresh) openVisit(fresh);
  else closePanel();
};

const steps = {
  arrived: (board, visit) => [termsChoice(visit, again(visit)), mayTalk(visit) && door("Talk: what is planned", () => openAssess(visit), { main: visit.wants_to_use }),
    visit.assessed && choice("Waits for a booth", about(visit, "Queue", { needs: visit.needs }), { main: true }), ...seats(board, visit)],
  waiting: (board, visit) => [termsChoice(visit, again(visit)), mayTalk(visit) && door("Talk: what is planned", () => openAssess(visit), { main: true }), ...seats(board, visit),
    choice("Call", about(visit, "Call")), choice("Stepped out, place kept", about(visit, "StepOut"))],
  called: (board, visit) => [termsChoice(visit, again(visit)), ...seats(board, visit), choice("Stepped out, place kept", about(visit, "StepOut"))],
  stepped_out: (board, visit) => [choice("Came back", about(visit, "ComeBack"), { main: true, first: true })],
  seated: (board, visit) => [...starts(visit), watch(visit)],
  consuming: (board, visit) => [choice("Finished", about(visit, "EndConsumption"), { main: true, first: true }), watch(visit)],
  finished: (board, visit) => [toRecovery(visit), ...starts(visit, "Using again")],
  recovery: (board, visit) => [...leavesWell(visit),
    may("Assess") && door("Wants to use again: talk", () => openAssess(visit)), visit.assessed && choice("Waits for a booth", about(visit, "Queue", { needs: visit.needs }))],
};

const nextSteps = (board, visit) => (steps[visit.stage] ? steps[visit.stage](board, visit) : []);

const toRecovery = (visit) => choice("To recovery", about(visit, "MoveToRecovery"), { main: true, first: true });

/** The best place as one tap, the others behind a door. */
function seats(board, visit) {
  if (!visit.assessed || !visit.wants_to_use || !may("Seat")) return [];
  const [best, ...others] = placesFor(board, visit);
  if (!best) return [h("p", { class: "said" }, "No free place suits.")];
  const kept = nextPair(board);
  const sub = kept && kept.visit.id !== visit.id ? `${label(board, kept.visit)} is before in the order` : null;
  return [seatChoice(visit, best, { words: `Seat in booth ${best.words}`, main: true, first: true, sub }), others.length && door("Another booth", () => openSeat(visit))];
}

/** One tap where the talk has said what and how; else one tap for the route. */
function starts(visit, words = "Started using") {
  const substances = visit.substances.length ? visit.substances : ["declined"];
  const start = (route) => about(visit, "StartConsumption", { place: visit.place, substances, route });
  if (visit.route) return [choice(words, start(visit.route), { main: true, first: true, sub: usedWords(visit) })];
  return routesHere().map(([code, route], at) => choice(`${words}, ${route}`, start(code), { main: true, first: at === 0 }));
}

/** Only somebody on shift can watch: whoever is not on it yet comes on with the same tap. */
function watch(visit) {
  const me = boot.staff;
  if (!me || visit.observer === me.id) return null;
  const watching = about(visit, "Allocate", { observer: me.id });
  if (desk.board.staff.people.some((one) => one.id === me.id)) return choice("I am watching", watching);
  return choice("I am on shift, and watching", [["SignOnStaff", { data: { staff: me.id, role: me.role } }], ...watching],
    { kind: "Allocate", sub: "you are not on shift yet" });
}

const lookDoor = (visit, options) => door("Look: response, breaths, SpO₂, colour", () => openObserve(visit), options);

const worries = (visit) => visit.concern !== "none";

const looks = (visit) => [allFine(visit), !(visit.stage === "recovery" && worries(visit)) && lookDoor(visit)];

/** Whoever was last seen with a concern is looked at first; leaving well is then a second choice. */
function leavesWell(visit) {
  if (!worries(visit)) return [choice("Leaves, well", about(visit, "Depart", { how: "well" }), { main: true, first: true })];
  return [first(lookDoor(visit, { main: true })), may("Depart") && door("Leaves, well…", () => openLeavesWell(visit), { sub: "look first" })];
}

function openLeavesWell(visit) {
  openPanelAbout(here(visit), `${label(desk.board, visit)}: leaves, well?`,
    h("p", { class: "lead" }, `The concern stands at ${levelText(visit.concern)}.`), lastLook(visit),
    group("First", first(lookDoor(visit, { main: true }))),
    group("Without another look", choice(`Leaves, well, at ${levelText(visit.concern)}`, about(visit, "Depart", { how: "well" }))));
}

/** Gives a choice the focus when its panel opens. */
function first(button) {
  button.dataset.first = "";
  return button;
}

const IN_BOOTH = ["seated", "consuming", "finished"];

const alsoSteps = (visit) => [
  IN_BOOTH.includes(visit.stage) && visit.stage !== "finished" && choice("To recovery", about(visit, "MoveToRecovery")),
  ["arrived", "waiting", "called"].includes(visit.stage) && choice("To recovery or a chair", about(visit, "MoveToRecovery")),
  visit.stage === "arrived" && visit.assessed === false && !visit.wants_to_use && choice("Waits for a booth after all", about(visit, "Queue", { needs: visit.needs })),
  may("ProvideService") && door("Service given", () => openService(visit)),
  choice("Naloxone kit to take home", about(visit, "SupplyNaloxone", { kits: 1 }), { sub: "one kit" }),
  door("Note", () => openNote(visit)),
  ...recordDoors(visit),
];

function openService(visit) {
  openPanelAbout(here(visit), `Service for ${label(desk.board, visit)}`, group("What was given", entries("services").map(([code, words]) =>
    choice(words, about(visit, "ProvideService", { service: code })))));
}

function openNote(visit) {
  const text = h("textarea", { class: "field", id: "note", rows: 5, maxlength: 4000, data: { first: "" } });
  openPanelAbout(here(visit), `Note about ${label(desk.board, visit)}`,
    h("div", { class: "find" }, h("label", { for: "note" }, "What happened, not what someone is"), text),
    group("Then", choice("Save the note", () => about(visit, "AddNote", { note: text.value }), { main: true })));
}

/** How somebody leaves; the usual ways are one tap from here, the others one more. */
function leavingSteps(visit) {
  const usual = visit.started ? ["against_advice"] : visit.wants_to_use ? ["without_using", "gave_up_waiting"] : ["well"];
  const ways = entries("departures");
  return [
    ...ways.filter(([code]) => usual.includes(code)).map((way) => leaves(visit, way)),
    door("Left in another way", () => openPanelAbout(here(visit), `${label(desk.board, visit)} left`, group("How", ways.map((way) => leaves(visit, way))))),
  ];
}

const leaves = (visit, [code, words]) => (code === "well" && worries(visit)
  ? door(`${capital(words)}…`, () => openLeavesWell(visit), { sub: "look first" })
  : choice(capital(words), about(visit, "Depart", { how: code })));

const capital = (words) => words[0].toUpperCase() + words.slice(1);
