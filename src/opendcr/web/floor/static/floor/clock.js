// The server's time, kept by the device's steady clock: a device set wrong shows the right minutes.

const SLEPT = 1000; // ms by which the device's clock must gain on the browser's to tell of a sleep

let slept = 0; // ms that the device slept while this page was open
let apart = Date.now() - performance.now(); // between the device's clock and the browser's steady one
let offset = null; // server time minus steady time
let measured = null; // steady ms of the last message that bore the offset out
let zone = "Europe/London";

/** The page's own steady time in ms: it goes on while the device sleeps, as the browser's does not. */
export function steady() {
  const gained = Date.now() - performance.now() - apart;
  if (gained > SLEPT) slept += gained; // a clock that was put on looks like it, until the next answer
  apart += gained;
  return performance.now() + slept;
}

/**
 * Takes in the server's time as a message brought it. It was on its way for nobody knows how long, so
 * the server's clock cannot be behind it, and may be ahead: a late message changes nothing.
 * @param {string} iso @param {number} came steady ms
 */
export function measure(iso, came = steady()) {
  const least = Date.parse(iso) - came;
  if (Number.isNaN(least)) return;
  if (offset === null || least >= offset) offset = least;
  else if (offset - least > 1000) return;
  measured = came;
}

/** Takes in the server's time from an answer, which was made after the question: that bounds it twice. */
export function measureAnswer(iso, asked, came = steady()) {
  const told = Date.parse(iso);
  if (Number.isNaN(told)) return;
  offset = Math.min(Math.max(offset ?? told - came, told - came), told - asked);
  measured = came;
}

/** Takes in the time at which the server made this page: the first that is known. */
export function measurePage() {
  const made = document.querySelector('meta[name="server-time"]')?.content;
  const [loading] = performance.getEntriesByType("navigation");
  if (offset === null && made) measure(made, loading?.responseStart);
}

/** Milliseconds of server time; the device's own clock until a first measurement. */
export function now(at = steady()) {
  return offset === null ? Date.now() : at + offset;
}

/** What a command says of the device's clock at the tap. */
export function reading() {
  if (offset === null) return { tapped: new Date().toISOString(), offset_ms: null, offset_age_ms: null };
  const [at, device] = [steady(), Date.now()];
  return {
    tapped: new Date(device).toISOString(),
    offset_ms: Math.round(now(at) - device),
    offset_age_ms: Math.round(at - measured),
  };
}

export function setZone(name) {
  if (name) zone = name;
}

const two = (number) => String(number).padStart(2, "0");

/** Whole minutes since a moment. */
export function minutes(iso, at = now()) {
  return String(Math.max(0, Math.floor((at - Date.parse(iso)) / 60000)));
}

/** A stopwatch: 0:48, 12:03, 1:02:03. @param {number} milliseconds */
export function stopwatch(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const rest = `${Math.floor((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest.padStart(5, "0")}` : rest;
}

const formats = {};
function format(name, options) {
  const key = `${name} ${zone}`;
  formats[key] ??= new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  return formats[key];
}

export const hourMinute = (moment) =>
  format("hm", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));
export const hourMinuteSecond = (moment) =>
  format("hms", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(new Date(moment));
export const dayWords = (moment) =>
  format("day", { weekday: "long", day: "numeric", month: "long" }).format(new Date(moment));

const faces = {
  minutes: (at, then) => String(Math.max(0, Math.floor((at - then) / 60000))),
  stopwatch: (at, then) => stopwatch(at - then),
  countdown: (at, then) => (then <= at ? "now" : stopwatch(then - at + 999)),
  time: (at) => hourMinute(at),
  day: (at) => dayWords(at),
  leaving: (at, then, { concern, check }) => (then > at ? `not before ${hourMinute(then)}` : concern || Date.parse(check) <= at ? "look first" : "may leave"),
};

/**
 * Writes every clock under an element: `data-clock` is the face, `data-at` the moment it counts from.
 * Without knowledge of the room (`known` false) a clock shows a dash: nobody knows.
 */
export function writeClocks(root, known = true, at = now()) {
  for (const element of root.querySelectorAll("[data-clock]")) {
    const then = Date.parse(element.dataset.at);
    const text = known || element.dataset.clock === "day" ? faces[element.dataset.clock](at, then, element.dataset) : "–";
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.clock === "countdown") element.dataset.late = String(known && then <= at);
  }
}
