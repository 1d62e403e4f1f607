// The catalogue's words, as the page brought them: a code is for machines, words are for people.

import { brought } from "./dom.js";

const boot = brought("boot");
const catalogue = boot.catalogue ?? {};

/** Entries of a catalogue, [code, words, …], in the order in which people should see them. */
export const entries = (name) => catalogue[name] ?? [];

/** The words for a code; the code itself where this page is older than the ledger. */
export function words(name, code) {
  const entry = entries(name).find(([known]) => known === code);
  return entry ? entry[1] : code;
}

export const LEVELS = ["none", "watch", "rouse", "intervene", "emergency"];
const letters = { watch: "W", rouse: "S", intervene: "I", emergency: "E" };
const levelWords = { watch: "watch", rouse: "rouse", intervene: "intervene", emergency: "emergency" };

/** "S rouse": a level by letter and word, since colour alone tells nobody everything. */
export const levelText = (level) => (letters[level] ? `${letters[level]} ${levelWords[level]}` : "");

/** The higher of two levels. */
export const higher = (one, other) => (LEVELS.indexOf(one) >= LEVELS.indexOf(other) ? one : other);

export { boot };
