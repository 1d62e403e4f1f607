// Correcting a line of the record: its detail, its time, whom it is about, or all of it. The original
// stays to be seen, struck through.

import { finder } from "./arrive.js";
import { hourMinute, hourMinuteSecond, now } from "./clock.js";
import { desk, may } from "./desk.js";
import { rightFor } from "./detail.js";
import { h } from "./dom.js";
import { chips, choice, door, group, openPanelAbout, sendAndClose } from "./panel.js";
import { entries } from "./words.js";

const shifts = [[-300, "5 min earlier"], [-60, "1 min earlier"], [-30, "30 s earlier"], [30, "30 s later"], [60, "1 min later"]];

/**
 * The form for one line. @param where {visit, place} of what it belongs to
 * @param line {fact, kind, words, at (ms), data?, person?} @param {Object[]} [story] the lines beside it
 * @param {[string, string][]} [elsewhere] the other emergencies that it may have been in, id and words
 * @param {() => void} [then] what follows a saved correction; the panel closes without it
 */
export function openCorrection(where, line, { story = [], then, back, elsewhere = [] } = {}) {
  const why = chips("Why", entries("why"), { chosen: ["mistake"] });
  const form = rightFor(line);
  const command = (kind, data, target = line.fact) =>
    [kind, { visit: where.visit, urgent: true, data: { target, reason: why.value() ?? "other", ...data } }];
  const correct = (changes) => [command("Correct", { changes })];
  const alike = (data) => sameBooth(line, story, data).map((one) => command("Correct", { changes: { data: { place: data.place } } }, one.fact));
  const changed = () => { const data = form.data(); return [...correct({ data }), ...alike(data)]; };
  openPanelAbout(where, `${hourMinuteSecond(line.at)} ${line.words}`,
    group("A wrong tap", choice("It did not happen: strike it out", () => [command("Retract", {})], { kind: "Retract", then })),
    why.element,
    form && h("div", {}, ...form.elements, group("Then", choice("Save the correction", changed, { kind: "Correct", main: true, then }))),
    line.kind === "Arrived" && line.data && group("It was somebody else", door("Say who arrived", () => openWho(where, line, story, command, then))),
    group("It was in another emergency", elsewhere.map(([id, words]) => choice(words, () => correct({ data: { emergency: id } }), { kind: "Correct", then }))),
    group("It happened", shifts.filter(([seconds]) => line.at + seconds * 1000 <= now()).map(([seconds, words]) =>
      choice(words, () => correct({ happened: new Date(line.at + seconds * 1000).toISOString() }), { kind: "Correct", sub: hourMinuteSecond(line.at + seconds * 1000), then }))),
    line.data && atAnotherTime(line, correct, then),
    back && group("Or", door("Back", back)));
}

/** Who sits elsewhere also uses elsewhere: the lines after a wrong seat that name the same booth. */
function sameBooth(line, story, data) {
  if (line.kind !== "Seated" || !data.place) return [];
  const next = story.filter((one) => one.kind === "Seated" && !one.struck && one.at > line.at).map((one) => one.at);
  return story.filter((one) => one.kind === "ConsumptionStarted" && !one.struck && one.data.place === line.data?.place
    && one.at >= line.at && one.at < Math.min(...next, Infinity));
}

/** Any time of the same day, for what was entered long after it happened or long before. */
function atAnotherTime(line, correct, then) {
  const was = hourMinute(line.at);
  const time = h("input", { class: "field", id: "at", type: "time", value: was });
  const minutes = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const moved = () => correct({ happened: new Date(line.at + (minutes(time.value || was) - minutes(was)) * 60000).toISOString() });
  return h("div", { class: "find find--time" }, h("label", { for: "at" }, "Or at this time"), time, choice("Save this time", moved, { kind: "Correct", then }));
}

/** Whose visit it was. Whatever else names the wrong person in it is corrected with it. */
function openWho(where, line, story, command, then) {
  const wrong = story.filter((one) => one.fact !== line.fact && !one.struck && one.person && one.person === line.person);
  const named = (person) => [line, ...wrong].map((one) => command("Correct", { changes: { person } }, one.fact));
  openPanelAbout(where, "Who arrived?",
    finder((button, person) => sendAndClose(button, named(person), { then })),
    group("Or", line.person && choice("Anonymous: nobody by name", () => named(null), { kind: "Correct", then })));
}

/** The lines of a story. A line that may be corrected is a button. @param open called with a line */
export function storyLine(line, { by, open }) {
  const said = [line.words, line.witness && `seen by ${line.witness}`].filter(Boolean).join(", ");
  const words = line.struck ? h("s", {}, h("span", { class: "visually-hidden" }, "Struck out: "), said) : h("span", {}, said);
  const parts = [h("time", { datetime: new Date(line.at).toISOString() }, hourMinuteSecond(line.at)), words, h("span", { class: "story__by" }, by)];
  return h("li", { data: { ...(line.state && { state: line.state }) } }, open && !line.struck && line.fact && may("Correct")
    ? h("button", { type: "button", class: "story__line", data: { key: line.fact }, on: { click: () => open(line) } }, ...parts)
    : h("div", { class: "story__line" }, ...parts));
}
