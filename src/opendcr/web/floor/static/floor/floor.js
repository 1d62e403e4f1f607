// The floor's page: hears the room, draws it each time it moves, and ticks each second on server time.

import { openAlerts } from "./affairs.js";
import { handedOn } from "./alarm.js";
import { openArrive } from "./arrive.js";
import { drawBoard, fellDue } from "./board.js";
import { measure, measureAnswer, measurePage, setZone, steady, writeClocks } from "./clock.js";
import { desk, may, outbox, seesBoard, signedIn } from "./desk.js";
import { drawEmergency, emergencyWords, showEmergency, shownEmergency, startEmergency } from "./emergency.js";
import { Freshness, STALE } from "./freshness.js";
import { h } from "./dom.js";
import { EMERGENCY } from "./hotkeys.js";
import { adopt, begunHere, foundToBe, justBegun, running, takeUpUnsaved } from "./incident.js";
import { toggleNames } from "./names.js";
import { panelFollows } from "./panel.js";
import { openPlace } from "./place.js";
import { openSeatNext } from "./seat.js";
import { lose, openLeft, sayLeft, sayNobody, watchSession } from "./signin.js";
import { listenForKeys, showKeys } from "./shortcuts.js";
import { acknowledge, soundFor, soundIsReady, unheard, wakeSound } from "./sound.js";
import { Stream } from "./stream.js";
import { heedDoubleTaps } from "./twice.js";
import { boot } from "./words.js";

const byId = (id) => document.getElementById(id);
const freshness = new Freshness();
const MISSED = 3000; // ms of age after which the board is asked for
const ASK_AGAIN = 3000; // ms between two such questions
const ASK_ANYWAY = 60000; // ms after which the clock is set by an answer again
let fetching = false;
let asked = 0; // steady ms of the last question for the board
let stream = null;
let wanted = null; // the emergency that the address names, until a board tells of it
let kept = false; // whether that one is still to be entered, by whoever signed in

function heard(event, data) {
  if (!seesBoard()) return;
  if (event === "board") take(data);
  else if (event === "pulse") {
    measure(data.now);
    freshness.pulse(data, desk.board?.seq ?? 0);
    if (freshness.late() > STALE) stream?.renew();
    outbox.hurry();
    tick();
  }
}

/** Takes in a board, unless a newer one is shown. */
function take(board) {
  if (desk.board && Freshness.isOlder(board, desk.board)) return;
  const news = !desk.board || told(board) !== told(desk.board);
  desk.board = board;
  setZone(board.timezone);
  freshness.board(board);
  if (news) redraw();
  else tick();
  const tells = wanted && (board.emergencies.find(({ id }) => id === wanted) ?? foundToBe(wanted));
  if (tells) showEmergency(tells.id);
  if (tells || !kept) wanted = null;
}

/** What a board tells, whenever it was made. */
const told = (board) => JSON.stringify({ ...board, now: null });

