// What was tapped and is not yet saved. A command is made once, at the tap, and sent until the server
// answers: the same id and the same words, so that sending twice does nothing twice. What lacks its
// author's sign-in is set aside until that person signs in, and never sent in another's name.

import { boot } from "./words.js";
import { reading } from "./clock.js";
import { uuid7 } from "./uuid.js";

const PATIENCE = 8000; // ms to wait for an answer before trying again
const DOUBLE = 700; // ms within which the same tap is a double tap
const LONGEST = 10000; // ms, the longest rest between tries

/** @typedef {"saving"|"pending"|"saved"|"refused"|"problem"|"signed-out"} State */

/** A store that forgets with the page. */
export class Memory {
  constructor() {
    this.kept = new Map();
  }
  keep(entry) {
    this.kept.set(entry.id, entry);
  }
  drop(entry) {
    this.kept.delete(entry.id);
  }
  left() {
    return [];
  }
}

/** The body of a command, whole: it never changes once made. */
export function makeCommand(kind, { visit = null, person = null, data = {}, mode, because, room, clock = reading() } = {}) {
  const command = { id: uuid7(), kind, visit, person, data, ...clock, source: "tap" };
  if (room) command.room = room;
  // Whoever tapped is the author, even if somebody else has signed in here by the time it is sent; a
  // page at which nobody is signed in says that, so that it is put down to nobody else.
  if ("staff" in boot) command.author = boot.staff?.id ?? null;
  if (mode) command.mode = mode;
  if (because) command.because = because;
  return command;
}

export function csrfToken() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? decodeURIComponent(cookie[1]) : tokenOf(document);
}

const tokenOf = (page) => page.querySelector('meta[name="csrf"]')?.content ?? "";

