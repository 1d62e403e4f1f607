// The story of an emergency, newest first, each line with its author; a line is corrected by tapping it.

import { hourMinuteSecond } from "./clock.js";
import { desk, signedIn } from "./desk.js";
import { details } from "./detail.js";
import { h } from "./dom.js";
import { initials } from "./names.js";
import { chips, choice, group, openPanelAbout } from "./panel.js";
import { boot, entries } from "./words.js";

/** The lines of a story. @param emergency as `incident.view` gives it */
export function storyLines(emergency) {
  const told = emergency.timeline.map((line) => ({ ...line, at: Date.parse(line.at) }));
  const pending = emergency.pending.map((entry) => ({ at: entry.at, words: entry.words, state: entry.sent.state, author: boot.staff?.id ?? null }));
  return [...told, ...pending].sort((one, other) => other.at - one.at).map((line) => storyLine(emergency, line));
}

const states = { saving: "sending", pending: "not saved yet", saved: "saved", refused: "not taken", problem: "not taken", "signed-out": "not taken" };

function storyLine(emergency, line) {
  const words = line.struck ? h("s", {}, h("span", { class: "visually-hidden" }, "Struck out: "), line.words) : h("span", {}, line.words);
  const parts = [
    h("time", { datetime: new Date(line.at).toISOString() }, hourMinuteSecond(line.at)), words,
    h("span", { class: "story__by" }, line.state ? states[line.state] : initials(desk.board, line.author)),
  ];
  const open = line.fact && !line.struck && signedIn();
  return h("li", { data: { ...(line.state && { state: line.state }) } }, open
    ? h("button", { type: "button", class: "story__line", data: { key: line.fact }, on: { click: () => openCorrection(emergency, line) } }, ...parts)
    : h("div", { class: "story__line" }, ...parts));
}

const shifts = [[-300, "5 min earlier"], [-60, "1 min earlier"], [-30, "30 s earlier"], [30, "30 s later"], [60, "1 min later"]];

/** What can be corrected in a line besides its time. */
function formFor(line) {
  if (line.kind === "Observed") return details.look();
  if (line.words.startsWith("Naloxone")) return details.dose();
  return line.words.startsWith("Oxygen") ? details.litres() : null;
}

/** What was entered wrongly: the detail, the time, or all of it. The original stays visible, struck. */
function openCorrection(emergency, line) {
  const why = chips("Why", entries("why"), { chosen: ["mistake"] });
  const form = formFor(line);
  const command = (kind, data) => [[kind, { visit: emergency.visit, urgent: true, data: { target: line.fact, reason: why.value() ?? "other", ...data } }]];
  const correct = (changes) => command("Correct", { changes });
  const moved = (seconds) => ({ happened: new Date(line.at + seconds * 1000).toISOString() });
  openPanelAbout({ visit: emergency.visit, place: emergency.place }, `${hourMinuteSecond(line.at)} ${line.words}`,
    why.element,
    form && h("div", {}, ...form.elements, group("Then", choice("Save the correction", () => correct({ data: form.data() }), { kind: "Correct", main: true }))),
    group("It happened", shifts.map(([seconds, words]) =>
      choice(words, () => correct(moved(seconds)), { kind: "Correct", sub: hourMinuteSecond(line.at + seconds * 1000) }))),
    group("Or", choice("It did not happen: strike it out", () => command("Retract", {}), { kind: "Retract" })));
}
