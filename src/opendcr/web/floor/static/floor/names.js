// How people are called on the screen: by the name they chose, or, after one key, not at all.

import { h } from "./dom.js";

let hidden = sessionStorage.getItem("names-hidden") === "yes";

function mark() {
  document.body.dataset.names = hidden ? "hidden" : "shown";
  const button = document.getElementById("privacy");
  if (button) button.textContent = hidden ? "Show names" : "Hide names";
}

mark();

export const namesHidden = () => hidden;

/** Turns names into booth numbers and codes, and back. */
export function toggleNames() {
  hidden = !hidden;
  sessionStorage.setItem("names-hidden", hidden ? "yes" : "no");
  mark();
}

/** What to call a visit: the chosen name, the sayable code, or the booth. */
export function label(board, visit) {
  if (!visit) return "unknown";
  if (!hidden) return board.labels?.[visit.id] || visit.code || "no name given";
  const place = board.places.find((one) => one.id === visit.place && one.consumption && one.visits.length === 1);
  return place ? `Booth ${place.words}` : visit.code || "no code";
}

/** What is used, with its glyphs; nothing while names are hidden, since it is read over a shoulder too. */
export const usedWords = (visit) => (hidden || !visit.glyphs ? "" : `${visit.glyphs} ${visit.substance_words}`);

export const glyphs = (visit) => (hidden ? "" : visit.glyphs ?? "");

/** The initials of a member of staff. */
export const initials = (board, staff) => (staff ? board?.staff_labels?.[staff] ?? staff : "");

/** Who recorded a line, and of one that nobody signed in recorded, who was named since. @param labels initials by staff */
export function recordedBy(labels, { author, attributed }) {
  const called = (staff) => labels?.[staff] ?? staff ?? "";
  if (author !== "unattributed") return called(author);
  return attributed ? `nobody signed in, named since: ${called(attributed)}` : "nobody signed in";
}

// Widths of letters in ems of Roboto bold, near enough to fill a tile without spilling over it.
const width = (text) =>
  [...text].reduce((sum, letter) => sum + (/[MWmw@]/.test(letter) ? 0.88 : /[A-Z0-9]/.test(letter) ? 0.66 : /[iljtfr.'’ -]/.test(letter) ? 0.36 : 0.57), 0);

/** A name as large as its tile allows; several words may take several lines. */
export function nameElement(text) {
  const element = h("span", { class: "name", title: text }, text);
  const whole = width(text);
  const longest = Math.max(...text.split(/\s+/).map(width));
  element.style.setProperty("--ems", String(whole > 4.2 ? Math.max(longest, whole / 3) : whole));
  element.style.setProperty("--ems-in-one-line", String(whole));
  return element;
}
