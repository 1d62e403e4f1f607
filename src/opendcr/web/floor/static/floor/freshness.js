// How old the picture is. A board that has stopped must never look alive.

import { hourMinuteSecond, now, steady } from "./clock.js";

export const STALE = 5000; // ms of age: say so over the board
export const DEAD = 15000; // ms of age: the clocks stop showing what nobody knows
const RESTORED = 2000; // ms after which fewer facts than before are a backup's, not a late message's

/**
 * Keeps the last moment at which the picture was known to be true. That is a moment of the server's,
 * told by a pulse or with a board, and never the moment at which the message came: it may have been
 * on its way for long. All moments here are steady ms of this page.
 */
export class Freshness {
  constructor(began = steady()) {
    this.began = began;
    this.shown = null; // when the picture was last known to be true; null before the first
    this.heard = null; // when anything came last, however late
    this.pulsed = began; // when the last pulse was made
    this.told = began; // when the last thing that came was made
    this.head = 0; // the last fact that the server told of
    this.reached = began; // when it last told of it
  }

  /** Takes in a pulse: the picture is true of its moment where the board shows the record's head. */
  pulse({ now: made, seq }, boardSeq, came = steady()) {
    const at = this.hear(made, came);
    this.pulsed = Math.max(this.pulsed, at);
    this.reach(seq, at);
    if (boardSeq === this.head && boardSeq > 0) this.show(at);
  }

  /** Takes in a board as it was made; one that does not reach the head is not the room as it is. */
  board({ now: made, seq }, came = steady()) {
    const at = this.hear(made, came);
    this.reach(seq, at);
    if (seq === this.head) this.show(at);
  }

  /** The record's head only grows, but where a backup was restored: then it is another record's. */
  reach(seq, at) {
    if (seq < this.head && at - this.reached <= RESTORED) return;
    this.head = seq;
    this.reached = Math.max(this.reached, at);
  }

  /** Whether a board tells of an earlier moment than the one that is shown. */
  static isOlder(board, shown) {
    const later = Date.parse(board.now) - Date.parse(shown.now);
    return board.seq === shown.seq ? later < 0 : board.seq < shown.seq && later <= RESTORED;
  }

  hear(made, came) {
    const at = came - Math.max(0, now(came) - Date.parse(made));
    this.heard = came;
    this.told = Math.max(this.told, at);
    return at;
  }

  show(at) {
    this.shown = Math.max(this.shown ?? at, at);
  }

  /** @returns {"waiting"|"live"|"stale"|"dead"} */
  state(at = steady()) {
    const age = this.age(at);
    if (age >= DEAD) return "dead";
    if (age >= STALE) return "stale";
    return this.shown === null ? "waiting" : "live";
  }

  /** Milliseconds since the picture was known to be true; since this page began, where it never was. */
  age(at = steady()) {
    return Math.max(0, at - (this.shown ?? this.began));
  }

  /** Milliseconds since the last pulse was made, wherever it has been since. */
  late(at = steady()) {
    return at - this.pulsed;
  }

  /** Why the picture is old, in words, for so long. */
  why(spelled, at) {
    if (this.heard === null || at - this.heard >= STALE) return `nothing heard from the server for ${spelled}`;
    if (at - this.told >= STALE) return `what comes from the server is ${spelled} old`;
    return `the server answers, but the board has been behind the record for ${spelled}`;
  }

  picture(at) {
    return this.shown === null ? "It has shown nothing since it was opened." : `It shows the room as it was at ${hourMinuteSecond(now(at) - this.age(at))}.`;
  }

  /** The sentence for the banner; empty while the board is live and the stream brings it. */
  words(at = steady()) {
    const seconds = Math.floor(this.age(at) / 1000);
    switch (this.state(at)) {
      case "stale":
        return capital(`${this.why(`${seconds} s`, at)}. The board may be out of date: look at the room.`);
      case "dead":
        return `The board has stopped: ${this.why(spell(seconds), at)}. ${this.picture(at)} ` +
          "Look at the room, not at the board. What you tap is not saved until the server answers: keep this page open, or use paper.";
      case "live":
        return this.late(at) < STALE ? "" : "The server answers, but its stream does not reach this page in time: the board is asked for every few seconds instead.";
      default:
        return "";
    }
  }
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);
const spell = (seconds) => (seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`);