/** Asks for the board: what comes says also who is signed in, which a stream that fails does not. */
async function fetchBoard() {
  if (fetching) return;
  fetching = true;
  const began = asked = steady();
  try {
    const response = await fetch(boot.urls.board, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    const [body, staff] = [await response.json(), response.headers.get("OpenDCR-Staff")];
    if (body.problem && (response.status === 401 || (response.status === 403 && seesBoard()))) signedOut({ enrolled: body.problem.code !== "unknown_sender" });
    else if (response.ok && staff !== null && staff !== boot.staff?.id) signedOut({ enrolled: true, other: true });
    else if (response.ok && staff !== null) answered(body, began);
  } catch {
    // Nothing was heard of the server, whoever answered: the banner says so.
  } finally {
    fetching = false;
  }
}

function answered(board, began) {
  measureAnswer(board.now, began);
  take(board);
}

function signedOut(known) {
  lose(known, shownEmergency());
  stream?.stop();
  stream = null;
  redraw();
}

function redraw() {
  if (seesBoard()) drawBoard();
  drawEmergency();
  announce();
  tick();
}

/** Once a second: clocks, data age, what is not saved, and the sound. */
function tick() {
  if (seesBoard() && fellDue()) drawBoard();
  panelFollows();
  const state = seesBoard() ? freshness.state() : "signed-out";
  document.body.dataset.data = state;
  writeClocks(byId("board"), state !== "dead");
  writeClocks(byId("facts"), state !== "dead");
  writeClocks(byId("panel"), state !== "dead");
  writeClocks(byId("emergency"));
  writeClocks(byId("tabs"), state !== "dead" || shownEmergency() !== null);
  if (seesBoard() && steady() - asked > (freshness.age() > MISSED ? ASK_AGAIN : ASK_ANYWAY)) fetchBoard();
  sayAge(state);
  sayWaiting();
  sayNobody();
  sayLeft();
  ringing();
}

const ageWords = { waiting: "connecting…", dead: "stopped" };

function sayAge(state) {
  const none = signedIn() ? "no board" : "nobody signed in";
  byId("age").textContent = !seesBoard() ? none : ageWords[state] ?? `${state === "live" ? "live" : "not live"}, ${Math.floor(freshness.age() / 1000)} s old`;
  const words = [seesBoard() && freshness.words(), outbox.waiting.length && outbox.trouble].filter(Boolean).join(" ");
  if (byId("stale").textContent !== words) byId("stale").textContent = words;
  byId("stale").hidden = !words;
}

function sayWaiting() {
  const unsaved = outbox.waiting.filter((entry) => entry.state !== "saving").length;
  byId("unsaved").hidden = unsaved === 0;
  byId("unsaved").textContent = unsaved ? `${unsaved} not saved yet` : "";
}

function ringing() {
  const called = running().map((emergency) => emergency.id).filter((id) => !begunHere(id));
  const waiting = unheard(called);
  byId("heard").hidden = waiting.length === 0;
  byId("quiet").hidden = soundIsReady();
  soundFor(!stream || stream.holding ? called : []);
}

/** Silence here, and a fact that says who heard it. */
function sayHeard() {
  for (const { id } of running()) acknowledge(id);
  for (const notice of desk.board?.attention ?? []) {
    if (notice.rule !== "emergency" || notice.acknowledged || !may("Acknowledge")) continue;
    const { rule, subject, due } = notice;
    outbox.submit("Acknowledge", { room: boot.room, data: { rule, subject, due } });
  }
  tick();
}

let announced = new Set();

/** Tells who does not see the screen that an emergency began or is over. */
function announce() {
  const now = new Map(running().map((emergency) => [emergency.id, emergencyWords(emergency)]));
  const begun = [...now].filter(([id]) => !announced.has(id)).map(([, words]) => `Emergency: ${words}.`);
  const over = [...announced].filter((id) => !now.has(id)).map((id) => (foundToBe(id) ? "Two emergencies were found to be one." : "An emergency is over."));
  announced = new Set(now.keys());
  if (begun.length || over.length) byId("announce").append(h("p", {}, [...begun, ...over].join(" ")));
}

function refusedAfterwards({ detail: entry }) {
  sayWaiting();
  if (shownEmergency()) drawEmergency();
  if (["refused", "problem", "signed-out"].includes(entry.state)) {
    entry.answered.then(({ words }) => { byId("announce").append(h("p", {}, words)); });
  }
}

/** The second tap of a double tap is none, wherever on the changed screen it falls. */
const startByTap = ({ detail: taps }) => taps < 2 && startEmergency();

/** What needs the board, and so a person who may read it. */
const known = (run) => () => { if (seesBoard()) run(); };

/** Over a panel as the button in its head does it: with whom and where the panel is about. */
function emergencyFromHere() {
  const button = document.querySelector("#panel[open] .panel__alarm");
  if (button) button.click();
  else if (justBegun()) showEmergency(justBegun());
  else startEmergency();
}

const keys = {
  a: { words: "someone has arrived", run: known(openArrive) },
  n: { words: "seat next", run: known(openSeatNext) },
  d: { words: "drug alert", run: known(openAlerts) },
  [EMERGENCY]: { words: "EMERGENCY, at once", run: emergencyFromHere },
  b: { words: "back to the board", run: () => showEmergency(null) },
  p: { words: "names or booth numbers", run: () => { toggleNames(); redraw(); } },
};

function booth(number) {
  const places = (desk.board?.places ?? []).filter((place) => place.consumption);
  const place = places.find((one) => one.words === String(number)) ?? places[number - 1];
  if (place) openPlace(place);
}

const on = (id, run) => byId(id)?.addEventListener("click", run);

function start() {
  measurePage();
  heedDoubleTaps();
  on("arrived", known(openArrive));
  on("seat-next", known(openSeatNext));
  on("alert", known(openAlerts));
  on("help", () => showKeys(keys));
  on("privacy", keys.p.run);
  document.querySelectorAll("[data-start-emergency]").forEach((button) => button.addEventListener("click", startByTap));
  document.addEventListener("emergency", (event) => startEmergency(event.detail));
  on("heard", sayHeard);
  addEventListener("pointerdown", wakeSound);
  addEventListener("keydown", wakeSound);
  new ResizeObserver(() => requestAnimationFrame(redraw)).observe(byId("left"));
  document.fonts.ready.then(redraw);
  on("kept-see", openLeft);
  watchSession(fetchBoard);
  outbox.addEventListener("change", refusedAfterwards);
  outbox.addEventListener("signed-out", fetchBoard);
  outbox.restore(boot.staff?.id ?? null);
  takeUpUnsaved();
  listenForKeys(keys, booth);
  handOn();
  if (seesBoard()) listen();
  setInterval(tick, 1000);
  for (const woken of ["visibilitychange", "resume"]) document.addEventListener(woken, tick);
  redraw();
}

function listen() {
  stream = new Stream(boot.urls.stream, heard, fetchBoard);
  stream.start();
  fetchBoard();
}

/** Takes up the emergencies that another page began, or the one that the address names. */
function handOn() {
  const ids = handedOn().map(adopt);
  ids.forEach(acknowledge);
  if (ids.length) showEmergency(ids.at(-1));
  else if (location.hash.startsWith("#e-")) wanted = location.hash.slice(1);
  kept = wanted !== null && outbox.aside.some(({ command }) => command?.data?.emergency === wanted);
  if (kept && signedIn()) openLeft(); // whose it is to be is the first thing to say
}

start();
