// The emergencies that run: what the board tells, and what was touched here and the board does not
// tell yet. A stopwatch starts at the touch and waits for no server.

import { now, reading, steady } from "./clock.js";
import { desk, outbox } from "./desk.js";
import { randomHex } from "./uuid.js";
import { boot } from "./words.js";

const AGAIN = 3000; // ms within which the key that begins an emergency means the one that it began

/** By emergency: {id, since, visit, place, area, entries, end}; `begun` where it was begun on this device. */
const local = new Map();
let last = null; // the emergency begun here last: {id, at}

export const newId = () => `e-${randomHex(8)}`;

/** Begins an emergency at once and sends it. @returns {string} its id */
export function begin({ visit = null, place = null } = {}) {
  const id = newId();
  takeUp({ id, since: now(), visit, place });
  last = { id, at: steady() };
  record(id, "StartEmergency", place ? { place } : {}, "Emergency", { visit });
  return id;
}

/** The emergency that was begun here a moment ago; null where none was. */
export const justBegun = () => (last && steady() - last.at < AGAIN ? last.id : null);

function takeUp({ id, since, visit = null, place = null }) {
  local.set(id, { id, since, visit, place, area: null, entries: [], begun: false });
}

/** Takes up an emergency whose command another page of this device made at the touch. */
export function adopt(command) {
  const id = command.data.emergency;
  if (local.has(id)) return id;
  takeUp({ id, since: Date.parse(command.tapped) + (command.offset_ms ?? 0), visit: command.visit });
  follow(id, outbox.add(command, true, "Emergency"), { words: "Emergency", kind: command.kind, data: command.data, at: local.get(id).since });
  return id;
}

/** Takes up what an earlier page of this tab recorded of emergencies and could not save: it is shown on. */
export function takeUpUnsaved() {
  for (const sent of outbox.waiting) {
    const { author = null, data, kind, tapped, offset_ms, visit } = sent.command;
    if (!data?.emergency || sent.lost || ![null, boot.staff?.id].includes(author)) continue;
    const at = Date.parse(tapped) + (offset_ms ?? 0);
    if (!local.has(data.emergency)) takeUp({ id: data.emergency, since: at, visit, place: data.place });
    follow(data.emergency, sent, { words: sent.label ?? kind, kind, data, at });
  }
}

/** Records what was done or seen, at the moment of the touch. @returns the entry */
export function record(id, kind, data, words, { visit = visitOf(id), clock = reading(), at = now() } = {}) {
  const options = { visit, data: { emergency: id, ...data }, urgent: true, clock, room: boot.room, label: words };
  return follow(id, outbox.submit(kind, options), { words, kind, data, at });
}

/** Says more of what a touch recorded; a line of its own tells it until the board does. */
export function complete(id, entry, data, words) {
  return follow(id, outbox.complete(entry.sent, data, words), { words, kind: "Correct", data, at: now() });
}

/** Corrects a line that the board tells; one of its own tells how that stands, until the board does. */
export function correct(id, target, changes, reason, words) {
  const data = { target, changes, reason };
  return follow(id, outbox.submit("Correct", { room: boot.room, urgent: true, data, label: words }), { words, kind: "Correct", data, at: now() });
}

function follow(id, sent, line) {
  if (!local.has(id)) takeUp({ id, since: line.at });
  const mine = local.get(id);
  const known = mine.entries.find((entry) => entry.sent === sent);
  if (known) return known;
  const entry = { ...line, sent };
  mine.entries.push(entry);
  if (line.kind === "StartEmergency") mine.begun = true;
  if (line.kind === "EndEmergency") {
    mine.end = sent;
    sayOver(id);
  }
  return entry;
}

/** The fact that a touch became; null until the server has said so. */
const factOf = (entry) => entry.sent.outcome?.facts?.[0]?.id ?? null;
/** Whether its end was saved here; a board that knows that end and tells it all the same has it taken back. */
function hasEnded(mine) {
  const { state, facts } = mine?.end?.outcome ?? {};
  if (state !== "saved") return false;
  const { seq = 0, emergencies = [] } = desk.board ?? {};
  return !(seq >= facts[0].seq && emergencies.some(({ id }) => id === mine.id));
}

