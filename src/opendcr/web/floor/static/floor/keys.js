// The keys of an emergency: each records the moment when it is touched, and asks for detail afterwards,
// beside the keys and never in front of them. No dose is proposed; nothing is chosen beforehand.

import { hourMinuteSecond, now, reading, stopwatch } from "./clock.js";
import { desk, may } from "./desk.js";
import { detailWords, details } from "./detail.js";
import { h, refill } from "./dom.js";
import { complete, lastPending, record } from "./incident.js";
import { initials } from "./names.js";
import { boot, words } from "./words.js";

const given = (code) => ({ kind: "GiveIntervention", data: { intervention: code } });

/** The keys in reading order. `detail` names what is asked afterwards; `hint` stands until touched. */
export const KEYS = [
  { id: "stimulation", words: "Stimulated", ...given("stimulation") },
  { id: "airway", words: "Airway opened", ...given("airway") },
  { id: "oxygen", words: "Oxygen", ...given("oxygen"), detail: "litres", hint: "litres" },
  { id: "ventilation", words: "Ventilation", ...given("ventilation"), hint: "bag-valve-mask" },
  { id: "breathing", words: "Breathing checked", kind: "Observe", data: { breathing: true }, detail: "look", hint: "rate · SpO₂ · response" },
  { id: "naloxone", words: "Naloxone", ...given("naloxone"), detail: "dose", hint: "tap when given, then dose, route, batch, witness", wide: true },
  { id: "ambulance", words: "999 called", kind: "CallAmbulance", data: {} },
  { id: "glucose", words: "Glucose", ...given("glucose") },
  { id: "seizure_care", words: "Seizure", ...given("seizure_care"), stops: "Seizure ended", until: "tap when it ends", hint: "start, then end" },
  { id: "cpr", words: "CPR", ...given("cpr"), stops: "CPR stopped", until: "tap when it stops", hint: "start, then stop" },
  { id: "aed", words: "AED", ...given("aed") },
];

/** When a key was last touched, as the board tells it or as this device knows. In ms; 0 for never. */
export function lastTouch(emergency, key) {
  const told = { ambulance: emergency.ambulance.called, breathing: emergency.breathing_checked, naloxone: emergency.naloxone.at(-1)?.at }[key.id]
    ?? emergency.interventions[key.id];
  const pending = lastPending(emergency, (entry) => entry.kind === key.kind && entry.data.intervention === key.data.intervention);
  return Math.max(told ? Date.parse(told) : 0, pending);
}

/** Whether what a key began has not been stopped, by the story's last word about it. */
function runs(emergency, key) {
  if (!key.stops) return false;
  const mine = emergency.pending.filter((entry) => entry.data.intervention === key.data.intervention);
  const last = mine.at(-1) ?? linesOf(emergency, key.id).sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).at(-1);
  return Boolean(last) && !(last.data?.stopped || last.words.includes("stopped"));
}

/** The lines of an intervention that stand, as the board tells them. */
function linesOf(emergency, intervention) {
  const begins = words("interventions", intervention);
  return emergency.timeline.filter((line) => !line.struck && line.kind === "InterventionGiven" && line.words.startsWith(begins));
}

/** One key. `redraw` is called after a touch. */
export function keyButton(emergency, key, redraw) {
  const last = lastTouch(emergency, key);
  const going = runs(emergency, key);
  const sent = emergency.pending.filter((entry) => entry.data.intervention === key.data.intervention && entry.kind === key.kind).at(-1)?.sent;
  const parts = [hourMinuteSecond(last), lastAuthor(emergency, key, last), countWords(emergency, key), sent && stateWords[sent.state], going && key.until];
  const foot = last ? parts.filter(Boolean).join(" · ") : key.hint ?? "";
  return h("button", { type: "button", class: "key", data: { key: `key-${key.id}`, id: key.id, done: last ? "yes" : "no", ...(key.wide && { wide: "yes" }), ...(going && { going: "yes" }) }, on: { click: () => touch(emergency, key, going, redraw) } },
    h("span", { class: "key__words" }, key.words, going && [" for ", h("span", { data: { clock: "stopwatch", at: new Date(last).toISOString() } }, stopwatch(now() - last))]),
    h("small", {}, foot, asks(emergency, key) && h("span", { class: "key__below" }, " · say more below ↓")));
}

/** Whether the detail of this key's last touch is being asked. */
const asks = (emergency, key) => open?.emergency === emergency.id && open.key.id === key.id;

const stateWords = { saving: "sending", pending: "not saved yet" };
/** How many doses were given, those that the board does not tell yet among them. */
export const doses = (emergency) => emergency.naloxone.length + emergency.pending.filter((entry) => entry.data.intervention === "naloxone").length;

