// The emergency screen: a stopwatch with large keys. Several can run; each has its tab and its story.

import { hourMinuteSecond, now, stopwatch } from "./clock.js";
import { desk, may, seesBoard } from "./desk.js";
import { h, refill } from "./dom.js";
import { openEnd } from "./ending.js";
import { begin, correct, endedHere, foundToBe, lastPending, newId, record, running, view } from "./incident.js";
import { askIn, detailForm, doses, finish, keyButton, KEYS, lastTouch, sameDose } from "./keys.js";
import { label, namesHidden, recordedBy } from "./names.js";
import { moreBelow } from "./more.js";
import { closePanel, door, followRoom, group, openPanel, panelIsOpen } from "./panel.js";
import { acknowledge } from "./sound.js";
import { storyLines } from "./story.js";
import { entries, words } from "./words.js";

let shown = null; // id of the emergency on the screen; null while the board is
let toBeSaid = null; // id of an emergency that was parted from another here: whose it is is asked as soon as the board tells it
let seen = null; // the emergency on the screen in words, as it was drawn last
const byId = (id) => document.getElementById(id);

/** Starts an emergency with this tap and shows it. What is known of where and who comes with it. */
export function startEmergency(where = {}) {
  const id = begin(where);
  acknowledge(id);
  showEmergency(id);
  return id;
}

