// How old the picture is. A board that has stopped must never look alive.

import { hourMinuteSecond } from "./clock.js";

export const STALE = 5000; // ms without a pulse: say so over the board
export const DEAD = 15000; // ms without a pulse: the clocks stop showing what nobody knows
const BEHIND = 4000; // ms for which the board may lag behind the ledger's head

/** Keeps when the server was last heard, and how far the board is behind it. */
export class Freshness {
  constructor() {
    this.heard = null; // steady ms of the last pulse
    this.server = null; // server time of the last pulse
    this.head = 0;
    this.behindSince = null;
  }

  pulse({ now, seq }, boardSeq, steady = performance.now()) {
    this.heard = steady;
    this.server = now;
    this.head = seq;
    if (seq <= boardSeq) this.behindSince = null;
    else this.behindSince ??= steady;
  }

  /** Whether the ledger has moved on and the board has not, for longer than sending takes. */
  behind(steady = performance.now()) {
    return this.behindSince !== null && steady - this.behindSince > BEHIND;
  }

  /** @returns {"waiting"|"live"|"stale"|"dead"} */
  state(steady = performance.now()) {
    if (this.heard === null) return "waiting";
    const age = this.age(steady);
    if (age >= DEAD) return "dead";
    return age >= STALE ? "stale" : "live";
  }

  /** Milliseconds since the server was heard. */
  age(steady = performance.now()) {
    return this.heard === null ? Infinity : steady - this.heard;
  }

  /** The sentence for the banner; empty while the board is live. */
  words(steady = performance.now()) {
    const seconds = Math.floor(this.age(steady) / 1000);
    switch (this.state(steady)) {
      case "stale":
        return `Nothing heard from the server for ${seconds} s. The board may be out of date: look at the room.`;
      case "dead":
        return `The board has stopped: nothing heard for ${spell(seconds)}. It shows the room as it was at ` +
          `${hourMinuteSecond(this.server)}. Look at the room, not at the board. What you tap is kept on this tablet and sent when the server answers.`;
      default:
        return "";
    }
  }
}

const spell = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`);
