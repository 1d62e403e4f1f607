// Who sits where: the next in order, and the free place that fits.

import { termsInForce } from "./arrive.js";
import { desk, may } from "./desk.js";
import { sortVisits } from "./lists.js";
import { label } from "./names.js";
import { choice, door, group, openPanel, openPanelAbout } from "./panel.js";
import { h } from "./dom.js";

const waitsNow = (visit) => visit.stage === "waiting" || visit.stage === "called";

/** Whether a place suits the needs that somebody has told. */
export function suits(place, needs) {
  if (needs.includes("wheelchair") && place.kind !== "accessible") return false;
  if (needs.includes("left_handed") && place.hand === "right") return false;
  return !(needs.includes("right_handed") && place.hand === "left");
}

/** Free places for a visit, best first: one that others need is kept for them. */
export function placesFor(board, visit) {
  const free = board.places.filter((place) => place.consumption && place.state === "free" && suits(place, visit.needs));
  return free.sort((one, other) => special(one, visit) - special(other, visit));
}

function special(place, visit) {
  const kept = place.kind === "accessible" && !visit.needs.includes("wheelchair") ? 2 : 0;
  const handed = place.hand !== "either" && !visit.needs.includes(`${place.hand}_handed`) ? 1 : 0;
  return kept + handed;
}

/** The first who waits and for whom a place is free, with that place; null for none. */
export function nextPair(board) {
  for (const visit of sortVisits(board).waiting.filter(waitsNow)) {
    const [place] = placesFor(board, visit);
    if (place) return { visit, place };
  }
  return null;
}

const seating = (visit, place) => ["Seat", { visit: visit.id, person: visit.person, data: { place: place.id } }];

/** A place for somebody in one tap; where the terms in force are not accepted yet, they come first. */
export function seatChoice(visit, place, options = {}) {
  const words = options.words ?? `Booth ${place.words}`;
  if (visit.terms || !termsInForce()) return choice(words, [seating(visit, place)], options);
  if (!may("Seat")) return null;
  const button = door(words, () => openTermsFirst(visit, place), { ...options, sub: ["the terms come first", options.sub].filter(Boolean).join(" · ") });
  if (options.first) button.dataset.first = "";
  return button;
}

function openTermsFirst(visit, place) {
  const accept = ["AcceptTerms", { visit: visit.id, person: visit.person, data: { terms: termsInForce() } }];
  openPanelAbout({ visit: visit.id, place: visit.place }, `The terms, with ${label(desk.board, visit)}`,
    h("p", { class: "lead" }, `The terms in force (${termsInForce()}) are not accepted yet: read them together.`),
    group("Then",
      choice(`Terms accepted: seat in booth ${place.words}`, [accept, seating(visit, place)], { main: true, first: true }),
      choice("Terms accepted, seat later", [accept])));
}

/** The panel behind "Seat next". */
export function openSeatNext() {
  const { board } = desk;
  const pair = nextPair(board);
  const waiting = sortVisits(board).waiting.filter(waitsNow);
  if (!may("Seat")) return openPanel("Seat next", h("p", {}, "Seating is for those who work on the floor."));
  if (!waiting.length) return openPanel("Seat next", h("p", {}, "Nobody is waiting."));
  const others = waiting.filter((visit) => visit.id !== pair?.visit.id);
  return openPanel("Seat next",
    pair ? group("Next in order", seatChoice(pair.visit, pair.place, { words: `${label(board, pair.visit)} in booth ${pair.place.words}`, main: true, first: true, sub: pair.visit.needs_words.join(" · ") }))
      : h("p", {}, "No free place suits who is waiting."),
    pair && group(`Another booth for ${label(board, pair.visit)}`, placesFor(board, pair.visit).slice(1).map((place) => seatChoice(pair.visit, place))),
    group("Somebody else", others.map((visit) => door(label(board, visit), () => openSeat(visit), { sub: visit.needs_words.join(" · ") }))));
}

/** The panel that seats one person. */
export function openSeat(visit) {
  const places = placesFor(desk.board, visit);
  openPanelAbout({ visit: visit.id, place: visit.place }, `Seat ${label(desk.board, visit)}`,
    places.length ? group("Free, and suits", places.map((place, at) => seatChoice(visit, place, { main: at === 0, first: at === 0 })))
      : h("p", {}, "No free place suits. Look again when a booth is free."));
}
