// The board: the room from above. Drawn anew for each board that is heard; its clocks tick in between.

import { alertWords, openAlerts, openNotice, openRoom } from "./affairs.js";
import { now } from "./clock.js";
import { desk } from "./desk.js";
import { h, refill } from "./dom.js";
import { factRow, fit, section, sortVisits, visitRow } from "./lists.js";
import { openPanel } from "./panel.js";
import { openLeft } from "./happened.js";
import { openPlace } from "./place.js";
import { openReviews } from "./reviews.js";
import { nextPair } from "./seat.js";
import { placeTile } from "./tile.js";
import { openVisit } from "./visit.js";
import { boot } from "./words.js";

const byId = (id) => document.getElementById(id);
const clockOf = (face, at) => h("span", { data: { clock: face, at } });

/** Draws everything of the board that was last heard. */
export function drawBoard() {
  const { board } = desk;
  if (!board) return;
  const sorted = sortVisits(board);
  drawHeader(board);
  drawPlaces(board);
  drawLeft(board, sorted);
  drawRight(board, sorted);
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
  return board.state === "closed" ? `closed, opens ${board.opens}` : `open until ${board.closes}`;
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

const here = (board) => ({ at: now(), open: openVisit, board });

function drawLeft(board, sorted) {
  const rows = (visits) => visits.map((visit) => visitRow(board, visit, here(board)));
  refill(byId("left"),
    section("Waiting", rows(sorted.waiting), { none: "Nobody is waiting." }),
    section("At reception", rows(sorted.reception)),
    section("Here for care", rows(sorted.care)));
  fit(byId("left"), () => showAll("Waiting and at reception", [...sorted.waiting, ...sorted.reception, ...sorted.care]));
}

function drawRight(board, sorted) {
  refill(byId("right"),
    section("Recovery", sorted.recovery.map((visit) => visitRow(board, visit, here(board))), { none: "Nobody is resting." }),
    section("Today", todayRows(board), { none: firstOfDay(board), count: 0 }));
  fit(byId("right"), () => showAll("Recovery", sorted.recovery));
}

const firstOfDay = (board) => (board.left_today || board.building ? "Nothing else." : "The first visit of the day is still to come.");

function todayRows(board) {
  return [
    ...board.alerts.map((alert) => factRow("Drug alert", "", `${alertWords(board, alert)} · read out to all`, { key: alert.alert, open: openAlerts, level: "watch" })),
    ...roomNotices(board).map((notice) => factRow(notice.words, "", null, { key: `${notice.rule}-${notice.subject}`, open: () => openNotice(notice), level: notice.level })),
    board.reviews > 0 && factRow("To review", String(board.reviews), "entries to look at again", { key: "reviews", open: () => openReviews() }),
    board.left_today > 0 && factRow("Have been and gone", String(board.left_today), null, { key: "left", open: openLeft }),
  ].filter(Boolean);
}

/** What needs attention and is not told by a tile, a row or the header already. */
function roomNotices(board) {
  const told = new Set(["review", "staffing", "equipment", "check", "emergency", "breathing_check", "over_capacity"]);
  const visits = new Set(board.visits.map((visit) => visit.id));
  return board.attention.filter((notice) =>
    !told.has(notice.rule) && !visits.has(notice.subject) && !notice.acknowledged && Date.parse(notice.due) <= now());
}

function showAll(title, visits) {
  openPanel(title, h("ul", { class: "all" }, ...visits.map((visit) => visitRow(desk.board, visit, here(desk.board)))));
}

function closedWords(board) {
  const inside = board.building ? `${board.building} still in the building.` : "Nobody is in the building.";
  if (board.state === "closed") return [h("b", {}, `The room is closed. It opens at ${board.opens}.`), ` ${inside}`];
  return [h("b", {}, "The room is paused: nobody is admitted or seated."), ` ${inside}`];
}
