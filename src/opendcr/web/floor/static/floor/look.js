// Looking at a person: what the last look saw, a new look, and an emergency where that is what is seen.

import { lookControls } from "./assess.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { drawEmergency, showEmergency, startEmergency } from "./emergency.js";
import { record } from "./incident.js";
import { label } from "./names.js";
import { choice, group, openPanelAbout } from "./panel.js";
import { entries, levelText, words } from "./words.js";

export function openObserve(visit) {
  const look = lookControls();
  openPanelAbout({ visit: visit.id, place: visit.place }, `Look at ${label(desk.board, visit)}`,
    lastLook(visit),
    group("In one tap", allFine(visit, { first: true }, look.data)),
    ...look.elements,
    group("Save with this level of concern", entries("concerns").map((level) => levelChoice(visit, look, level))));
}

function levelChoice(visit, look, [code, said, letter]) {
  const told = [letter, said].filter(Boolean).join(" ");
  if (code === "emergency") return emergencyChoice(visit, look, told);
  return choice(told, () => [["Observe", { visit: visit.id, person: visit.person, data: { ...look.data(), concern: code }, urgent: true }]],
    { key: `concern-${code}` });
}

/** Whoever sees an emergency has begun it: the stopwatch starts at this touch, and the look is its first line. */
function emergencyChoice(visit, look, told) {
  const begin = () => {
    const running = desk.board.visits.find((one) => one.id === visit.id)?.emergency;
    if (running) showEmergency(running);
    const id = running ?? startEmergency({ visit: visit.id, place: visit.place });
    record(id, "Observe", { ...look.data(), concern: "emergency" }, told, { visit: visit.id });
    drawEmergency();
  };
  return h("button", { type: "button", class: "choice choice--emergency", data: { key: "concern-emergency" }, on: { click: begin } },
    h("span", {}, told), h("small", {}, visit.emergency ? "it runs already" : "starts the stopwatch"));
}

/** A look at somebody who answers and worries nobody. @param {() => Object} seen what else was seen */
export function allFine(visit, options = {}, seen = () => ({})) {
  return choice("Alert, no concern", () => [["Observe", { visit: visit.id, person: visit.person, data: { ...seen(), response: "alert", concern: "none" }, urgent: true }]],
    { main: true, kind: "Observe", ...options });
}

/** What the last look saw and how long ago; null before the first. */
export function lastLook(visit) {
  const { looked } = visit;
  if (!looked) return null;
  const seen = [
    levelText(looked.concern ?? visit.concern) || "no concern",
    looked.response && words("responses", looked.response),
    looked.breaths !== null && `${looked.breaths} breaths a minute`,
    looked.spo2 !== null && `SpO₂ ${looked.spo2} %`,
    looked.skin && words("skins", looked.skin),
  ].filter(Boolean);
  return h("p", { class: "lead" }, "Last look ", h("span", { data: { clock: "minutes", at: looked.at } }), " min ago: ", h("b", {}, seen.join(" · ")));
}
