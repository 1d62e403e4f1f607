// People whom the register knows: asked for by name or code, and told apart where two have one name.

import { dayWords, now } from "./clock.js";
import { h, refill } from "./dom.js";
import { exclusionWords, lift } from "./exclusion.js";
import { namesHidden } from "./names.js";
import { csrfToken } from "./outbox.js";
import { say } from "./panel.js";
import { boot } from "./words.js";

/** A name as it is called out: large and small letters and spaces are not heard. */
export const heard = (name) => (name ?? "").toLowerCase().replace(/\s+/g, "");

/**
 * Asks the register some time after the last letter, and hands on its answer: people, or null where it
 * does not answer. What was asked before a later letter is dropped.
 */
export function asker(answered) {
  let asked = 0;
  return async (text) => {
    const mine = ++asked;
    if (text.trim().length < 2) return answered([], text);
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (mine !== asked) return null;
    const people = await ask(text.trim());
    return mine === asked ? answered(people, text) : null;
  };
}

/** The words go in the body of a request: a name is never part of an address. */
async function ask(text) {
  try {
    const response = await fetch(boot.urls.search, {
      method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new URLSearchParams({ words: text, ...(boot.room && { room: boot.room }) }), signal: AbortSignal.timeout(5000),
    });
    const answer = await response.json();
    return response.ok ? answer.people ?? answer : null;
  } catch {
    return null;
  }
}

/** The one person that the words can only mean; null where several could be meant. */
export function onlyOne(people, text) {
  const exact = people.filter((person) => heard(person.name) === heard(text));
  const meant = exact.length ? exact : people;
  return meant.length === 1 ? meant[0] : null;
}

/** The found people in a list, each with the code that tells namesakes apart. */
export function showPeople(list, people, admit) {
  const alike = (person) => people.some((other) => other !== person && heard(other.name) === heard(person.name));
  const lifted = (person) => () => {
    showPeople(list, people.map((one) => (one === person ? { ...one, excluded_until: null } : one)), admit);
    say("done", "The exclusion is lifted.");
  };
  refill(list, ...people.map((person) => h("li", {}, personButton(person, admit, alike(person)),
    isExcluded(person) && lift(person.person, person.exclusion, { then: lifted(person) }))));
}

const isExcluded = (person) => person.excluded_until && Date.parse(person.excluded_until) > now();

function personButton(person, admit, alike) {
  const name = namesHidden() ? null : person.name;
  const called = [name, (alike || !name) && person.sayable].filter(Boolean).join(" ");
  if (person.here) return h("p", { class: "said" }, `${called} is in the building already.`);
  const until = isExcluded(person) ? exclusionWords({ until: person.excluded_until, scope: person.scope }) : null;
  const last = person.last_visit ? `last here ${dayWords(person.last_visit)}` : "not here before";
  const button = h("button", { type: "button", class: "choice choice--person", data: { person: person.person } },
    h("span", {}, called), h("small", {}, [person.sayable, person.code, last, until].filter(Boolean).join(" · ")));
  button.addEventListener("click", () => admit(button, person.person));
  return button;
}
