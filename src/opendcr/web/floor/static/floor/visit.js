// The panel of one visit: the next step first and large, the rest beneath it.

import { hourMinute, now } from "./clock.js";
import { openAssess, routesHere, termsChoice, usualTalks } from "./assess.js";
import { desk, may } from "./desk.js";
import { h } from "./dom.js";
import { exclusionDoor, exclusionWords, lift } from "./exclusion.js";
import { allFine, lastLook, openObserve } from "./look.js";
import { initials, label, usedWords } from "./names.js";
import { choice, closePanel, door, followRoom, group, openPanelAbout } from "./panel.js";
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
    visit.excluded && excluded(visit),
    lastLook(visit),
    group("Next", nextSteps(board, visit)),
    group("Talked: go ahead with", ["arrived", "waiting"].includes(visit.stage) && visit.wants_to_use && mayTalk(visit) && usualTalks(visit)),
    group("Look", looks(visit)),
    group("Also", alsoSteps(visit)),
    group("Leaving", leavingSteps(visit)));
  followRoom(() => again(visit)(), (room) => [room.visits.find((one) => one.id === visit.id), placesFor(room, visit)[0]?.id, room.labels?.[visit.id], room.alerts]);
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

/** What is not open to them, in one line. */
const excluded = (visit) => h("div", { class: "choices" }, h("p", { class: "said" }, `${capital(exclusionWords(visit.excluded))}. Whoever leads may lift it.`),
  lift(visit.person, visit.excluded.id, { then: again(visit) }));

const mayTalk = (visit) => !visit.assessed && may("Assess");

const again = (visit) => () => {
  const fresh = desk.board.visits.find((one) => one.id === visit.id);
  if (fresh) openVisit(fresh);
  else closePanel();
};

const steps = {
  arrived: (board, visit) => [afterNaloxone(visit), termsChoice(visit, again(visit)), mayTalk(visit) && door("Talk: what is planned", () => openAssess(visit), { main: visit.wants_to_use }),
    visit.assessed && choice("Waits for a booth", about(visit, "Queue", { needs: visit.needs }), { main: true }), ...seats(board, visit)],
  waiting: (board, visit) => [afterNaloxone(visit), termsChoice(visit, again(visit)), mayTalk(visit) && door("Talk: what is planned", () => openAssess(visit), { main: true }), ...seats(board, visit),
    choice("Call", about(visit, "Call")), choice("Stepped out, place kept", about(visit, "StepOut"))],
  called: (board, visit) => [afterNaloxone(visit), termsChoice(visit, again(visit)), ...seats(board, visit), choice("Stepped out, place kept", about(visit, "StepOut"))],
  stepped_out: (board, visit) => [choice("Came back", about(visit, "ComeBack"), { main: true, first: true })],
  seated: (board, visit) => [...starts(visit), watch(visit)],
  consuming: (board, visit) => [choice("Finished", about(visit, "EndConsumption"), { main: true, first: true }), watch(visit)],
  finished: (board, visit) => [toRecovery(visit), ...starts(visit, "Using again")],
  recovery: (board, visit) => [...leavesWell(visit),
    may("Assess") && door("Wants to use again: talk", () => openAssess(visit)), visit.assessed && choice("Waits for a booth", about(visit, "Queue", { needs: visit.needs }))],
};

const nextSteps = (board, visit) => (steps[visit.stage] ? steps[visit.stage](board, visit) : []);

const toRecovery = (visit) => choice("To recovery", about(visit, "MoveToRecovery"), { main: true, first: true });

/** Whoever had naloxone rests where somebody looks at them: that is the next step, wherever they are. */
const afterNaloxone = (visit) => visit.naloxone && choice("To recovery or a chair", about(visit, "MoveToRecovery"), { main: true, first: true, sub: "had naloxone" });

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

const mayLeave = (visit) => visit.not_before === null || Date.parse(visit.not_before) <= now();

/**
 * Whether leaving is asked about once: with a concern standing, or before the earliest time. Reception is
 * not told that time, so it is asked of everybody who rests.
 */
const isEarly = (visit) => worries(visit) || !mayLeave(visit) || (visit.assessed === null && visit.stage === "recovery");

const lookDoor = (visit, options) => door("Look: response, breaths, SpO₂, colour", () => openObserve(visit), options);

const worries = (visit) => visit.concern !== "none";

const looks = (visit) => [allFine(visit), !(visit.stage === "recovery" && isEarly(visit)) && lookDoor(visit)];

/** Whoever may not leave yet is looked at first; leaving is then a second choice, asked about once. */
function leavesWell(visit) {
  if (!isEarly(visit)) return [choice("Leaves, well", about(visit, "Depart", { how: "well" }), { main: true, first: true })];
  return [first(lookDoor(visit, { main: true })), leaves(visit, ["well", "leaves, well"])];
}