/** Asks for a page, which brings the cookie that a browser may have lost; whether one came. */
async function renewToken() {
  const response = await fetch(boot.urls?.sign_in ?? "/sign-in", { redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  return tokenOf(new DOMParser().parseFromString(await response.text(), "text/html")) !== "";
}

export class Outbox extends EventTarget {
  constructor(address, store = new Memory()) {
    super();
    this.address = address;
    this.store = store;
    this.lanes = new Map(); // by name, what is sent one after the other
    this.busy = new Set(); // names of the lanes that are being sent
    this.wake = new Map(); // by lane, what ends its rest
    this.aside = []; // what waits for a sign-in
    this.stranger = false; // whether the server knows neither a person nor this device
    addEventListener("online", () => this.hurry());
  }

  /** Everything that is not saved and not refused. */
  get waiting() {
    const sent = [...this.lanes.values()].flat();
    return [...sent.filter((entry) => entry.urgent), ...sent.filter((entry) => !entry.urgent), ...this.aside];
  }

  /** What was said of why the first that waits is not saved. */
  get trouble() {
    return this.waiting.find((entry) => entry.words)?.words ?? "";
  }

  /** Takes up what an earlier page of this tab left unsaved; sends what is by `staff`, sets the rest aside. */
  restore(staff) {
    for (const { command, urgent, label, target, ...told } of this.store.left()) {
      if (command && (command.author ?? null) === staff) this.add(command, urgent, label, target);
      else this.aside.push({ ...makeEntry(command ?? told, urgent, label), state: "signed-out", target, lost: !command });
    }
  }

  /** Sends what was set aside, in the name of whoever is signed in and says that it is theirs. */
  enter(entries) {
    this.aside = this.aside.filter((entry) => !entries.includes(entry));
    for (const entry of entries) {
      const command = { ...entry.command, author: boot.staff.id };
      Object.assign(entry, { command, body: bodyOf(command, entry.target), state: "saving" });
      this.store.keep(entry);
      this.put(entry);
    }
  }

  /** Forgets what nobody will enter from here. */
  forget(entries) {
    this.aside = this.aside.filter((entry) => !entries.includes(entry));
    entries.forEach((entry) => this.store.drop(entry));
  }

  /**
   * Sends a command and returns its entry: `state`, and `answered`, a promise of what came of it.
   * A double tap returns the first tap's entry.
   */
  submit(kind, options = {}) {
    const key = JSON.stringify([kind, options.visit, options.person, options.data]);
    if (this.last?.key === key && performance.now() - this.last.at < DOUBLE) return this.last.entry;
    const entry = this.add(makeCommand(kind, options), options.urgent, options.label);
    this.last = { key, at: performance.now(), entry };
    return entry;
  }

  /**
   * Says more of what `first` records, as its author and behind it: what is done for a body is told
   * afterwards, and no rule may refuse it. `data.typed` holds what has no form of the record's.
   */
  complete(first, data, label) {
    const { visit, room, author, data: { emergency } } = first.command;
    const made = makeCommand("Correct", { visit, room, data: { ...(emergency && { emergency }), ...data }, mode: "report" });
    const command = { ...made, ...(author !== undefined && { author }), after: first.id };
    const { outcome } = first;
    return outcome && outcome.state !== "saved" ? this.give(makeEntry(command, true, label), outcome) : this.add(command, true, label, outcome?.facts[0].id);
  }

  /** Takes in a command that is made already. */
  add(command, urgent = false, label = null, target = null) {
    const entry = makeEntry(command, urgent, label, target);
    this.store.keep(entry);
    this.put(entry);
    return entry;
  }

  put(entry) {
    if (this.aside.some(({ id }) => id === entry.command.after)) return this.leave(entry, SIGNED_OUT);
    const lane = laneOf(entry);
    this.lanes.set(lane, [...(this.lanes.get(lane) ?? []), entry]);
    if (this.lanes.get(lane)[0].state === "pending") entry.state = "pending"; // it waits behind what waits
    this.tell(entry);
    this.run(lane);
  }

  /** Sends a lane's entries one after the other: an arrival is saved before what follows it. */
  async run(lane) {
    if (this.busy.has(lane)) return;
    this.busy.add(lane);
    while (this.lanes.has(lane)) {
      const [entry] = this.lanes.get(lane);
      const answer = await this.send(entry);
      if (!answer || answer.state === "pending") await this.rest(lane, entry, answer?.words);
      else if (answer.state === "signed-out") this.setAside(lane, entry, answer);
      else this.settle(lane, entry, answer);
    }
    this.busy.delete(lane);
  }

  /** One try. Null where nothing is known of what came of it. */
  async send(entry) {
    if (!entry.body) return null;
    try {
      const response = await this.post(entry);
      if (response.status !== 403 || !(await renewToken())) return await readAnswer(entry, response);
      return await readAnswer(entry, await this.post(entry));
    } catch {
      return null;
    }
  }

  post(entry) {
    return fetch(this.address, {
      method: "POST", body: entry.body, keepalive: entry.body.length < 60000, redirect: "error",
      priority: entry.urgent ? "high" : "auto", signal: AbortSignal.timeout(PATIENCE),
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    });
  }

  /** What of a lane completes an entry. */
  behind(lane, { id }) {
    return (this.lanes.get(lane) ?? []).filter(({ command }) => command.after === id);
  }

  /** An entry of a lane is no longer to be sent. */
  shift(lane, entry) {
    const rest = this.lanes.get(lane).filter((one) => one !== entry);
    if (rest.length) this.lanes.set(lane, rest);
    else this.lanes.delete(lane);
  }

  settle(lane, entry, answer) {
    const behind = this.behind(lane, entry);
    if (answer.state === "saved") behind.forEach((one) => this.aim(one, answer.facts[0].id));
    else behind.forEach((one) => this.settle(lane, one, answer));
    this.shift(lane, entry);
    this.store.drop(entry);
    this.give(entry, answer);
  }

  give(entry, answer) {
    delete entry.words;
    entry.outcome = answer; // before anybody is told: whoever draws now knows the facts
    entry.answer(answer);
    this.set(entry, answer.state);
    return entry;
  }

  /** What an entry completes is a fact now: it can be sent, from a later page too. */
  aim(entry, target) {
    Object.assign(entry, { target, body: bodyOf(entry.command, target) });
    this.store.keep(entry);
  }

  /** It stays in the store: its author sends it after signing in. What completes it waits with it. */
  setAside(lane, entry, answer) {
    const behind = this.behind(lane, entry);
    this.shift(lane, entry);
    this.leave(entry, answer);
    behind.forEach((one) => this.setAside(lane, one, answer));
    this.stranger ||= answer.stranger;
    this.dispatchEvent(new Event("signed-out"));
  }

  leave(entry, answer) {
    this.aside.push(entry);
    delete entry.words;
    entry.answer(answer);
    this.set(entry, answer.state);
  }

  async rest(lane, entry, words) {
    entry.tries += 1;
    entry.words = words;
    this.lanes.get(lane).forEach((one) => this.set(one, "pending")); // what waits behind it is no nearer
    const pause = Math.min(LONGEST, 500 * 2 ** Math.min(entry.tries, 6));
    await new Promise((resolve) => {
      this.wake.set(lane, resolve);
      setTimeout(resolve, pause);
    });
  }

  /** Tries at once what rests: the server has been heard again. */
  hurry() {
    this.wake.forEach((wake) => wake());
  }

  set(entry, state) {
    entry.state = state;
    this.tell(entry);
  }

  tell(entry) {
    this.dispatchEvent(new CustomEvent("change", { detail: entry }));
  }
}

function makeEntry(command, urgent = false, label = null, target = null) {
  const entry = { id: command.id, command, urgent, label, target, body: bodyOf(command, target), state: "saving", tries: 0 };
  entry.answered = new Promise((resolve) => { entry.answer = resolve; });
  return entry;
}

/** The body as it is sent; null for what completes a fact that is not known yet. */
function bodyOf({ after, ...command }, target) {
  if (!after) return JSON.stringify(command);
  const { emergency, typed, ...said } = command.data ?? {};
  return target && JSON.stringify({ ...command, data: { target, changes: { data: { ...said, ...typed } }, reason: "learned_later" } });
}

/**
 * What an entry waits behind: ordinary ones behind each other, those of an emergency behind what was
 * done for it before. The start of another emergency waits behind nothing.
 */
const laneOf = ({ urgent, command }) => (urgent ? command.data.emergency ?? "urgent" : "ordinary");

const SIGNED_OUT = { state: "signed-out", words: "Not saved yet: nobody is signed in here who may do this. Sign in, and it is sent." };

/** The page through which a network wants somebody to sign in answers anything, and takes nothing. */
const SOMEBODY_ELSE = { state: "pending", words: "Not saved: what answers on this network is not the room's server. " +
  "What to do: look whether the network wants a sign-in. It is sent again by itself; until then, use paper." };

/**
 * What an answer means, in one object; null where the server is at fault, says nothing, and may yet
 * answer. Only what the room's server says of this command settles it.
 */
async function readAnswer({ id }, response) {
  const { status } = response;
  const { facts, flags = [], refusal, problem } = (await response.json().catch(() => null)) ?? {};
  if (status === 200 && isRecordOf(id, facts)) return { state: "saved", facts, flags };
  if (status === 409 && refusal?.words) return { state: "refused", code: refusal.code, words: refusal.words };
  if (!problem?.expected) return status >= 500 ? null : SOMEBODY_ELSE;
  if (status >= 500 || status === 429) return { state: "pending", words: `Not saved: ${problem.found}. What to do: ${problem.expected}.` };
  if (status === 401 || status === 403 || problem.code === "no_proof") {
    return { ...SIGNED_OUT, stranger: problem.code === "unknown_sender" };
  }
  return { state: "problem", words: `Not saved: ${problem.where} is ${JSON.stringify(problem.found)}; expected ${problem.expected}.` };
}

const isRecordOf = (id, facts) => Array.isArray(facts) && facts.length > 0 && facts.every((fact) => fact?.command === id);
