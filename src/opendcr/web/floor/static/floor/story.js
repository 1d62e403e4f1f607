// The story of an emergency, newest first, each line with its author; a line is corrected by tapping it.

import { openCorrection, storyLine } from "./correct.js";
import { desk, signedIn } from "./desk.js";
import { initials, recordedBy } from "./names.js";
import { boot } from "./words.js";

const states = { saving: "sending", pending: "not saved yet", saved: "saved", refused: "not taken", problem: "not taken", "signed-out": "not recorded", flagged: "to be looked at" };

/** How an entry stands: of what was saved, what is flagged is not as it was said. */
const stateOf = ({ state, outcome }) => (state === "saved" && outcome.flags.length ? "flagged" : state);
const why = ({ state, outcome }) => (["refused", "problem"].includes(state) ? outcome.words : null);

/**
 * The lines of a story. @param emergency as `incident.view` gives it
 * @param {[string, string][]} elsewhere the other emergencies that run, id and words: a line can be moved there
 */
export function storyLines(emergency, elsewhere) {
  const told = emergency.timeline.map((line) => ({ ...line, at: Date.parse(line.at), witness: initials(desk.board, line.witness) }));
  const pending = emergency.pending.map((entry) => ({ at: entry.at, words: [entry.words, why(entry.sent)].filter(Boolean).join(". "), state: stateOf(entry.sent), author: boot.staff?.id ?? null }));
  const where = { visit: emergency.visit, place: emergency.place };
  const open = signedIn() && ((line) => openCorrection(where, line, { elsewhere: line.kind === "EmergencyStarted" ? [] : elsewhere }));
  return [...told, ...pending].sort((one, other) => other.at - one.at)
    .map((line) => storyLine(line, { by: line.state ? states[line.state] : recordedBy(desk.board?.staff_labels, line), open }));
}
