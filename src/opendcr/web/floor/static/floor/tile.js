// One place of the room as a tile. A free place is an outline and a taken one is filled, so that who
// is where is seen before any word is read.

import { h } from "./dom.js";
import { glyphs, initials, label, nameElement, usedWords } from "./names.js";
import { higher, levelText, words } from "./words.js";

/** The highest level of what needs attention now about a visit or a place. */
const called = (board, subject, at) =>
  board.attention
    .filter((notice) => notice.subject === subject && !notice.acknowledged && Date.parse(notice.due) <= at)
    .reduce((level, notice) => higher(level, notice.level), "none");

/** The level of a visit: what was last seen of the person, or what now needs attention. */
export const levelOf = (board, visit, at) =>
  visit.emergency ? "emergency" : higher(visit.concern, called(board, visit.id, at));

/** The chip that says a level by letter and word. */
export const levelChip = (level) =>
  levelText(level) ? h("span", { class: "chip", data: { level } }, levelText(level)) : null;

const hands = { left: "left-handed", right: "right-handed" };

function kindOf(place) {
  return [place.kind === "accessible" ? "wheelchair" : place.kind === "injecting" ? null : place.kind_words, hands[place.hand]]
    .filter(Boolean)
    .join(" · ");
}

/** The tile of a place. `next` is the person who would fit it, `open` is called with the place. */
export function placeTile(board, place, { at, next, open }) {
  const running = board.emergencies.find((one) => one.id === place.emergency);
  const visits = whoIsIn(board, place, running);
  const filled = visits.length ? takenFace(board, place, visits, running, at) : running ? emergencyFace(place, running) : emptyFace(place, board, next);
  return h(
    "button",
    { type: "button", class: "tile", data: { key: place.id, state: place.state, ...filled.data }, on: { click: () => open(place) } },
    ...filled.children,
  );
}

/** Whom the record has in a place, and whom its emergency is about, wherever the record has them. */
function whoIsIn(board, place, running) {
  const ids = new Set([...place.visits, running?.visit]);
  return board.visits.filter((visit) => ids.has(visit.id));
}

function emptyFace(place, board, next) {
  const blocked = place.state === "blocked" && place.blocked;
  const said = blocked ? blocked.words : next ? ["free → ", h("b", {}, label(board, next))] : "free";
  return {
    data: { level: "free" },
    children: [
      h("span", { class: "tile__top" }, h("span", { class: "tile__place" }, place.words), h("span", { class: "tile__kind" }, kindOf(place))),
      h("span", { class: "tile__middle tile__empty" }, said),
      h("span", { class: "tile__foot" }, blocked && h("span", { class: "tile__min" }, clockOf("minutes", blocked.since), " min")),
    ],
  };
}

/** An emergency in a place of which nobody has said yet who it is about. */
function emergencyFace(place, running) {
  return {
    data: { level: "emergency" },
    children: [
      h("span", { class: "tile__top" }, h("span", { class: "tile__place" }, place.words), levelChip("emergency")),
      h("span", { class: "tile__middle tile__empty" }, "who: not said yet"),
      emergencyFoot(running),
    ],
  };
}

function takenFace(board, place, visits, running, at) {
  const level = visits.reduce((highest, visit) => higher(highest, levelHere(board, visit, at)), running ? "emergency" : called(board, place.id, at));
  const [visit] = visits;
  const chip = levelChip(level);
  return {
    data: { level, ...(visits.length > 1 && { crowded: "yes" }) },
    children: [
      running ? emergencyTop(board, place, visits.find((one) => one.id === running.visit)) : h("span", { class: "tile__top" }, h("span", { class: "tile__place" }, place.words), chip ?? h("span", { class: "tile__kind" }, glance(visit))),
      h("span", { class: "tile__middle" }, ...visits.map((one) => who(board, one)), what(visits, chip), ...marks(board, visits, running)),
      running ? emergencyFoot(running) : visits.length > 1 ? crowdFoot(visits) : usualFoot(board, visit),
    ],
  };
}

