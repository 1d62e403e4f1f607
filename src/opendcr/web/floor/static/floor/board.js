// The board: the room from above. Drawn anew for each board that is heard; its clocks tick in between.

import { openAlerts, openNotice, openRoom } from "./affairs.js";
import { alertWords } from "./assess.js";
import { now, writeClocks } from "./clock.js";
import { desk, may } from "./desk.js";
import { h, refill } from "./dom.js";
import { factRow, fit, section, sortVisits, visitRow } from "./lists.js";
import { door, followRoom, openPanel } from "./panel.js";
import { openLeft } from "./happened.js";
import { openPlace } from "./place.js";
import { openReviews } from "./reviews.js";
import { nextPair } from "./seat.js";
import { placeTile } from "./tile.js";
import { openVisit } from "./visit.js";
import { boot } from "./words.js";

const byId = (id) => document.getElementById(id);
const clockOf = (face, at) => h("span", { data: { clock: face, at } });

let drawn = 0; // server time of the last drawing, in ms

/** Whether something has fallen due since the board was drawn: what is due changes a level, without any fact. */
export const fellDue = () =>
  (desk.board?.attention ?? []).some(({ acknowledged, due }) => !acknowledged && Date.parse(due) > drawn && Date.parse(due) <= now());

/** Draws everything of the board that was last heard. */
export function drawBoard() {
  const { board } = desk;
  if (!board) return;
  drawn = now();
  drawHeader(board);
  drawPlaces(board);
  for (const [side, parts] of Object.entries(lists(board))) drawColumn(side, parts);
  byId("codes").hidden = !board.names_closed;
  byId("closed").hidden = board.state === "open";
  byId("closed").replaceChildren(...closedWords(board));
}

function drawHeader(board) {
  const short = board.staff.on < board.staff.needed;
  refill(byId("facts"),
    h("button", { type: "button", class: "fact fact--room", data: { key: "room" }, on: { click: openRoom } },
      h("b", {}, board.room_title || board.title || boot.room_title || "Room"), h("small", {}, clockOf("day", board.now))),
    fact(clockOf("time", board.now), openingWords(board), board.state === "open" ? null : "rouse"),
    fact(String(board.building), "in the building"),
    fact(String(board.staff.on), `staff on, ${board.staff.needed} needed`, short ? "rouse" : null),
    equipmentFact(board.equipment));
}

function equipmentFact(equipment) {
  const missing = equipment.filter((one) => !one.ready);
  const list = (items) => items.map((one) => one.words).join(" · ");
  if (!equipment.length) return fact("?", "equipment not checked yet", "rouse");
  return missing.length ? fact("✗", `${list(missing)} not ready`, "rouse") : fact("✓", list(equipment));
}

const fact = (value, words, level = null) =>
  h("div", { class: "fact", data: level ? { level } : {} }, h("b", {}, value), h("small", {}, words));

function openingWords(board) {
  if (board.state === "paused") return "paused";
  return board.state === "closed" ? `closed · hours ${board.opens} to ${board.closes}` : `open until ${board.closes}`;
}

function drawPlaces(board) {
  const places = board.places.filter((place) => place.consumption);
  const pair = nextPair(board);
  const grid = byId("places");
  grid.dataset.count = String(places.length);
  grid.style.setProperty("--columns", String(columnsFor(places.length)));
  refill(grid, ...(places.length
    ? places.map((place) => placeTile(board, place, { at: now(), next: pair?.place.id === place.id ? pair.visit : null, open: openPlace }))
    : [h("p", { class: "nobody" }, "The room's policy names no booths yet. A manager adopts one.")]));
}

/** Two rows up to ten booths, three up to fifteen: tiles stay as large as the screen allows. */
export const columnsFor = (count) => Math.max(1, Math.ceil(count / (count <= 3 ? 1 : count <= 8 ? 2 : count <= 15 ? 3 : 4)));

/** The lists beside the booths. A function of the board, so that an open list can follow the room. */
function lists(board) {
  const sorted = sortVisits(board);
  const rows = (visits) => visits.map((visit) => visitRow(board, visit, { at: now(), open: openVisit }));
  return {
    left: [["Waiting", rows(sorted.waiting), { none: "Nobody is waiting." }], ["At reception", rows(sorted.reception)], ["Here for care", rows(sorted.care)]],
    right: [["Recovery", rows(sorted.recovery), { none: "Nobody is resting." }], ["Today", todayRows(board), { none: firstOfDay(board), count: 0 }]],
  };
}

function drawColumn(side, parts) {
  refill(byId(side), ...parts.map((part) => section(...part)));
  writeClocks(byId(side)); // before it is measured: an empty clock takes no room
  fit(byId(side), showAll);
}

const firstOfDay = (board) => (board.left_today || board.building ? "Nothing else." : "The first visit of the day is still to come.");

function todayRows(board) {
  return [
    board.alerts.length > 0 && alertsRow(board),
    ...roomNotices(board).map((notice) => factRow(notice.words, "", null, { key: `${notice.rule}-${notice.subject}`, open: () => openNotice(notice), level: notice.level })),
    board.reviews > 0 && factRow("To review", String(board.reviews), "entries to look at again", { key: "reviews", open: () => openReviews() }),
    board.left_today > 0 && factRow("Have been and gone", String(board.left_today), null, { key: "left", open: openLeft }),
  ].filter(Boolean);
}

/** All alerts in one row of bounded height: their words are behind it, and nobody is pushed out of sight. */
function alertsRow(board) {
  const count = board.alerts.length;
  const said = board.alerts.map((alert) => h("span", { class: "row__alert", data: { ...(count > 1 && { several: "" }) } }, alertWords(board, alert)));
  return factRow(count > 1 ? "Drug alerts" : "Drug alert", count > 1 ? String(count) : "", [...said.slice(0, 3), h("span", { class: "row__read" }, "read out to all")], { key: "alerts", open: openAlerts, level: "watch" });
}

/** What needs attention and is not told by a tile, a row or the header already. */
function roomNotices(board) {
  const told = new Set(["review", "staffing", "equipment", "check", "emergency", "breathing_check", "over_capacity"]);
  const visits = new Set(board.visits.map((visit) => visit.id));
  return board.attention.filter((notice) =>
    !told.has(notice.rule) && !visits.has(notice.subject) && !notice.acknowledged && Date.parse(notice.due) <= now());
}

/** Opens a whole list, which follows the room while it is open. */
function showAll(title) {
  const rowsNow = (board) => Object.values(lists(board)).flat().find(([one]) => one === title)[1];
  const rows = rowsNow(desk.board);
  openPanel(title, rows.length ? h("ul", { class: "all" }, ...rows) : h("p", { class: "lead" }, "Nobody any more."));
  followRoom(() => showAll(title), (board) => rowsNow(board).map((row) => row.textContent));
}

function closedWords(board) {
  const inside = board.building ? `${board.building} still in the building.` : "Nobody is in the building.";
  const [said, way] = board.state === "closed" ? [`The room is closed. Its hours are ${board.opens} to ${board.closes}.`, "Open the room…"]
    : ["The room is paused: nobody is admitted or seated.", "End the pause…"];
  return [h("span", {}, h("b", {}, said), ` ${inside}`), may("OpenRoom") && door(way, openRoom)].filter(Boolean);
}