/** Shows an emergency; null for the board. */
export function showEmergency(id) {
  finish(id);
  closePanel();
  shown = id;
  seen = null;
  document.body.dataset.view = id ? "emergency" : "board";
  history.replaceState(null, "", id ? `#${id}` : location.pathname);
  drawEmergency();
  if (!id) return;
  byId("emergency-title").focus({ preventScroll: true });
  byId("tabs").querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export const shownEmergency = () => shown;

/** Where it is and who it is about, as far as somebody has said; null for what is not said yet. */
function whereAndWho({ visit: id, place: at, area, resting }) {
  const { board } = desk;
  const visit = board?.visits.find((one) => one.id === id);
  const named = visit ? label(board, visit) : null;
  const place = !resting && board?.places.find((one) => one.id === at);
  const where = resting ? "Recovery" : place ? `Booth ${place.words}` : area ? capital(words("areas", area)) : null;
  // With names hidden a person is their booth: where they are is another thing.
  return { where, who: namesHidden() && named?.startsWith("Booth ") && named !== where ? `person from b${named.slice(1)}` : named };
}

/** Whose emergency it is, in full: "Booth 5 · Mac". */
export function emergencyWords(emergency) {
  const same = running().some((one) => one.id !== emergency.id && plainWords(one) === plainWords(emergency));
  return same ? `${plainWords(emergency)}, begun ${begunWords(emergency)}` : plainWords(emergency);
}

/** When it began and who recorded that, where the board tells it: what tells two apart that are the same in all else. */
function begunWords(emergency) {
  const [start] = starts(emergency);
  return start ? startWords(start) : hourMinuteSecond(emergency.since);
}

function plainWords(emergency) {
  const { where, who } = whereAndWho(emergency);
  if (!where && !who) return "Place and person not said yet";
  if (where === who) return where; // names are hidden: the booth is the name
  return `${where ?? "Place not said yet"} · ${who ?? "person not said yet"}`;
}

/** Draws the tabs, and the emergency that is shown. */
export function drawEmergency() {
  const all = running();
  refill(byId("tabs"), ...all.map((one) => tab(one, all.length > 2)), h("button", { type: "button", class: "tab", data: { key: "tab-board" }, "aria-pressed": String(!shown), on: { click: () => showEmergency(null) } }, seesBoard() ? "Board" : "Close"));
  if (!shown) return;
  const emergency = view(shown);
  if (!emergency || !all.some((one) => one.id === shown)) return showEnded(all);
  drawParts(emergency);
  if (all.some((one) => one.id === toBeSaid)) askWhose();
}

function askWhose() {
  const parted = view(toBeSaid);
  toBeSaid = null;
  if (!panelIsOpen()) openWhere(parted);
}

/** The same, as short as a tab must be where many run: "5 Mac"; in recovery, where several can be, the name alone. */
function shortWords(emergency, many) {
  const { where, who } = whereAndWho(emergency);
  const part = (name, words) => words && h("span", { class: `tab__${name}`, "aria-hidden": "true" }, `${words} `);
  if (!where && !who) return [part("first", many ? "?" : null), part("then", many ? "place not said" : "EMERGENCY, place not said yet")];
  const short = many && where?.startsWith("Booth ") ? where.slice("Booth ".length) : where;
  return [part("first", many && emergency.resting && who ? null : short), part("then", who !== where && who)];
}

function tab(emergency, many) {
  return h("button", { type: "button", class: "tab tab--emergency", data: { key: `tab-${emergency.id}` }, title: emergencyWords(emergency), "aria-pressed": String(emergency.id === shown), on: { click: () => showEmergency(emergency.id) } },
    h("span", { "aria-hidden": "true" }, "▲"), ...shortWords(emergency, many), h("span", { class: "visually-hidden" }, emergencyWords(emergency)), h("span", { data: { clock: "stopwatch", at: new Date(emergency.since).toISOString() } }, stopwatch(now() - emergency.since)));
}

function drawParts(emergency) {
  seen = emergencyWords(emergency);
  refill(byId("emergency-title"), h("span", { class: "visually-hidden" }, "Emergency: "), seen);
  refill(byId("watches"), ...watches(emergency));
  refill(byId("keys"), ...KEYS.map((key) => keyButton(emergency, key, drawEmergency)));
  drawSide(emergency);
  refill(byId("emergency-bar"), ...bar(emergency));
}

let more = null; // tells what of the form is below its edge

/** The form for a detail is kept as it is while the story beneath it moves on. */
function drawSide(emergency) {
  const form = detailForm(emergency, drawEmergency);
  const slot = byId("detail");
  if (form !== slot.firstElementChild) {
    slot.replaceChildren(...(form ? [form] : []));
    if (form) slot.scrollTop = 0;
    more ??= moreBelow(slot);
    if (!more.button.isConnected) slot.after(more.button);
    more.look();
  }
  const elsewhere = others(emergency).map((one) => [one.id, emergencyWords(one)]);
  refill(byId("story"), ...storyLines(emergency, elsewhere));
}

/** A large figure, what it counts, and beside it in few words what belongs to it. */
const watch = (figure, text, { level = null, aside = [] } = {}) =>
  h("div", { class: "watch", data: level ? { level } : {} }, figure, h("span", {}, text), h("small", {}, ...aside.filter(Boolean).map((words) => h("span", {}, words))));

const counting = (at) =>
  at ? h("b", { data: { clock: "stopwatch", at: new Date(at).toISOString() } }, stopwatch(now() - at)) : h("b", {}, "–");

function watches(emergency) {
  const key = (id) => KEYS.find((one) => one.id === id);
  const [breathing, dose] = [lastTouch(emergency, key("breathing")), lastTouch(emergency, key("naloxone"))];
  const look = emergency.pending.filter((entry) => entry.kind === "Observe").at(-1)?.data ?? {};
  const breaths = look.breaths ?? emergency.breaths ?? null;
  return [
    watch(counting(emergency.since), `since it began, ${hourMinuteSecond(emergency.since)}`),
    watch(counting(breathing), breathing ? "since breathing was checked" : "breathing not checked yet",
      { level: due(emergency) ? "due" : null, aside: [breathing && breaths !== null && `${breaths} a minute`] }),
    dose ? doseWatch(emergency, dose) : watch(counting(null), "no naloxone given"),
    watch(h("b", {}, saturation(emergency, look)), saturationWords(emergency), { aside: [emergency.oxygen && `oxygen ${emergency.oxygen} L`] }),
  ];
}

/** Whether the policy's interval since the last check of breathing is over. */
function due(emergency) {
  const notice = desk.board?.attention.find((one) => one.rule === "breathing_check" && one.subject === emergency.id);
  return notice && Date.parse(notice.due) <= now() && !lastPending(emergency, (entry) => entry.kind === "Observe");
}

/** Since the last naloxone: how much and how, where that is said, and which dose it was. */
function doseWatch(emergency, at) {
  const fresh = emergency.pending.filter((entry) => entry.data.intervention === "naloxone").length;
  const { micrograms, route } = (!fresh && emergency.naloxone.at(-1)) || {};
  const number = Math.max(1, doses(emergency));
  return watch(counting(at), micrograms ? `since naloxone ${micrograms} micrograms` : "since naloxone",
    { aside: sameDose(emergency) ? [`${sameDose(emergency)} each tapped: one dose?`] : [`dose ${number}`, route && words("naloxone_routes", route)] });
}

function saturation(emergency, look) {
  const value = look.spo2 ?? emergency.spo2;
  return value === null || value === undefined ? "–" : `${value} %`;
}

const saturationWords = (emergency) => (emergency.spo2_at ? `SpO₂ at ${hourMinuteSecond(Date.parse(emergency.spo2_at))}` : "SpO₂");

const barButton = (text, click, extra = {}) => h("button", { type: "button", class: "button", data: { key: text }, on: { click }, ...extra }, text);

function bar(emergency) {
  const touch = (kind, text, data = {}) => barButton(text, () => { finish(); record(emergency.id, kind, data, text); drawEmergency(); });
  const { arrived, left } = emergency.ambulance;
  return [
    barButton("Where and who", () => openWhere(emergency)),
    ...twice(emergency).map((one) => barButton("Begun twice?", () => openSame(view(emergency.id), view(one.id)), { class: "button button--main" })),
    touch("GiveIntervention", "Recovery position", { intervention: "recovery_position" }),
    arrived ? !left && barButton("Ambulance left", () => openAmbulanceLeft(emergency)) : touch("RecordAmbulanceArrival", "Ambulance arrived"),
    h("span", { class: "spread" }),
    barButton("Ended…", () => openEnd(emergency, emergencyWords(emergency), drawEmergency, { who: openWhere }), { class: "button button--end" }),
  ].filter(Boolean);
}

function openAmbulanceLeft(emergency) {
  const left = (conveyed, text) => door(text, () => { record(emergency.id, "RecordAmbulanceDeparture", { conveyed }, text); closePanel(); drawEmergency(); });
  openPanel("The ambulance left", group("With the person?", left(true, "Ambulance left with the person"), left(false, "Ambulance left without the person")));
}

/** Where it is and whose it is: said afterwards, since the touch comes first. */
function openWhere({ id }) {
  const [emergency, { board }] = [view(id), desk];
  if (!emergency) return closePanel();
  const places = (board?.places ?? []).filter((place) => place.consumption);
  const told = whereAndWho(emergency);
  const say = (text, data, visit, now) => door(text, () => {
    locate(view(id), data, visit);
    const [theirs] = others(emergency).filter((one) => visit && one.visit === visit);
    if (theirs && mayJoin(emergency, theirs)) openSame(emergency, theirs);
    else closePanel();
    drawEmergency();
  }, { sub: now && "as it is now" });
  openPanel(id === shown ? "Where and who" : `Where and who: the one begun ${begunWords(emergency)}`,
    group("Where", entries("areas").map(([code, text]) => say(capital(text), { area: code }, null, told.where === capital(text))), places.map((place) => {
      const [alone, ...more] = (board?.visits ?? []).filter((visit) => visit.place === place.id);
      const theirs = alone && !more.length && !emergency.visit ? alone : null; // who sits alone there is whom it is about
      return say([`Booth ${place.words}`, theirs && label(board, theirs)].filter(Boolean).join(" · "), { place: place.id, area: "using_space" }, theirs?.id, told.where === `Booth ${place.words}`);
    })),
    group("Who", (board?.visits ?? []).map((visit) => say(label(board, visit), visit.place ? { place: visit.place } : {}, visit.id, visit.id === emergency.visit))),
    group("Begun twice? It is the same as", others(emergency).filter((one) => mayJoin(emergency, one) && !ofTwo(emergency, one))
      .map((one) => door(plainWords(one), () => openSame(emergency, one), { sub: `begun ${begunWords(one)}` }))),
    group("Two after all", may("Correct") && joined(emergency).map((start) =>
      door("Part them", () => openPart(emergency, start), { sub: `begun ${startWords(start)}` }))));
  followRoom(() => openWhere({ id }), (room) => [room?.visits.map((one) => [one.id, one.place]), running().map((one) => [one.id, one.visit, starts(one).length, emergencyWords(one)])]);
}

const others = ({ id }) => running().filter((one) => one.id !== id);
const starts = ({ timeline }) => timeline.filter((line) => line.kind === "EmergencyStarted" && !line.struck);
const mayJoin = (...two) => may("Correct") && two.every((one) => starts(one).length);
const ofTwo = (one, other) => one.visit && other.visit && one.visit !== other.visit;

/** The starts of other emergencies that were found to be this one: one of each, without the one that it began with. */
function joined(emergency) {
  const first = new Map(starts(emergency).reverse().map((start) => [start.own, start]));
  const own = first.has(emergency.id) ? emergency.id : starts(emergency)[0]?.own;
  return [...first.values()].filter((start) => start.own !== own).reverse();
}

/** Another emergency of the same person, if any: it is offered to make them one. */
const twice = (emergency) => others(emergency).filter((one) => emergency.visit && one.visit === emergency.visit && mayJoin(emergency, one)).slice(0, 1);

/** Two who see the same thing both touch EMERGENCY: what was begun twice is made one again, when asked. */
function openSame(emergency, other) {
  const [first, second] = [emergency, other].sort((one, another) => one.since - another.since);
  openPanel("One emergency, begun twice?",
    h("p", { class: "lead" }, ...[first, second].map((one) => h("span", { class: "same" }, `${plainWords(one)}, begun ${begunWords(one)}`)), "All that was done in either is kept."),
    group("It is", door("One emergency", () => join(second.id, first.id), { main: true }), door("Two emergencies", closePanel)));
  followRoom(() => (bothRun(first.id, second.id) ? openSame(view(emergency.id), view(other.id)) : sayNotBoth()),
    () => [bothRun(first.id, second.id), ...[emergency, other].map(({ id }) => view(id) && plainWords(view(id)))]);
}

const bothRun = (...two) => two.every((id) => running().some((one) => one.id === id));

/** A word that is to be read, and then closed. */
const tell = (title, words) => openPanel(title, h("p", { class: "lead" }, words), group("Then", door("Close", closePanel, { main: true })));

const sayNotBoth = () => tell("Nothing was changed", "One of the two is over by now, or was found to be another.");

/** What was done in an emergency follows its starts. What is over by now is left alone: it would take along what runs. */
function join(id, into) {
  if (!bothRun(id, into)) {
    sayNotBoth();
    return;
  }
  for (const { fact } of starts(view(id))) {
    correct(id, fact, { data: { emergency: into } }, "duplicate", "The same as another");
  }
  closePanel();
  drawEmergency();
}

const startWords = (start) => `${hourMinuteSecond(Date.parse(start.at))} by ${recordedBy(desk.board?.staff_labels, start)}`;

/** The way back from a mistake: what was begun with one start becomes an emergency of its own. */
function openPart(emergency, start) {
  const part = () => {
    const id = newId();
    correct(emergency.id, start.fact, { data: { emergency: id } }, "mistake", "An emergency of its own");
    closePanel();
    toBeSaid = id;
    drawEmergency();
  };
  openPanel("Two emergencies after all?",
    h("p", { class: "lead" }, `What was recorded in the one begun ${startWords(start)} becomes an emergency of its own. What was recorded here since they were made one stays here: touch a line to move it. Then say whose it is.`),
    group("They are", door("Two emergencies: part them", part, { main: true }), door("One emergency", closePanel)));
}

/** Who may correct completes the start; anybody else says it as a second report of the same emergency. */
function locate(emergency, data, visit) {
  const [start] = starts(emergency);
  if (!start || !may("Correct")) return record(emergency.id, "StartEmergency", data, "Where it is", { visit: visit ?? emergency.visit });
  const changes = { ...(Object.keys(data).length && { data }), ...(visit && { visit }) };
  return correct(emergency.id, start.fact, changes, "learned_later", "Where and who");
}

/** An emergency that runs no more: the one that it was found to be, or the board, with a word to who did not end it. */
function showEnded(all) {
  const [same, ended, whose] = [foundToBe(shown), endedHere(shown), seen];
  if (same) askIn(same.id, shown); // a form that is open goes on there
  showEmergency(same?.id ?? (all.length && seesBoard() ? null : all[0]?.id ?? null));
  if (same && ended) tell("It goes on", `Somebody found it to be the same emergency as ${emergencyWords(same)}, which still runs. Its end was not taken for that one: end it there when it is over.`);
  else if (!same && !ended && whose && desk.board && seesBoard()) tell("The emergency is over", `${whose}: ended, or struck out, on another tablet. What was recorded here is kept.`);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
