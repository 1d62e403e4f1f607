// Entries to look at again: what was flagged and why, about whom, when and by whom. Who leads the
// shift says that it was looked at; everybody else may read.

import { desk } from "./desk.js";
import { h } from "./dom.js";
import { openHappened } from "./happened.js";
import { momentWords, openAsked } from "./lookup.js";
import { namesHidden, recordedBy } from "./names.js";
import { choice, door, openPanel } from "./panel.js";
import { boot } from "./words.js";

const AT_ONCE = 40;

/** The doors from a visit's panel to its record. */
export const recordDoors = (visit) => [
  door("What happened", () => openHappened(visit.id), { sub: "and put right what is wrong" }),
  visit.to_review > 0 && door(`To review: ${visit.to_review}`, () => openReviews({ visit: visit.id })),
];

/** Opens the open reviews, of one visit or of the whole room. */
export function openReviews({ visit = null } = {}) {
  openAsked("To review", boot.urls.reviews, ({ reviews, staff_labels: staff }) => {
    const mine = reviews.filter((one) => !visit || one.visit === visit);
    const again = () => openReviews({ visit });
    openPanel(`To review: ${mine.length}`,
      !mine.length && h("p", { class: "lead" }, "Everything has been looked at."),
      h("ul", { class: "reviews" }, ...mine.slice(0, AT_ONCE).map((one) => reviewRow(one, staff, again))),
      mine.length > AT_ONCE && h("p", { class: "lead" }, `and ${mine.length - AT_ONCE} more, told when these have been looked at`));
  });
}

function reviewRow(one, staff, again) {
  return h("li", { class: "review", data: { flag: one.flag } },
    h("p", { class: "review__why" }, one.words),
    h("p", { class: "review__what" }, [one.kind_words && `Entry: ${one.kind_words}`, whom(one), momentWords(one.at), `by ${recordedBy(staff, one)}`].filter(Boolean).join(" · ")),
    one.fields.length > 0 && h("p", { class: "review__what" }, "It is about: ", h("b", {}, one.fields.map((key) => fieldWords(key, one.values[key])).join(" · "))),
    one.note && h("blockquote", { class: "review__note" }, noteWords(one.note)),
    one.withheld && h("p", { class: "review__what" }, "What was sent is kept; the shift lead can read it."),
    h("div", { class: "choices" },
      one.visit && door("What happened", () => openHappened(one.visit), { main: true, sub: "and put right what is wrong" }),
      ...authorChoices(one, staff, again),
      choice("Looked at", [["ResolveReview", { visit: one.visit, data: { flag: one.flag } }]], { main: !one.visit, then: again, key: `looked-${one.flag}` })));
}

const fieldNames = { spo2: "SpO₂", breaths: "breaths a minute", litres: "oxygen, litres a minute" };

/** A field, and what it holds: whoever judges a value must see it. */
const fieldWords = (key, value) => [fieldNames[key] ?? key.replaceAll("_", " "), value].filter((part) => part !== undefined && part !== null).join(" ");

/** What was sent, as people read it: a key and a value on a line. */
function noteWords(note) {
  try {
    const held = JSON.parse(note);
    return Object.entries(held).map(([key, value]) => `${key.replace(/^data\./, "").replaceAll("_", " ")}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n");
  } catch {
    return note;
  }
}

/** Who may have done what nobody signed in recorded: oneself, or a colleague on shift. */
function authorChoices(one, staff, then) {
  if (one.author !== "unattributed" || one.attributed) return [];
  const others = desk.board.staff.people.map(({ id }) => id).filter((id) => id !== boot.staff?.id);
  return [[boot.staff?.id, "It was me"], ...others.map((id) => [id, `It was ${staff[id] ?? id}`])].map(([id, words]) =>
    choice(words, [["Attribute", { visit: one.visit, data: { target: one.about ?? one.flag, staff: id } }]], { then, key: `author-${one.flag}-${id}` }));
}

function whom(one) {
  if (!one.label) return "nobody named";
  const visit = desk.board.visits.find(({ id }) => id === one.visit);
  return namesHidden() ? one.code : desk.board.labels?.[visit?.id] ?? one.label;
}