/** Leaving before it is time: said why not, then asked, and never stopped. */
function openLeavesEarly(visit, way) {
  openPanelAbout(here(visit), `${label(desk.board, visit)}: ${way[1]}?`,
    h("p", { class: "lead" }, whyNotYet(visit)), lastLook(visit),
    group("First", first(lookDoor(visit, { main: true }))),
    group("They leave all the same", waysBefore(visit, way).map((one) => departs(visit, one))));
}

const whyNotYet = (visit) => [
  worries(visit) && `The concern stands at ${levelText(visit.concern)}.`,
  !mayLeave(visit) && `Not before ${hourMinute(visit.not_before)}.`,
  visit.assessed === null && "Ask who watches over recovery whether they may leave.",
].filter(Boolean).join(" ");

/** What can be recorded of who leaves early: against advice first; well not before the earliest time. */
function waysBefore(visit, way) {
  const advised = entries("departures").find(([code]) => code === "against_advice");
  return [advised, way].filter(([code], at, all) => (code !== "well" || mayLeave(visit)) && all.findIndex(([one]) => one === code) === at);
}

/** Gives a choice the focus when its panel opens. */
function first(button) {
  button.dataset.first = "";
  return button;
}

const IN_BOOTH = ["seated", "consuming", "finished"];

const alsoSteps = (visit) => [
  IN_BOOTH.includes(visit.stage) && visit.stage !== "finished" && choice("To recovery", about(visit, "MoveToRecovery")),
  ["arrived", "waiting", "called"].includes(visit.stage) && !visit.naloxone && choice("To recovery or a chair", about(visit, "MoveToRecovery")),
  visit.stage === "arrived" && visit.assessed === false && !visit.wants_to_use && choice("Waits for a booth after all", about(visit, "Queue", { needs: visit.needs })),
  may("ProvideService") && door("Service given", () => openService(visit)),
  choice("Naloxone kit to take home", about(visit, "SupplyNaloxone", { kits: 1 }), { sub: "one kit" }),
  door("Note", () => openNote(visit)),
  !visit.excluded && exclusionDoor({ person: visit.person, ...here(visit) }, label(desk.board, visit)),
  ...recordDoors(visit),
];

function openService(visit) {
  openPanelAbout(here(visit), `Service for ${label(desk.board, visit)}`, group("What was given", entries("services").map(([code, words]) =>
    choice(words, about(visit, "ProvideService", { service: code })))));
}

const drafts = new Map(); // by visit, a note that was closed before it was saved; in memory alone

function openNote(visit) {
  const text = h("textarea", { class: "field", id: "note", rows: 5, maxlength: 4000, data: { first: "" }, on: { input: () => drafts.set(visit.id, text.value) } }, drafts.get(visit.id) ?? "");
  const then = () => { drafts.delete(visit.id); closePanel(); };
  openPanelAbout(here(visit), `Note about ${label(desk.board, visit)}`,
    h("div", { class: "find" }, h("label", { for: "note" }, "What happened, not what someone is"), text),
    group("Then", choice("Save the note", () => about(visit, "AddNote", { note: text.value }), { main: true, then })));
}

/** How somebody leaves; the usual ways are one tap from here, the others one more. */
function leavingSteps(visit) {
  const usual = visit.started || isEarly(visit) ? ["against_advice"] : visit.wants_to_use ? ["without_using", "gave_up_waiting"] : ["well"];
  const ways = entries("departures");
  return [
    ...ways.filter(([code]) => usual.includes(code)).map((way) => leaves(visit, way)),
    door("Left in another way", () => openPanelAbout(here(visit), `${label(desk.board, visit)} left`, group("How", ways.map((way) => leaves(visit, way))))),
  ];
}

const leaves = (visit, way) => (isEarly(visit)
  ? may("Depart") && door(`${capital(way[1])}…`, () => openLeavesEarly(visit, way), { sub: mayLeave(visit) ? "look first" : `not before ${hourMinute(visit.not_before)}` })
  : departs(visit, way));

/** One way of leaving. A death is told of nobody by a slip of the hand: it is asked a second time. */
const departs = (visit, [how, words]) => (how === "died"
  ? may("Depart") && door(`${capital(words)}…`, () => openDied(visit))
  : choice(capital(words), about(visit, "Depart", { how })));

const openDied = (visit) => openPanelAbout(here(visit), `Has the person died? ${label(desk.board, visit)}`,
  group("This ends the visit", choice("Yes, the person has died", about(visit, "Depart", { how: "died" })), door("No, back", again(visit))));

const capital = (words) => words[0].toUpperCase() + words.slice(1);
