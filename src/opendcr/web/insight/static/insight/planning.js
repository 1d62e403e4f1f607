// The page of plans: what a slider is set to is written beside it, and the result follows.

const SOON = 150; // ms after a slider is let go
const PAUSE = 450; // ms after which a slider that still moves has paused
const LONGEST = 30_000; // ms that an answer is waited for

const form = document.getElementById("plan");
const result = document.getElementById("result");
const told = document.getElementById("told");

let timer = 0; // until the next request
let asking = null; // what ends the request that is out

for (const slider of form.querySelectorAll("input[type=range]")) write(slider); // a browser may remember
form.addEventListener("input", ({ target }) => { write(target); later(PAUSE); });
form.addEventListener("change", ({ target }) => (target.type === "text" ? form.submit() : later(SOON)));
form.addEventListener("submit", (event) => { event.preventDefault(); later(0); });
const waits = result.querySelector("[data-again]");
if (waits) later(Number(waits.dataset.again) * 1000);
else if (set() !== set(true)) later(0);

/** Writes what a slider is set to, for eyes and for ears. */
function write(slider) {
  if (slider.type !== "range") return;
  const words = slider.dataset.kind === "clock" ? clock(slider.valueAsNumber) : `${slider.valueAsNumber}${slider.dataset.unit}`;
  document.querySelector(`[data-value-of="${slider.id}"]`).textContent = words;
  slider.setAttribute("aria-valuetext", words);
}

function clock(minutes) {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

/** All that is set, as an address has it; as it came with the page where `came`. */
function set(came = false) {
  const each = [...form.elements].filter((one) => one.name && (one.type !== "checkbox" || (came ? one.defaultChecked : one.checked)));
  return new URLSearchParams(each.map((one) => [one.name, came ? one.defaultValue : one.value])).toString();
}

function later(milliseconds) {
  clearTimeout(timer);
  asking?.abort();
  timer = setTimeout(ask, milliseconds);
}

async function ask() {
  const mine = asking = new AbortController();
  const waited = setTimeout(() => mine.abort("late"), LONGEST);
  const wanted = set();
  history.replaceState(null, "", `${form.action.split("?")[0]}?${wanted}`);
  say("Working…");
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.dataset.result}?${wanted}`, { signal: mine.signal, headers: { Accept: "text/html" } });
    const words = await answer.text();
    if (mine !== asking) return;
    if (answer.redirected) failed("You are not signed in any more. Load this page again to sign in: what you set is in its address.");
    else if ([200, 202, 422, 503].includes(answer.status) && words.includes("data-told")) show(words);
    else failed(`The server answered with an error (${answer.status}). What you set is kept; the figures are those of before.`);
  } catch {
    if (mine === asking && (!mine.signal.aborted || mine.signal.reason === "late")) {
      failed("The server does not answer. What you set is kept; the figures are those of before. Move a slider, or press the button, to try again.");
    }
  } finally {
    clearTimeout(waited);
  }
}

function failed(words) {
  result.removeAttribute("aria-busy");
  result.classList.add("planned--old");
  say(words, true);
}

/** Puts a new result in the place of the old one: what was folded open stays so, and so does the focus. */
function show(words) {
  const open = new Set([...result.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  const focused = result.contains(document.activeElement) ? [...result.querySelectorAll("a, summary, [tabindex]")].indexOf(document.activeElement) : -1;
  result.innerHTML = words;
  mark();
  for (const one of result.querySelectorAll("details")) one.open = open.has(one.dataset.key);
  if (focused >= 0) result.querySelectorAll("a, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
  result.removeAttribute("aria-busy");
  result.classList.remove("planned--old");
  const first = result.querySelector("[data-told]");
  say(first.dataset.told);
  if (first.dataset.again) later(Number(first.dataset.again) * 1000);
}

/** Marks the sliders that the result names as not fitting, and no others. */
function mark() {
  for (const words of form.querySelectorAll(".slider__problem")) words.hidden = true;
  for (const slider of form.querySelectorAll("[aria-invalid]")) slider.removeAttribute("aria-invalid");
  for (const link of result.querySelectorAll(".notice--refused a")) {
    document.getElementById(link.hash.slice(1))?.setAttribute("aria-invalid", "true");
  }
}

function say(words, trouble = false) {
  told.classList.toggle("plan__told--trouble", trouble);
  if (told.textContent !== words) told.textContent = words;
}
