// What every part of the floor shares: the board as last heard, and the way a tap becomes a command.

import { TabStore } from "./keeping.js";
import { Outbox } from "./outbox.js";
import { boot } from "./words.js";

export const outbox = new Outbox(boot.urls?.commands ?? "/api/commands", new TabStore([...(boot.texts ?? []), "typed"]));

/** The board as last heard; null before the first. */
export const desk = { board: null };

export const signedIn = () => Boolean(boot.staff);

/** Whether whoever is signed in may read the board; an analyst and an administrator may not. */
export const seesBoard = () => Boolean(boot.staff?.board);

/** Whether whoever is signed in may send a command of this kind; the server decides in the end. */
export const may = (kind) => !kind || Boolean(boot.staff?.may.includes(kind));

/**
 * Sends commands that belong together, in order, and tells of them through one button: saving, saved
 * only once the server said so, not saved yet, refused. Resolves with the first answer that is not
 * "saved", or with the last.
 * @param {HTMLElement} button @param {[string, Object][]} commands
 * @param {(state: string, words: string) => void} say
 */
export async function send(button, commands, say) {
  if (button.dataset.state === "saving" || button.dataset.state === "pending") return null;
  const entries = commands.map(([kind, options]) => outbox.submit(kind, { room: boot.room, ...options }));
  const follow = (event) => entries.includes(event.detail) && show(button, event.detail.state, say, event.detail.words);
  show(button, "saving", say);
  outbox.addEventListener("change", follow);
  const answers = await Promise.all(entries.map((entry) => entry.answered));
  outbox.removeEventListener("change", follow);
  const answer = answers.find(({ state }) => state !== "saved") ?? answers.at(-1);
  show(button, answer.state, say, answer.words);
  return answer;
}

const said = {
  saving: "Saving…",
  pending: "Not saved yet: the server does not answer. Keep this page open: it is sent again by itself.",
  saved: "Saved",
};

function show(button, state, say, words = said[state] ?? "") {
  button.dataset.state = state;
  const waiting = state === "saving" || state === "pending";
  button.setAttribute("aria-disabled", String(waiting));
  say(state, words);
}
