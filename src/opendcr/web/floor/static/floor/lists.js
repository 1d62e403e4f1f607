// Who is not in a booth: waiting on the left, resting on the right, as people move in the building.

import { termsInForce } from "./arrive.js";
import { now } from "./clock.js";
import { h } from "./dom.js";
import { label, usedWords } from "./names.js";
import { levelChip, levelOf } from "./tile.js";
import { higher, LEVELS } from "./words.js";

const BOOTH_STAGES = ["seated", "consuming", "finished"];
const clockOf = (face, at) => h("span", { data: { clock: face, at } });

/** Visits by where they are drawn; those in a place of consumption are drawn as tiles. */
export function sortVisits(board) {
  const drawn = new Set(board.places.filter((place) => place.consumption).flatMap((place) => [...place.visits, toldOf(board, place)]));
  const sorted = { waiting: [], reception: [], care: [], recovery: [] };
  for (const visit of board.visits) {
    if (!drawn.has(visit.id)) sorted[groupOf(visit)].push(visit);
  }
  sorted.waiting.sort((one, other) => (one.position ?? 1e6) - (other.position ?? 1e6));
  sorted.recovery.sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  const pressing = (visit) => LEVELS.indexOf(levelOf(board, visit, now()));
  for (const group of ["recovery", "reception", "care"]) sorted[group].sort((one, other) => pressing(other) - pressing(one));
  return sorted;
}

/** Whom a place's emergency is about, wherever the record has them: one emergency is drawn once. */
const toldOf = (board, place) => place.emergency && board.emergencies.find((one) => one.id === place.emergency)?.visit;

function groupOf(visit) {
  if (["waiting", "stepped_out", "called"].includes(visit.stage)) return "waiting";
  if (visit.stage === "recovery" || BOOTH_STAGES.includes(visit.stage)) return "recovery";
  return visit.wants_to_use ? "reception" : "care";
}

/** One section of a column: its heading, its count, its rows; the words for nobody. */
export function section(title, rows, { none = null, count = rows.length } = {}) {
  if (!rows.length && !none) return null;
  return h("section", { class: "section" },
    h("h2", {}, h("span", {}, title), h("span", {}, count === 0 ? "" : String(count))),
    rows.length ? h("ul", { data: { title } }, ...rows) : h("p", { class: "nobody" }, none));
}

/** A row that opens a visit's panel. */
export function visitRow(board, visit, { at, open }) {
  const level = levelOf(board, visit, at);
  return h("li", {},
    h("button", { type: "button", class: "row", data: { key: visit.id, level, ...(visit.naloxone && { dosed: "yes" }) }, on: { click: () => open(visit) } },
      h("span", { class: "row__name" }, label(board, visit)),
      h("span", { class: "row__min" }, clockOf("minutes", startOf(visit)), " min"),
      (visit.stage === "recovery" || visit.naloxone) && h("span", { class: "row__marks" }, ...marks(board, visit)),
      h("span", { class: "row__sub" }, levelChip(level), ...subOf(visit))));
}

/** What a row's minutes count: in recovery from when using began, where that is known. */
function startOf(visit) {
  if (visit.stage === "recovery") return usedAt(visit) ?? visit.since;
  return visit.stage === "arrived" ? visit.arrived ?? visit.since : visit.since;
}

const usedAt = (visit) => visit.started ?? visit.ended;

function subOf(visit) {
  const parts = visit.stage === "recovery" ? restingWords(visit) : waitingWords(visit);
  if (visit.to_review) parts.push(`to review ${visit.to_review}`);
  return parts.flatMap((part, place) => (place ? [" · ", part] : [part]));
}

/** What is read from afar of somebody who is looked at: since when they have had naloxone, and the next look. */
const marks = (board, visit) => [
  emergencyMark(board.emergencies.find((one) => one.id === visit.emergency)),
  visit.naloxone && h("span", { class: "mark" }, "naloxone ", clockOf("minutes", visit.naloxone), " min"),
  ...checkWords(visit),
];

const emergencyMark = (emergency) => emergency && h("span", { class: "mark" }, "emergency ", clockOf("stopwatch", emergency.since));

/** Whether they may leave comes first: of a narrow line the end is cut. */
const restingWords = (visit) => [...leavingWords(visit), usedAt(visit) ? "since using began" : "resting"];

