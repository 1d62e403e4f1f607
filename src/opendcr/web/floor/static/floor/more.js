// Says what a scrolled part still holds below its edge: nothing is missed because it did not fit.

import { h } from "./dom.js";

/**
 * A button that names what is below the edge of `slot` and brings it into sight; hidden where all is
 * seen. Call `look` when the content has changed.
 */
export function moreBelow(slot) {
  const button = h("button", { type: "button", class: "more-below", hidden: true, on: { click: () => slot.scrollBy({ top: slot.clientHeight * 0.7, behavior: "smooth" }) } });
  const look = () => {
    const edge = slot.getBoundingClientRect().bottom;
    const below = slot.scrollHeight - slot.clientHeight - slot.scrollTop > 4
      ? [...slot.querySelectorAll(".group, .find")].filter((part) => part.getBoundingClientRect().bottom > edge + 4) : [];
    const words = `↓ More below: ${below.map((part) => part.querySelector("h3, label")?.textContent).filter(Boolean).join(" · ")}`;
    if (button.textContent !== words) button.textContent = words;
    button.hidden = below.length === 0;
  };
  slot.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(slot);
  return { button, look };
}
