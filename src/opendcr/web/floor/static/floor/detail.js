// The forms for what is asked after a touch: a dose as it was given, a rate, a look. All may stay empty.

import { lookControls } from "./assess.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { initials } from "./names.js";
import { chips } from "./panel.js";
import { boot, entries, words } from "./words.js";

const field = (id, words, attributes) => {
  const input = h("input", { class: "field", id, autocomplete: "off", ...attributes });
  return { element: h("div", { class: "find" }, h("label", { for: id }, words), input), value: () => input.value.trim() };
};

const kept = (pairs) => Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== null && value !== "" && !Number.isNaN(value)));

/** The form for what can be corrected in a line besides its time; null where there is nothing. */
export function rightFor(line) {
  if (line.kind === "Observed") return details.look();
  if (line.words.startsWith("Naloxone") && line.kind === "InterventionGiven") return details.dose();
  if (line.words.startsWith("Oxygen") && line.kind === "InterventionGiven") return details.litres();
  const fields = line.data ? codedFields[line.kind] : null;
  return fields ? codedForm(fields(), line.data) : null;
}

const placeField = () => ["place", "Where", (desk.board?.places ?? []).map((place) => [place.id, place.consumption ? `Booth ${place.words}` : place.words])];
const useFields = () => [["substances", "What", entries("substances"), true], ["route", "How", entries("routes")]];

/** By kind: key, title, entries, and whether several can be chosen. */
const codedFields = {
  Arrived: () => [["reasons", "Here for", entries("reasons"), true], ["needs", "Needs", entries("needs"), true]],
  Queued: () => [["needs", "Needs", entries("needs"), true]],
  TurnedAway: () => [["reason", "Because", entries("turned_away")]],
  Assessed: () => [["outcome", "What came of it", entries("assessments")], ...useFields()],
  Seated: () => [placeField()],
  MovedToRecovery: () => [placeField()],
  Allocated: () => [["observer", "Who watches", (desk.board?.staff.people ?? []).map((one) => [one.id, initials(desk.board, one.id)])]],
  ConsumptionStarted: () => [placeField(), ...useFields()],
  Departed: () => [["how", "How", entries("departures")]],
  ServiceProvided: () => [["service", "What was given", entries("services")]],
};

/** Chips that show what was said; only what was changed is a correction. */
function codedForm(fields, said) {
  const asked = fields.map(([key, title, codes, several]) => [key, chips(title, codes, { several, chosen: [said[key] ?? []].flat() })]);
  const changed = ([key, control]) => String(control.value() ?? "") !== String(said[key] ?? "");
  return { elements: asked.map(([, control]) => control.element), data: () => kept(Object.fromEntries(asked.filter(changed).map(([key, control]) => [key, control.value()]))) };
}

const BATCH = new RegExp(boot.forms?.batch ?? "");

/** A detail in words, for a line that the board does not tell yet. */
export const detailWords = ({ micrograms, litres, response, breaths, spo2, route, batch, witness }) => [
  micrograms && `${micrograms} micrograms`, litres && `${litres} L`, response && words("responses", response),
  breaths !== undefined && `breathing ${breaths} a minute`, spo2 && `SpO₂ ${spo2} %`, batch && `batch ${batch}`,
  route && words("naloxone_routes", route), witness && `seen by ${initials(desk.board, witness)}`,
].filter(Boolean).join(", ");

/**
 * By name: a form as {elements, data, strange}. `data` holds only what was said; `strange` what of it
 * has no form that the record could hold, where something can be typed.
 */
export const details = {
  litres: () => {
    const litres = chips("Litres a minute", [2, 4, 6, 8, 10, 12, 15].map((number) => [number, String(number)]));
    return { elements: [litres.element], data: () => kept({ litres: litres.value() }) };
  },
  look: () => {
    const look = lookControls();
    return { elements: look.elements.slice(0, 3), data: look.data };
  },
  dose: () => {
    const listed = chips("Micrograms given", [100, 200, 400, 800, 1800, 2000].map((number) => [number, String(number)]));
    const other = field("dose-other", "Or other micrograms", { type: "number", inputmode: "numeric", min: 1 });
    const route = chips("How", entries("naloxone_routes"));
    const batch = field("dose-batch", "Batch", { maxlength: 64, autocapitalize: "characters" });
    const number = () => batch.value().replace(/[\s/]+/g, "-");
    const here = [boot.staff?.id, ...(desk.board?.staff.people ?? []).map((one) => one.id)].filter(Boolean);
    const witness = chips("Witness", [...new Set(here)].map((id) => [id, initials(desk.board, id)]));
    return {
      elements: [listed.element, route.element, witness.element, h("div", { class: "beside" }, batch.element, other.element)],
      data: () => kept({ micrograms: other.value() ? Number.parseInt(other.value(), 10) : listed.value(), route: route.value(),
        witness: witness.value(), batch: number() }),
      strange: () => (BATCH.test(number()) ? {} : kept({ batch: number() })),
    };
  },
};
