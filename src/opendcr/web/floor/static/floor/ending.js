// How an emergency ends: with what came of it, or, where it was none, by striking out its start.

import { may } from "./desk.js";
import { h } from "./dom.js";
import { record, sayOver, view } from "./incident.js";
import { chips, closePanel, door, group, openPanel, sendAndClose } from "./panel.js";
import { entries } from "./words.js";

/**
 * The end is two taps and far from the keys: what came of it, then it is over.
 * @param {string} whose the emergency in words @param {() => void} done what follows
 * @param {{who: (emergency: Object) => void}} options `who` asks whose it is, while nobody has said it
 */
export function openEnd(emergency, whose, done, { who, chosen = null }) {
  const type = chips("What it was, as far as known", entries("emergency_types"), { chosen: chosen ? [chosen] : [] });
  const back = () => openEnd(view(emergency.id) ?? emergency, whose, done, { who, chosen: type.value() });
  const end = ([code, words]) => {
    record(emergency.id, "EndEmergency", { outcome: code, ...(type.value() && { type: type.value() }) }, `Over: ${words}`);
    closePanel();
    done();
  };
  const outcome = (entry) => door(capital(entry[1]), () => (entry[0] === "died" ? askDied(whose, () => end(entry), back) : end(entry)));
  openPanel(`It is over: ${whose}`,
    !emergency.visit && group("Whose it was is not said: a dose counts for nobody", door("Say who first", () => who(emergency), { main: true })),
    type.element,
    group("What came of it", entries("emergency_outcomes").map(outcome)),
    wasNone(emergency, () => askNone(emergency.id, whose, done, back)));
}

/** A death is told of nobody by a slip of the hand: it is asked a second time. */
function askDied(whose, end, back) {
  openPanel(`Has the person died? ${whose}`, group("This ends the emergency", door("Yes, the person has died", end), door("No, back", back)));
}

const standing = (emergency) => emergency.timeline.filter((line) => !line.struck);

/** Whether all that is recorded of an emergency, and known to be, is that it began. */
function onlyBegun(emergency) {
  const lines = standing(emergency);
  return lines.length > 0 && [...lines, ...emergency.pending].every(({ kind }) => ["EmergencyStarted", "StartEmergency"].includes(kind));
}

/** The way out of a slip of the hand, or why it is not open here. */
function wasNone(emergency, ask) {
  if (may("Retract") && onlyBegun(emergency)) return group("Or", door("It was no emergency", ask, { sub: "nothing is recorded but its start" }));
  const words = may("Retract") && standing(emergency).length
    ? "More than its start is recorded: say what came of it. A wrong line is struck out by touching it."
    : "Leave it: once its start is saved, a nurse, a worker or the shift lead strikes it out here.";
  return h("p", { class: "lead" }, h("b", {}, "It was no emergency? "), words);
}

/** One question before the start is struck out; what was recorded meanwhile leads back. */
function askNone(id, whose, done, back) {
  const strike = (event) => {
    const emergency = view(id);
    if (!emergency || !onlyBegun(emergency)) return back();
    sayOver(id);
    return sendAndClose(event.currentTarget, standing(emergency).map((line) => struck(emergency, line)), { then: () => { closePanel(); done(); } });
  };
  openPanel(`Was it no emergency? ${whose}`,
    h("p", { class: "lead" }, "Its start is struck out as entered wrongly. The record keeps it to be seen."),
    group("Then", door("Yes, strike it out", strike), door("No, back", back)));
}

const struck = ({ visit }, { fact }) => ["Retract", { visit, urgent: true, data: { target: fact, reason: "mistake" } }];

const capital = (text) => text[0].toUpperCase() + text.slice(1);
