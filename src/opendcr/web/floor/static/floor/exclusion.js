// Who may not come, or not use here, for a while: always with an end, and lifted by whoever leads.

import { dayWords, hourMinuteSecond, now } from "./clock.js";
import { may } from "./desk.js";
import { h } from "./dom.js";
import { chips, choice, door, group, openPanelAbout, say, sendAndClose } from "./panel.js";
import { entries } from "./words.js";

const DAY = 86400000;
const LENGTHS = [1, 2, 3, 7, 14, 28]; // days that are offered; any other end is a date
const REASONS = ["violence", "abuse", "sharing", "weapon", "safeguarding", "other"];

/** Until when and what for, in one calm line; no story. */
export const exclusionWords = ({ until, scope }) => `not until ${dayWords(until)}${scope === "using" ? " for using; other help goes on" : ""}`;

/** Lifts an exclusion: for whoever may. */
export const lift = (person, exclusion, options = {}) =>
  choice("Lift the exclusion", [["LiftExclusion", { person, data: { exclusion } }]], { sub: "they may come again", ...options });

/** The door to an exclusion, for whoever may impose one. @param {{person: string, visit?: string, place?: string}} about */
export const exclusionDoor = (about, name) =>
  about.person && may("ImposeExclusion") && door("Not until a date…", () => openExclusion(about, name), { sub: "an exclusion, with its end" });

/** The start of the day that lies so many days ahead. */
function dayAhead(days) {
  const then = now() + days * DAY;
  const [hours, minutes, seconds] = hourMinuteSecond(then).split(":").map(Number);
  return new Date(then - ((hours * 60 + minutes) * 60 + seconds) * 1000).toISOString();
}

function openExclusion({ person, visit = null, place = null }, name) {
  const scope = chips("Not to", entries("exclusion_scopes").map(([code, words]) => [code, { building: "come in at all", using: "use here; other help goes on" }[code] ?? words]));
  const days = chips("Until", LENGTHS.map((count) => [count, `${count === 1 ? "tomorrow, " : ""}${dayWords(dayAhead(count))}`]));
  const date = h("input", { class: "field", id: "until", type: "date" });
  const why = chips("What happened, in a word (may be left empty)", entries("incidents").filter(([code]) => REASONS.includes(code)));
  const until = () => (date.value ? new Date(`${date.value}T00:00`).toISOString() : days.value() && dayAhead(days.value()));
  const impose = h("button", { type: "button", class: "choice choice--main" }, h("span", {}, "Exclude until then"));
  impose.addEventListener("click", () => {
    if (!scope.value() || !until()) return say("refused", "Say what they may not do, and until when.");
    const data = { scope: scope.value(), until: until(), ...(why.value() && { reason: why.value() }) };
    return sendAndClose(impose, [["ImposeExclusion", { person, visit, data }]]);
  });
  openPanelAbout({ visit, place }, `${name}: not until`,
    h("p", { class: "lead" }, "An exclusion always ends. It can be lifted at any time by whoever leads. Tell the person until when, and who decides."),
    scope.element, days.element,
    h("div", { class: "find find--time" }, h("label", { for: "until" }, "Or until this day"), date),
    why.element, group("Then", impose));
}
