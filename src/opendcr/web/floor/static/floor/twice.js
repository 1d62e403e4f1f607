// The second tap of a double tap, on a screen that changed under the finger: it was meant for what
// stood there before, and is none. Gloves and shaking hands tap twice.

const SOON = 400; // ms within which another tap at the same spot is the second of a double tap
const NEAR = 30; // px that a finger is off between the two

let last = { at: -SOON, x: 0, y: 0, target: null };

const control = (event) => event.target.closest?.("button, a, input, select, label") ?? event.target;

/** What a control is, also after it was drawn anew. */
const same = (one, other) => one === other || Boolean(one?.dataset?.key && one.dataset.key === other?.dataset?.key);

/** Lets no second tap through to what the first has put in its place. */
export function heedDoubleTaps() {
  document.addEventListener("click", (event) => {
    if (event.detail === 0) return; // by the keyboard or a program
    const { clientX: x, clientY: y } = event;
    const [at, target] = [event.timeStamp, control(event)]; // when it was touched: a busy tablet hears of it later
    const second = at - last.at < SOON && Math.hypot(x - last.x, y - last.y) < NEAR && !same(target, last.target);
    last = { at, x, y, target: second ? last.target : target };
    if (!second) return;
    event.stopPropagation();
    event.preventDefault();
  }, true);
}
