// Nobody is signed in here, or no longer who was: the page says so, shows no names, and goes on as a
// device that nobody is signed in at. EMERGENCY and its keys stay. What is not saved waits for its author.

import { desk, outbox, seesBoard, signedIn } from "./desk.js";
import { h } from "./dom.js";
import { begunHere, running } from "./incident.js";
import { initials } from "./names.js";
import { closePanel, door, group, openPanel } from "./panel.js";
import { boot, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const between = new BroadcastChannel("opendcr-session");
let device = signedIn() || boot.enrolled; // whether an emergency is recorded with nobody signed in
let another = false; // whether somebody else is signed in, in another tab
let leaving = false; // whether the page is left for the sign-in

/** Tells the other tabs that the session may have changed; `look` is called when they tell. */
export function watchSession(look) {
  between.onmessage = look;
  between.postMessage("look");
  const away = () => { leaving = true; };
  for (const id of ["who", "nobody-link"]) byId(id).addEventListener("click", away);
  addEventListener("beforeunload", (event) => unsafe() && event.preventDefault());
}

/** What leaving would lose: after the sign-in, this tab still has all but words. */
const unsafe = () => outbox.waiting.some((entry) => !entry.lost && (!leaving || outbox.store.hasWords(entry.command.data)));

/** Takes in that the server no longer knows who is here. @param {{enrolled: boolean, other: boolean}} known */
export function lose({ enrolled, other = false }, shown) {
  device = enrolled;
  another = other;
  if (!signedIn()) return;
  boot.staff = null;
  desk.board = withoutPeople(desk.board, shown);
  closePanel();
  for (const id of ["panel", "facts", "left", "right", "places", "closed", "announce"]) byId(id).replaceChildren();
  byId("who").textContent = "Sign in";
}

/** What an emergency in hand needs of the board, and nobody's name. */
function withoutPeople(board, shown) {
  const emergencies = (board?.emergencies ?? []).filter(({ id }) => id === shown || begunHere(id));
  if (!emergencies.length) return null;
  const ids = emergencies.map(({ id }) => id);
  const places = board.places.map((place) => ({ ...place, visits: [] }));
  return { seq: board.seq, now: board.now, timezone: board.timezone, policy: board.policy, staff_labels: board.staff_labels,
    staff: { ...board.staff, people: [] }, equipment: [], places, visits: [], emergencies, alerts: [],
    attention: board.attention.filter(({ subject }) => ids.includes(subject)) };
}

/** Says why no board is shown, where that is so, and what becomes of what is tapped. */
export function sayNobody() {
  byId("nobody").hidden = seesBoard();
  if (!signedIn()) sayNobodyIn();
  else if (!seesBoard()) sayBoardless();
}

function sayNobodyIn() {
  const enrolled = device && !outbox.stranger;
  const here = location.pathname + location.hash;
  sayBanner(enrolled ? "rouse" : "emergency", nobodyWords(enrolled),
    another ? ["Go on", boot.urls.floor] : ["Sign in", `${boot.urls.sign_in}?next=${encodeURIComponent(here)}`]);
  byId("who").href = byId("nobody-link").href;
}

/** Somebody is signed in whose role does not read the board. */
function sayBoardless() {
  const { name, role } = boot.staff;
  sayBanner("rouse", `${name}, ${words("roles", role)}: the board is not shown to you. An emergency is recorded, in your name.`, ["Your page", boot.urls.floor]);
}

function sayBanner(level, said, [link, address]) {
  byId("nobody").dataset.level = level;
  if (byId("nobody-words").textContent !== said) byId("nobody-words").textContent = said;
  byId("nobody-link").textContent = link;
  byId("nobody-link").href = address;
}

function nobodyWords(enrolled) {
  const waiting = outbox.waiting.length;
  const kept = waiting ? ` ${waiting} kept on this page until sign-in.` : "";
  if (!enrolled && (waiting || running().length)) return `NOT RECORDED · this device is not enrolled: sign in, or use paper.${kept}`;
  if (!enrolled) return "Nobody is signed in here, and this device is not enrolled: not even an emergency is recorded. Sign in, or use paper.";
  const who = another ? "Somebody else is signed in now." : "Nobody is signed in here.";
  return `${who} An emergency is still recorded.${kept}`;
}

/** Says what earlier sign-ins of this tab left, and who can enter it. */
export function sayLeft() {
  const all = signedIn() ? left() : [];
  byId("kept").hidden = !all.length;
  const words = all.map(([, text]) => text).join(" ");
  if (byId("kept-words").textContent !== words) byId("kept-words").textContent = words;
}

/** Groups of what is set aside: [entries, words, whether whoever is signed in may enter them]. */
function left() {
  const whole = outbox.aside.filter((entry) => !entry.lost);
  const nobodys = whole.filter((entry) => !entry.command.author);
  const others = Map.groupBy(whole.filter((entry) => entry.command.author), (entry) => entry.command.author);
  const lost = outbox.aside.filter((entry) => entry.lost);
  return [
    [nobodys, `${nobodys.length} made here with nobody signed in, not recorded.`, true],
    ...[...others].map(([staff, entries]) => [entries, `${entries.length} kept from ${initials(desk.board, staff)}: sent when they sign in here.`, false]),
    [lost, `${lost.length} not kept, for the words in it: enter it again.`, false],
  ].filter(([entries]) => entries.length);
}

/** What is kept, line by line, and what can be done with it. */
export function openLeft() {
  const act = (words, run, entries) => h("button", { type: "button", class: "choice", on: { click: () => { run(entries); closePanel(); sayLeft(); } } }, words);
  openPanel("Not saved from this page", ...left().map(([entries, words, mine]) => h("div", {},
    h("p", { class: "lead" }, words), h("ul", {}, ...entries.map(line)),
    group("Then", mine && act(`Enter them as ${boot.staff.initials}`, (all) => outbox.enter(all), entries),
      door("Not needed any more: forget them…", () => openForget(entries))))));
}

/** What is forgotten is recorded nowhere: it is asked a second time. */
function openForget(entries) {
  const forget = () => { outbox.forget(entries); closePanel(); sayLeft(); };
  openPanel(entries.length === 1 ? "Forget this? It is recorded nowhere else" : `Forget these ${entries.length}? They are recorded nowhere else`,
    h("ul", {}, ...entries.map(line)), group("Then", door("No, back", openLeft, { main: true }), door("Yes, forget", forget)));
}

const line = ({ command, label }) =>
  h("li", {}, `${new Date(command.tapped).toLocaleTimeString("en-GB")} ${label ?? command.kind.replace(/(?<=[a-z])(?=[A-Z])/g, " ")}`);
