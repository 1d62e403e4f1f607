// Asking the server for what no board holds: it is fetched when a panel opens, and only then.

import { hourMinute, dayWords, now } from "./clock.js";
import { h } from "./dom.js";
import { openPanel, panelIsOpen } from "./panel.js";

let asked = 0;

async function fetched(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Opens a panel at once, and fills it with `show(answer)` when the server has answered. */
export async function openAsked(title, url, show) {
  const mine = ++asked;
  const words = h("p", { class: "lead", role: "status" }, "Asking the server…");
  openPanel(title, words);
  const answer = await fetched(url);
  // Whoever closed the panel, or opened another one, is not called back.
  if (mine !== asked || !panelIsOpen() || !words.isConnected) return;
  if (answer) show(answer);
  else openPanel(title, h("p", { class: "lead" }, "The server does not answer. Nothing is lost: close this and try again."));
}

/** A moment in words: the time, and the day where it was not today. */
export const momentWords = (iso) =>
  dayWords(iso) === dayWords(now()) ? hourMinute(iso) : `${dayWords(iso)}, ${hourMinute(iso)}`;
