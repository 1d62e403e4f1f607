// The server's time, kept by the device's steady clock: a device set wrong shows the right minutes.

let base = null; // {server: ms, steady: ms} of the last measurement
const recent = []; // offsets of the last pulses; the largest had the least delay on the way
let zone = "Europe/London";

/** Takes in the server's time as a message brought it. @param {string} iso @param {number} steady when it came */
export function measure(iso, steady = performance.now()) {
  const server = Date.parse(iso);
  if (Number.isNaN(server)) return;
  recent.push(server - steady);
  if (recent.length > 10) recent.shift();
  // A jump of over two seconds is the steady clock having slept, not delay on the way.
  const best = Math.max(...recent);
  const offset = best - (server - steady) > 2000 ? recent.splice(0, recent.length - 1) && server - steady : best;
  base = { server: steady + offset, steady };
}

/** Takes in the time at which the server made this page: the first that is known. */
export function measurePage() {
  const made = document.querySelector('meta[name="server-time"]')?.content;
  const [loading] = performance.getEntriesByType("navigation");
  if (!base && made) measure(made, loading?.responseStart);
}

/** Milliseconds of server time; the device's own clock until a first measurement. */
export function now() {
  return base ? base.server + (performance.now() - base.steady) : Date.now();
}

/** What a command says of the device's clock at the tap. */
export function reading() {
  if (!base) return { tapped: new Date().toISOString(), offset_ms: null, offset_age_ms: null };
  const device = Date.now();
  return {
    tapped: new Date(device).toISOString(),
    offset_ms: Math.round(now() - device),
    offset_age_ms: Math.round(performance.now() - base.steady),
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
  due: (at, then) => (then <= at ? "may leave" : `not before ${hourMinute(then)}`),
};

/**
 * Writes every clock under an element: `data-clock` is the face, `data-at` the moment it counts from.
 * Without knowledge of the room (`known` false) a clock shows a dash: nobody knows.
 */
export function writeClocks(root, known = true, at = now()) {
  for (const element of root.querySelectorAll("[data-clock]")) {
    const then = Date.parse(element.dataset.at);
    const text = known || element.dataset.clock === "day" ? faces[element.dataset.clock](at, then) : "–";
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.clock === "countdown") element.dataset.late = String(known && then <= at);
  }
}
