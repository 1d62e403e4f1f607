// The story of an emergency, newest first, each line with its author; a line is corrected by tapping it.

import { openCorrection, storyLine } from "./correct.js";
import { desk, signedIn } from "./desk.js";
import { initials } from "./names.js";
import { boot } from "./words.js";

const states = { saving: "sending", pending: "not saved yet", saved: "saved", refused: "not taken", problem: "not taken", "signed-out": "not recorded" };

/** The lines of a story. @param emergency as `incident.view` gives it */
export function storyLines(emergency) {
  const told = emergency.timeline.map((line) => ({ ...line, at: Date.parse(line.at), witness: initials(desk.board, line.witness) }));
  const pending = emergency.pending.map((entry) => ({ at: entry.at, words: entry.words, state: entry.sent.state, author: boot.staff?.id ?? null }));
  const where = { visit: emergency.visit, place: emergency.place };
  const open = signedIn() && ((line) => openCorrection(where, line));
  return [...told, ...pending].sort((one, other) => other.at - one.at)
    .map((line) => storyLine(line, { by: line.state ? states[line.state] : initials(desk.board, line.author), open }));
}
