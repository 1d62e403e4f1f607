// Who is not in a booth: waiting on the left, resting on the right, as people move in the building.

import { h } from "./dom.js";
import { label } from "./names.js";
import { levelChip, levelOf } from "./tile.js";
import { words } from "./words.js";

const BOOTH_STAGES = ["seated", "consuming", "finished"];
const clockOf = (face, at) => h("span", { data: { clock: face, at } });

/** Visits by where they are drawn; those in a place of consumption are drawn as tiles. */
export function sortVisits(board) {
  const drawn = new Set(board.places.filter((place) => place.consumption).flatMap((place) => place.visits));
  const sorted = { waiting: [], reception: [], care: [], recovery: [] };
  for (const visit of board.visits) {
    if (!drawn.has(visit.id)) sorted[groupOf(visit)].push(visit);
  }
  sorted.waiting.sort((one, other) => (one.position ?? 1e6) - (other.position ?? 1e6));
  sorted.recovery.sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  return sorted;
}

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
    rows.length ? h("ul", {}, ...rows) : h("p", { class: "nobody" }, none));
}

/** A row that opens a visit's panel. */
export function visitRow(board, visit, { at, open }) {
  const level = levelOf(board, visit, at);
  return h("li", {},
    h("button", { type: "button", class: "row", data: { key: visit.id, level }, on: { click: () => open(visit) } },
      h("span", { class: "row__name" }, label(board, visit)),
      h("span", { class: "row__min" }, clockOf("minutes", startOf(visit)), " min"),
      h("span", { class: "row__sub" }, levelChip(level), ...subOf(visit))));
}

/** What a row's minutes count: in recovery from naloxone where there was some, else from using. */
function startOf(visit) {
  if (visit.stage === "recovery") return visit.naloxone ?? usedAt(visit) ?? visit.since;
  return visit.stage === "arrived" ? visit.arrived ?? visit.since : visit.since;
}

const usedAt = (visit) => visit.ended ?? visit.started;

function subOf(visit) {
  const parts = visit.stage === "recovery" ? restingWords(visit) : waitingWords(visit);
  if (visit.to_review) parts.push(`to review ${visit.to_review}`);
  return parts.flatMap((part, place) => (place ? [" · ", part] : [part]));
}

function restingWords(visit) {
  const parts = [visit.naloxone ? "since naloxone" : usedAt(visit) ? "since using" : "resting"];
  if (visit.naloxone && usedAt(visit)) parts.push(h("span", {}, clockOf("minutes", usedAt(visit)), " min since using"));
  if (visit.not_before) parts.push(clockOf("due", visit.not_before));
  else parts.push("may leave");
  if (visit.next_check) parts.push(h("span", {}, "check ", clockOf("countdown", visit.next_check)));
  return parts;
}

const stageSaid = { stepped_out: "stepped out, place kept", called: "called" };

function waitingWords(visit) {
  const parts = [];
  if (stageSaid[visit.stage]) parts.push(stageSaid[visit.stage]);
  else if (visit.position === 1) parts.push("first");
  if (visit.stage === "arrived" && visit.wants_to_use && visit.assessed !== null) parts.push(visit.assessed ? "talked, not yet waiting" : "the talk comes first");
  parts.push(...visit.needs_words);
  if (!visit.wants_to_use) parts.push(...visit.reasons.map((code) => words("reasons", code)));
  return parts;
}

/** A row of words, for the room's own affairs. */
export function factRow(title, value, sub, { key, open, level = "none" } = {}) {
  const parts = [h("span", { class: "row__name" }, title), h("span", { class: "row__min" }, value), sub && h("span", { class: "row__sub" }, sub)];
  return h("li", {}, open
    ? h("button", { type: "button", class: "row", data: { key, level }, on: { click: open } }, ...parts)
    : h("div", { class: "row", data: { level } }, ...parts));
}

/**
 * Takes rows from the end of a column's longest list until it fits, and says how many are not shown.
 * A board has no scroll bar: what it leaves out, it counts.
 */
export function fit(column, showAll) {
  column.querySelectorAll(".more").forEach((element) => element.remove());
  const left = new Map();
  while (column.scrollHeight > column.clientHeight + 1) {
    const list = [...column.querySelectorAll("ul")].sort((one, other) => shown(other) - shown(one))[0];
    if (!list || shown(list) <= 1) return;
    [...list.children].filter((row) => !row.classList.contains("more")).at(-1).remove();
    left.set(list, (left.get(list) ?? 0) + 1);
    list.querySelector(".more")?.remove();
    list.append(h("li", { class: "more" }, h("button", { type: "button", class: "row", data: { key: `more-${list.dataset.key ?? ""}` }, on: { click: showAll } }, `and ${left.get(list)} more`)));
  }
}

const shown = (list) => list.querySelectorAll(":scope > li:not(.more)").length;