/** The level of a visit where its place is: an emergency that is elsewhere is not to be run to here. */
function levelHere(board, visit, at) {
  if (!isAway(board, visit)) return levelOf(board, visit, at);
  const level = higher(visit.looked?.concern ?? "none", called(board, visit.id, at));
  return level === "emergency" ? "none" : level;
}

/** Whether the emergency of somebody who has a place is said to be somewhere else. */
const isAway = (board, visit) => visit.emergency && emergencyOf(board, visit)?.place !== visit.place;

const emergencyOf = (board, visit) => board.emergencies.find((one) => one.id === visit.emergency);

const who = (board, visit) => nameElement(label(board, visit));

const stageWords = { seated: "not started", finished: "finished" };

/** What is used, in the corner: of several substances the glyphs; their words have more room under the name. */
const glance = (visit) => (visit.substances.length > 1 ? glyphs(visit) : usedWords(visit));

/** Under the name: what is used, where the corner does not say it, and a stage that is not "using". */
function what(visits, chip) {
  if (visits.length > 1) return null;
  const [visit] = visits;
  const parts = [(chip || visit.substances.length > 1) && usedWords(visit), stageWords[visit.stage]].filter(Boolean);
  return parts.length ? h("span", { class: "tile__what" }, parts.join(" · ")) : null;
}

function marks(board, visits, running) {
  const away = running ? [] : visits.filter((visit) => isAway(board, visit)).map((visit) => emergencyOf(board, visit)).filter(Boolean);
  const toReview = visits.reduce((sum, visit) => sum + visit.to_review, 0);
  const dose = visits.length === 1 && !visits[0].emergency && visits[0].naloxone;
  return [...away.map((one) => h("span", { class: "mark" }, `emergency: ${one.area ? words("areas", one.area) : "elsewhere"}`)), dose && h("span", { class: "mark" }, "naloxone ", clockOf("minutes", dose), " min"), toReview > 0 && h("span", { class: "mark" }, `to review ${toReview}`)];
}

/** The record says that several people are in one place: it is shown until somebody sorts it out. */
const crowdFoot = (visits) =>
  h("span", { class: "tile__foot" }, h("span", { class: "mark" }, `${visits.length} people in one place`));

const clockOf = (face, at) => h("span", { data: { clock: face, at } });

function usualFoot(board, visit) {
  if (isAway(board, visit)) return h("span", { class: "tile__foot" });
  const watched = initials(board, visit.observer) || (visit.started ? "unwatched" : null);
  const over = [watched, visit.next_check && "check"].filter(Boolean).join(" · ");
  return h("span", { class: "tile__foot" },
    h("small", { class: watched === "unwatched" ? "tile__over tile__over--long" : "tile__over" }, over),
    h("span", { class: "tile__min" }, h("b", {}, clockOf("minutes", visit.started ?? visit.seated ?? visit.since)), " min"),
    visit.next_check && h("span", { class: "tile__due" }, clockOf("countdown", visit.next_check)));
}

/** Over an emergency: who watches and the minutes since using began, since the stopwatch below counts the emergency. */
function emergencyTop(board, place, visit) {
  const began = visit && (visit.started ?? visit.seated);
  const observer = visit && initials(board, visit.observer);
  return h("span", { class: "tile__top" }, h("span", { class: "tile__place" }, place.words),
    h("span", { class: "tile__kind" }, observer, observer && began && " · ", began && h("span", {}, clockOf("minutes", began), " min")),
    levelChip("emergency"));
}

function emergencyFoot(emergency) {
  const dose = emergency.naloxone.at(-1);
  const { called: ambulance, arrived } = emergency.ambulance;
  return h("span", { class: "tile__foot" },
    h("small", { class: "tile__over" }, arrived ? "ambulance here" : ambulance ? "999 called" : "999 not called"),
    dose && h("small", { class: "tile__over" }, "naloxone ", h("b", {}, clockOf("stopwatch", dose.at))),
    h("span", { class: "tile__min" }, h("b", {}, clockOf("stopwatch", emergency.since))));
}