const TOGETHER = 20000; // ms within which two who each record a dose may mean the same one
const ASKED = 300000; // ms for which that is asked

/** Who each recorded a dose within moments of each other, by initials, until one is struck out; null where nobody did. */
export function sameDose(emergency) {
  const mine = emergency.pending.filter(({ data, sent }) => data.intervention === "naloxone" && !["refused", "problem"].includes(sent.state)).map(({ at }) => ({ at, author: boot.staff?.id }));
  const given = [...linesOf(emergency, "naloxone").map(({ at, author }) => ({ at: Date.parse(at), author })), ...mine].sort((one, other) => one.at - other.at);
  const place = given.findLastIndex((one, number) => number && one.at - given[number - 1].at < TOGETHER && one.author !== given[number - 1].author);
  return place < 0 || now() - given[place].at > ASKED ? null : [given[place - 1], given[place]].map(({ author }) => initials(desk.board, author) || "nobody").join(" and ");
}

const countWords = (emergency, key) => (key.id === "naloxone" && doses(emergency) > 1 ? `given ${doses(emergency)} times` : "");

/** Whose line stands at the moment of the last touch. */
function lastAuthor(emergency, key, last) {
  const kind = { Observe: "Observed", CallAmbulance: "AmbulanceCalled" }[key.kind] ?? "InterventionGiven";
  const line = emergency.timeline.find((one) => !one.struck && one.kind === kind && Date.parse(one.at) === last);
  return initials(desk.board, line?.author);
}

/** The key whose detail is asked: {emergency, key, at, entry, form, added}; `added` is saved already, or on its way. */
let open = null;

function touch(emergency, key, going, redraw) {
  finish();
  const [clock, at] = [reading(), now()];
  const data = going ? { ...key.data, stopped: true } : key.data;
  const entry = record(emergency.id, key.kind, data, going ? key.stops : key.words, { clock, at });
  if (key.detail && may("Correct")) open = { emergency: emergency.id, key, at, entry, form: details[key.detail](), added: {} };
  redraw();
}

/** Saves what was chosen since the last time. @returns {Object} what was typed and fits no form of the record's */
function add({ emergency, entry, key, form, added }) {
  const strange = form.strange?.() ?? {};
  const fresh = ([name, value]) => !(name in strange) && added[name] !== value;
  const data = Object.fromEntries(Object.entries(form.data()).filter(fresh));
  if (Object.keys(data).length) complete(emergency, entry, data, `${key.words}: ${detailWords(data)}`);
  Object.assign(added, data);
  return strange;
}

/** What is asked of an emergency that was found to be another is asked of that one from then on. */
export function askIn(into, emergency) {
  if (open?.emergency === emergency) open.emergency = into;
}

/**
 * Goes on from the detail that is asked: nothing chosen is lost by it, and what was typed is looked at by
 * the lead. @param {string} [staying] the emergency whose detail is asked on
 */
export function finish(staying = null) {
  if (!open || open.emergency === staying) return;
  const { emergency, entry, key } = open;
  const typed = add(open);
  open = null;
  if (Object.keys(typed).length) complete(emergency, entry, { typed }, `${key.words}: ${detailWords(typed)}, not in the record`);
}

addEventListener("pagehide", () => finish());

/** The way on by the form's own button: what does not fit stays in the form, and the form says so. */
function addAndSay(redraw) {
  const { form, wrong } = open;
  const { batch } = add(open);
  refill(wrong, batch && `Not in the record: batch ${batch}. What to do: look at the number on the pack. Or go on: it is kept for the shift lead to look at.`);
  if (!batch) open = null;
  redraw();
}

/** Whether the line that a detail is asked of was struck out: nothing more is asked of it. */
function isStruck(emergency, { entry }) {
  const lines = emergency.timeline.filter((line) => line.fact === entry.sent.outcome?.facts?.[0]?.id);
  return lines.length > 0 && lines.every((line) => line.struck);
}

/** The form beside the keys for the detail of the last touch; null where none is asked. */
export function detailForm(emergency, redraw) {
  if (!open || open.emergency !== emergency.id) return null;
  if (isStruck(emergency, open)) finish(); // it may be in another emergency now: what was chosen goes with it
  if (!open) return null;
  if (open.element) return open.element;
  open.wrong = h("p", { class: "detail__wrong", role: "alert" });
  open.element = h("section", { class: "detail", "aria-label": `Detail of ${open.key.words}` },
    h("div", { class: "detail__top" }, h("h2", {}, `${open.key.words} ${hourMinuteSecond(open.at)}`),
      h("button", { type: "button", class: "button button--main", on: { click: () => addAndSay(redraw) } }, "Add to the record"), open.wrong),
    ...open.form.elements);
  return open.element;
}