/**
 * Whether somebody may leave, as far as the record tells: not before their time, and not with a concern
 * or a look that is due. Reception is not told that time, so nothing is said to it.
 */
function leavingWords(visit) {
  if (visit.assessed === null) return [];
  const { concern, next_check: check, not_before: from } = visit;
  return [h("span", { data: { clock: "leaving", at: from ?? visit.since, ...(check && { check }), ...(concern !== "none" && { concern }) } })];
}

const checkWords = (visit) => (visit.next_check ? [h("span", {}, "check ", clockOf("countdown", visit.next_check))] : []);

const stageSaid = { stepped_out: "stepped out, place kept", called: "called" };

function waitingWords(visit) {
  const parts = visit.naloxone ? leavingWords(visit) : [];
  if (stageSaid[visit.stage]) parts.push(stageSaid[visit.stage]);
  else if (visit.position === 1) parts.push("first");
  if (visit.stage === "arrived" && visit.wants_to_use && visit.assessed !== null) parts.push(visit.assessed ? "talked, not yet waiting" : "the talk comes first");
  if (visit.stage === "waiting" && !visit.terms && termsInForce()) parts.push("terms not accepted");
  parts.push(...visit.needs_words);
  if (usedWords(visit)) parts.push(usedWords(visit));
  return parts;
}

/** A row of words, for the room's own affairs. */
export function factRow(title, value, sub, { key, open, level = "none" } = {}) {
  const parts = [h("span", { class: "row__name" }, title), h("span", { class: "row__min" }, value), sub && h("span", { class: "row__sub" }, ...[sub].flat())];
  return h("li", {}, open
    ? h("button", { type: "button", class: "row", data: { key, level }, on: { click: open } }, ...parts)
    : h("div", { class: "row", data: { level } }, ...parts));
}

/**
 * Takes rows out of a column until it fits, the calmest first, and says how many are not shown and the
 * highest level among them. A board has no scroll bar: what it leaves out, it counts. Before anybody
 * is folded away, all rows say less; whoever had naloxone goes after all who are as calm.
 * @param {(title: string) => void} showAll opens the whole of a list
 */
export function fit(column, showAll) {
  delete column.dataset.tight;
  const folded = new Map();
  while (column.scrollHeight > column.clientHeight + 1) {
    const row = calmest(column, folded);
    if (!("tight" in column.dataset)) column.dataset.tight = "";
    else if (column.dataset.tight === "") column.dataset.tight = "most";
    else if (row) fold(row, folded, showAll);
    else return;
  }
}

const rowsOf = (list) => [...list.querySelectorAll(":scope > li:not(.more)")];
const rank = (item) => Math.max(0, LEVELS.indexOf(levelIn(item))) + (item.querySelector("[data-dosed]") ? 0.5 : 0);
const levelIn = (item) => item.querySelector(".row").dataset.level;

/** The row to fold next: of the lowest level, from the longest list, its last. A list of one stays. */
function calmest(column, folded) {
  const lists = [...column.querySelectorAll("ul")].filter((list) => rowsOf(list).length > (folded.has(list) ? 0 : 1));
  const last = (list) => rowsOf(list).reduce((chosen, row) => (rank(row) <= rank(chosen) ? row : chosen));
  return lists.map((list) => ({ row: last(list), length: rowsOf(list).length }))
    .sort((one, other) => rank(one.row) - rank(other.row) || other.length - one.length)[0]?.row;
}

function fold(row, folded, showAll) {
  const list = row.parentElement;
  const before = folded.get(list) ?? { count: 0, level: "none" };
  const now = { count: before.count + 1, level: higher(before.level, levelIn(row)) };
  folded.set(list, now);
  row.remove();
  list.querySelector(".more")?.remove();
  list.append(foldRow(list, now, showAll));
}

function foldRow(list, { count, level }, showAll) {
  const { title } = list.dataset;
  return h("li", { class: "more" }, h("button", { type: "button", class: "row", data: { key: `more-${title}`, level }, on: { click: () => showAll(title) } },
    h("span", {}, levelChip(level), `${rowsOf(list).length ? "and" : "all"} ${count}${rowsOf(list).length ? " more" : ""}`)));
}
