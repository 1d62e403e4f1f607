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
  return cookie ? decodeURIComponent(cookie[1]) : document.querySelector('meta[name="csrf"]')?.content ?? "";
}

export class Outbox extends EventTarget {
  constructor(address, store = new Memory()) {
    super();
    this.address = address;
    this.store = store;
    this.lanes = { ordinary: [], urgent: [] };
    this.busy = { ordinary: false, urgent: false };
    this.aside = []; // what waits for a sign-in
    this.trouble = ""; // what a server in trouble said last
    this.stranger = false; // whether the server knows neither a person nor this device
    addEventListener("online", () => this.hurry());
  }

  /** Everything that is not saved and not refused. */
  get waiting() {
    return [...this.lanes.urgent, ...this.lanes.ordinary, ...this.aside];
  }

  /** Takes up what an earlier page of this tab left unsaved; sends what is by `staff`, sets the rest aside. */
  restore(staff) {
    for (const { command, urgent, label, ...told } of this.store.left()) {
      if (command && (command.author ?? null) === staff) this.add(command, urgent, label);
      else this.aside.push({ ...makeEntry(command ?? told, urgent, label), state: "signed-out", lost: !command });
    }
  }

  /** Sends what was set aside, in the name of whoever is signed in and says that it is theirs. */
  enter(entries) {
    this.aside = this.aside.filter((entry) => !entries.includes(entry));
    for (const entry of entries) {
      const command = { ...entry.command, author: boot.staff.id };
      Object.assign(entry, { command, body: JSON.stringify(command), state: "saving" });
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

  /** Takes in a command that is made already. */
  add(command, urgent = false, label = null) {
    const entry = makeEntry(command, urgent, label);
    this.store.keep(entry);
    this.put(entry);
    return entry;
  }

  put(entry) {
    const lane = entry.urgent ? "urgent" : "ordinary";
    this.lanes[lane].push(entry);
    this.tell(entry);
    this.run(lane);
  }

  /** Sends a lane's entries one after the other: an arrival is saved before what follows it. */
  async run(lane) {
    if (this.busy[lane]) return;
    this.busy[lane] = true;
    while (this.lanes[lane].length) {
      const entry = this.lanes[lane][0];
      const answer = await this.send(entry);
      this.trouble = answer?.state === "pending" ? answer.words : "";
      if (!answer || answer.state === "pending") await this.rest(lane, entry);
      else if (answer.state === "signed-out") this.setAside(lane, entry, answer);
      else this.settle(lane, entry, answer);
    }
    this.busy[lane] = false;
  }

  /** One try. Null where nothing is known of what came of it. */
  async send(entry) {
    try {
      const response = await fetch(this.address, {
        method: "POST", body: entry.body, keepalive: entry.body.length < 60000, signal: AbortSignal.timeout(PATIENCE),
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      });
      return await readAnswer(response);
    } catch {
      return null;
    }
  }

  settle(lane, entry, answer) {
    this.lanes[lane].shift();
    this.store.drop(entry);
    entry.outcome = answer; // before anybody is told: whoever draws now knows the facts
    entry.answer(answer);
    this.set(entry, answer.state);
  }

  /** It stays in the store: its author sends it after signing in. */
  setAside(lane, entry, answer) {
    this.lanes[lane].shift();
    this.aside.push(entry);
    this.stranger ||= answer.stranger;
    entry.answer(answer);
    this.set(entry, answer.state);
    this.dispatchEvent(new Event("signed-out"));
  }

  async rest(lane, entry) {
    entry.tries += 1;
    entry.words = this.trouble || undefined;
    this.set(entry, "pending");
    const pause = Math.min(LONGEST, 500 * 2 ** Math.min(entry.tries, 6));
    await new Promise((resolve) => {
      this.wake = { ...this.wake, [lane]: resolve };
      setTimeout(resolve, pause);
    });
  }

  /** Tries at once what rests: the server has been heard again. */
  hurry() {
    Object.values(this.wake ?? {}).forEach((wake) => wake());
  }

  set(entry, state) {
    entry.state = state;
    this.tell(entry);
  }

  tell(entry) {
    this.dispatchEvent(new CustomEvent("change", { detail: entry }));
  }
}

function makeEntry(command, urgent = false, label = null) {
  const entry = { id: command.id, command, urgent, label, body: JSON.stringify(command), state: "saving", tries: 0 };
  entry.answered = new Promise((resolve) => { entry.answer = resolve; });
  return entry;
}

/** What an answer means, in one object; null where the server is at fault, says nothing, and may yet answer. */
async function readAnswer(response) {
  const body = await response.json().catch(() => ({}));
  if (response.status >= 500 || response.status === 429) return troubleOf(body);
  if (response.ok) return { state: "saved", facts: body.facts ?? [], flags: body.flags ?? [] };
  if (response.status === 409) return { state: "refused", code: body.refusal?.code, words: body.refusal?.words ?? "The rules say no." };
  if (response.status === 401 || response.status === 403 || body.problem?.code === "no_proof") {
    return { state: "signed-out", stranger: body.problem?.code === "unknown_sender", words: "Not saved yet: nobody is signed in here who may do this. Sign in, and it is sent." };
  }
  return { state: "problem", words: problemWords(body) };
}

/** A server that cannot save now and says so: what it said is shown, and the command is sent again. */
function troubleOf({ problem }) {
  if (!problem?.expected) return null;
  return { state: "pending", words: `Not saved: ${problem.found}. What to do: ${problem.expected}.` };
}

function problemWords({ problem, detail }) {
  if (problem?.found !== undefined) {
    return `Not saved: ${problem.where ?? "the entry"} is ${JSON.stringify(problem.found)}; expected ${problem.expected}.`;
  }
  return `Not saved: ${typeof detail === "string" ? detail : "the server could not read it"}.`;
}
