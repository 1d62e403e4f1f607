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

/** Replaces what an element holds, and gives the focus back to the same thing in the new content. */
export function refill(element, ...children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.replaceChildren(...children.flat().filter(Boolean));
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** The JSON that the page brought with it. @param {string} id */
export function brought(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : {};
}
