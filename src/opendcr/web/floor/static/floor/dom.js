// Building elements without markup in strings: words from people can never become markup.

/**
 * An element. Properties: `class`, `on` ({event: listener}), `data` (dataset), attributes.
 * @param {string} tag @param {Object} [properties] @param {...(Node|string|null|false)} children
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") listen(element, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function listen(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
}

// A touch lasts a moment, and a button that is replaced under it takes the touch with it. So what is
// under a finger stays until the touch has done what it does, and new content waits for that.
const LONGEST = 1500; // ms for which a finger holds new content back
const CLICK = 300; // ms after which a finger that was lifted makes no click any more
let touched = null; // what is under the finger
let lifted = 0; // the timer that ends the wait
const waiting = new Map(); // new content by the element that it is for

addEventListener("pointerdown", ({ target }) => { touched = target; endIn(LONGEST); }, true);
addEventListener("pointerup", () => endIn(CLICK), true);
addEventListener("click", () => endIn(0), true);

function endIn(milliseconds) {
  clearTimeout(lifted);
  lifted = setTimeout(() => {
    touched = null;
    const held = [...waiting];
    waiting.clear();
    for (const [element, content] of held) fill(element, content);
  }, milliseconds);
}

/** Replaces what an element holds, and gives the focus back to the same thing in the new content. */
export function refill(element, ...children) {
  const content = children.flat().filter(Boolean);
  if (touched && element.contains(touched)) waiting.set(element, content);
  else fill(element, content);
}

function fill(element, content) {
  waiting.delete(element);
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.replaceChildren(...content);
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** The JSON that the page brought with it. @param {string} id */
export function brought(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : {};
}
