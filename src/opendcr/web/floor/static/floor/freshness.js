// How old the picture is. A board that has stopped must never look alive.

import { hourMinuteSecond } from "./clock.js";

export const STALE = 5000; // ms without a pulse: say so over the board
export const DEAD = 15000; // ms without a pulse: the clocks stop showing what nobody knows
const BEHIND = 4000; // ms for which the board may lag behind the ledger's head

/** Keeps when the server was last heard, and how far the board is behind it. */
export class Freshness {
  constructor() {
    this.began = performance.now();
    this.heard = null; // steady ms of the last pulse; null before the first
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
    const age = this.age(steady);
    if (age >= DEAD) return "dead";
    if (age >= STALE) return "stale";
    return this.heard === null ? "waiting" : "live";
  }

  /**
   * Milliseconds since the picture was known to be true: since the server was heard (since this page
   * began, where it never was), or since the ledger moved on without the board.
   */
  age(steady = performance.now()) {
    return Math.max(this.silence(steady), this.behind(steady) ? steady - this.behindSince : 0);
  }

  silence(steady) {
    return steady - (this.heard ?? this.began);
  }

  /** Why the picture is old, in words. */
  why(steady) {
    const lagging = this.silence(steady) < STALE;
    return (spelled) => (lagging ? `the server answers, but the board has been behind the record for ${spelled}` : `nothing heard from the server for ${spelled}`);
  }

  picture() {
    return this.heard === null ? "It has shown nothing since it was opened." : `It shows the room as it was at ${hourMinuteSecond(this.server)}.`;
  }

  /** The sentence for the banner; empty while the board is live. */
  words(steady = performance.now()) {
    const seconds = Math.floor(this.age(steady) / 1000);
    switch (this.state(steady)) {
      case "stale":
        return capital(`${this.why(steady)(`${seconds} s`)}. The board may be out of date: look at the room.`);
      case "dead":
        return `The board has stopped: ${this.why(steady)(spell(seconds))}. ${this.picture()} ` +
          "Look at the room, not at the board. What you tap is not saved until the server answers: keep this page open, or use paper.";
      default:
        return "";
    }
  }
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);
const spell = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`);
