// The forms for what is asked after a touch: a dose as it was given, a rate, a look. All may stay empty.

import { lookControls } from "./assess.js";
import { desk } from "./desk.js";
import { h } from "./dom.js";
import { initials } from "./names.js";
import { chips } from "./panel.js";
import { entries } from "./words.js";

const field = (id, words, attributes) => {
  const input = h("input", { class: "field", id, autocomplete: "off", ...attributes });
  return { element: h("div", { class: "find" }, h("label", { for: id }, words), input), value: () => input.value.trim() };
};

const kept = (pairs) => Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== null && value !== "" && !Number.isNaN(value)));

/** By name: a form as {elements, data}; `data` holds only what was said. */
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
    const other = field("dose-other", "Or another number of micrograms", { type: "number", inputmode: "numeric", min: 1 });
    const route = chips("How", entries("naloxone_routes"));
    const batch = field("dose-batch", "Batch", { maxlength: 64, pattern: "[A-Za-z0-9._:\\-]*" });
    const witness = chips("Witness", (desk.board?.staff.people ?? []).map((one) => [one.id, initials(desk.board, one.id)]));
    return {
      elements: [listed.element, route.element, witness.element, other.element, batch.element],
      data: () => kept({ micrograms: other.value() ? Number.parseInt(other.value(), 10) : listed.value(), route: route.value(),
        witness: witness.value(), batch: batch.value().replace(/[^A-Za-z0-9._:-]/g, "") }),
    };
  },
};
