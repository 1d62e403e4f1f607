// The panel of a place: who is in it, who could be, and why it is blocked.

import { desk, may } from "./desk.js";
import { h } from "./dom.js";
import { showEmergency } from "./emergency.js";
import { sortVisits } from "./lists.js";
import { label } from "./names.js";
import { choice, door, followRoom, group, openPanelAbout } from "./panel.js";
import { seatChoice, suits } from "./seat.js";
import { openVisit } from "./visit.js";
import { entries } from "./words.js";

/** Opens what a tile stands for: an emergency, the one visit in it, several, or the place itself. */
export function openPlace(place) {
  openWhatItHolds(place);
  const fresh = (board) => board.places.find((one) => one.id === place.id);
  if (place.visits.length !== 1 && !place.emergency) followRoom(() => openPlace(fresh(desk.board)), fresh);
}

function openWhatItHolds(place) {
  const visits = desk.board.visits.filter((visit) => place.visits.includes(visit.id));
  if (place.emergency) return showEmergency(place.emergency);
  if (visits.length === 1) return openVisit(visits[0]);
  if (visits.length > 1) return openCrowd(place, visits);
  return place.state === "blocked" ? openBlocked(place) : openFree(place);
}

function openCrowd(place, visits) {
  openPanelAbout({ place: place.id }, `Booth ${place.words} · ${visits.length} people`,
    h("p", {}, "The record says that several people are in this booth. Say of each where they are."),
    group("Who", visits.map((visit) => door(label(desk.board, visit), () => openVisit(visit)))));
}

function openFree(place) {
  const waiting = sortVisits(desk.board).waiting.filter((visit) => visit.stage !== "stepped_out");
  const fits = waiting.filter((visit) => suits(place, visit.needs));
  const others = waiting.filter((visit) => !suits(place, visit.needs));
  openPanelAbout({ place: place.id }, `Booth ${place.words} · free`,
    !may("Seat") ? h("p", {}, "Seating is for those who work on the floor.")
      : fits.length ? group("Seat", fits.map((visit, at) => seatChoice(visit, place, { words: label(desk.board, visit), main: at === 0, first: at === 0, sub: visit.needs_words.join(" · ") })))
      : h("p", {}, "Nobody is waiting whom this place suits."),
    group("Asked for another kind of place", others.map((visit) => seatChoice(visit, place, { words: label(desk.board, visit), sub: visit.needs_words.join(" · ") }))),
    group("Block it", entries("pauses").map(([code, words]) => choice(words, [["BlockPlace", { data: { place: place.id, reason: code } }]]))));
}

function openBlocked(place) {
  openPanelAbout({ place: place.id }, `Booth ${place.words} · ${place.blocked?.words ?? "blocked"}`,
    h("p", { class: "lead" }, "Nobody is seated here", place.blocked && [", since ", h("span", { data: { clock: "minutes", at: place.blocked.since } }), " min"], ".",
      !may("ReleasePlace") && " Who works on the floor frees it."),
    group("Next", choice("Ready: free again", [["ReleasePlace", { data: { place: place.id } }]], { main: true, first: true })));
}