const visitOf = (id) => view(id)?.visit ?? null;

/** The emergencies that one was begun as, when several were found to be one: its own id and theirs. */
const ids = ({ id, also = [] }) => [id, ...also];

/** One emergency as this device knows it, with what was touched here in those that it was begun as; null for an unknown one. */
export function view(id) {
  const told = desk.board?.emergencies.find((one) => one.id === id);
  const mine = (told ? ids(told) : [id]).map((one) => local.get(one)).filter(Boolean);
  mine.forEach((one) => forgetTold(one, told));
  if (!told) return mine.length ? alone(mine[0]) : null;
  // An end that was said of what is part of this one now has ended nothing here.
  const pending = mine.flatMap((one) => one.entries.filter((entry) => one.id === id || entry.kind !== "EndEmergency"));
  return { ...told, since: Date.parse(told.since), pending };
}

/** The board tells a saved line itself: then it is no longer told twice. */
function forgetTold(mine, told) {
  const lines = new Set((told?.timeline ?? []).map((line) => line.fact));
  const known = (entry) => lines.has(factOf(entry)) || (told && factOf(entry) && entry.kind === "StartEmergency") || isCompleted(entry);
  mine.entries = mine.entries.filter((entry) => !known(entry));
}

/** Whether the board tells a line as it was completed. What could not be taken as it was said stays to be seen. */
const isCompleted = ({ kind, sent: { outcome } }) =>
  kind === "Correct" && outcome?.state === "saved" && !outcome.flags.length && outcome.facts.at(-1).seq <= (desk.board?.seq ?? 0);

function alone(mine) {
  return {
    id: mine.id, since: mine.since, visit: mine.visit, place: mine.place, area: mine.area, type: "unknown",
    ambulance: {}, breathing_checked: null, breaths: null, spo2: null, spo2_at: null, oxygen: null,
    naloxone: [], interventions: {}, timeline: [], pending: mine.entries,
  };
}

/** The emergencies that run, oldest first; those begun here first of all until the board tells them. */
export function running() {
  const told = (desk.board?.emergencies ?? []).map((one) => one.id).filter((id) => !hasEnded(local.get(id)));
  const known = new Set((desk.board?.emergencies ?? []).flatMap(ids));
  if (desk.board) for (const mine of local.values()) mine.over = !known.has(mine.id) && isOver(mine);
  const begun = [...local.values()].filter((mine) => !known.has(mine.id) && !(mine.over || hasEnded(mine))).map((mine) => mine.id);
  return [...told, ...begun].map(view).filter(Boolean);
}

/** The emergency that one was found to be; undefined where it is itself, or over. */
export const foundToBe = (id) => running().find((one) => one.id !== id && ids(one).includes(id));

/** Whether an emergency begun here is over: ended here, or told by the board once and no longer. */
function isOver(mine) {
  if (hasEnded(mine)) return true;
  const start = mine.entries.find((entry) => entry.kind === "StartEmergency");
  const { state, facts } = start?.sent.outcome ?? {};
  return start === undefined || (state === "saved" && facts[0].seq <= desk.board.seq);
}

/** Whether this device began an emergency, or one that it was found to be: who began it need not be called to it. */
export function begunHere(id) {
  const told = desk.board?.emergencies.find((one) => one.id === id);
  return (told ? ids(told) : [id]).some((one) => local.get(one)?.begun);
}

const saidOver = new Map(); // id → steady ms at which somebody said here that it is over, or was none
const REMEMBERED = 30000; // ms for which that is why it leaves the screen

export const endedHere = (id) => steady() - (saidOver.get(id) ?? -REMEMBERED) < REMEMBERED;

/** Notes that somebody says here that it is over, or that it was none. */
export const sayOver = (id) => saidOver.set(id, steady());

/** The last moment, in ms, at which something was done that `chosen` picks from what is pending. */
export function lastPending(emergency, chosen) {
  return emergency.pending.filter(chosen).reduce((last, entry) => Math.max(last, entry.at), 0);
}
