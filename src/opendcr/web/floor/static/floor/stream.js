// One stream for a device, however many tabs it has open: browsers allow six streams to a server,
// and a seventh tab would hang. One tab holds a lock and the stream, and passes on what it hears.
// A tab that hears nothing of a holder takes the lock: a sleeping tab must not silence the others.

import { steady } from "./clock.js";

const LOCK = "opendcr-stream"; // of one address: a device may show two rooms
const EVENTS = ["fact", "board", "pulse"];
const HOLDER_SILENT = 5000; // ms without a word from the holder before another tab takes over
const STREAM_SILENT = 8000; // ms without a message before the holder opens the stream anew
const STREAM_YOUNG = 8000; // ms for which a stream that brings old news may catch up

/** The stream of the room. `hear(event, data)` is called in every tab. */
export class Stream {
  /**
   * @param {string} address @param {(event: string, data: any) => void} hear
   * @param {() => void} failed called when the stream breaks off or is not granted
   */
  constructor(address, hear, failed = () => {}) {
    this.address = address;
    this.lock = `${LOCK} ${address}`;
    this.hear = hear;
    this.failed = failed;
    this.holding = false;
    this.source = null;
    this.heard = steady();
    this.channel = new BroadcastChannel(this.lock);
    this.channel.onmessage = (message) => this.take(message.data);
  }

  start() {
    if (navigator.locks) this.hold();
    else this.open(); // not a secure context: every tab for itself
    this.timer = setInterval(() => this.watch(), 1000);
  }

  /** Hears no more, and leaves the lock to whoever may. */
  stop() {
    clearInterval(this.timer);
    this.close();
    this.channel.close();
    this.release?.();
    this.stopped = true;
  }

  /** Waits for the lock, or takes it from a holder that has fallen silent. */
  hold(steal = false) {
    navigator.locks
      .request(this.lock, steal ? { steal: true } : {}, () => this.granted())
      .catch(() => {
        if (this.stopped) return;
        this.close(); // another tab took it
        this.hold();
      });
  }

  /** The lock is held for as long as this promise stands. */
  granted() {
    return new Promise((resolve) => {
      this.release = resolve;
      if (this.stopped) resolve();
      else this.open();
    });
  }

  open() {
    this.close();
    this.holding = true;
    this.opened = this.heard = steady();
    this.source = new EventSource(this.address);
    this.source.addEventListener("error", () => this.failed());
    for (const name of EVENTS) {
      this.source.addEventListener(name, (event) => this.pass(name, JSON.parse(event.data)));
    }
  }

  /** What comes is old, and more of it stands in the way: a new stream begins with what is. */
  renew() {
    if (this.holding && steady() - this.opened > STREAM_YOUNG) this.open();
  }

  close() {
    this.source?.close();
    this.source = null;
    this.holding = false;
  }

  pass(name, data) {
    this.channel.postMessage({ name, data });
    this.take({ name, data });
  }

  take({ name, data }) {
    this.heard = steady();
    if (name !== "holding") this.hear(name, data);
  }

  watch() {
    const silence = steady() - this.heard;
    if (this.holding) {
      this.channel.postMessage({ name: "holding" });
      if (silence > STREAM_SILENT) this.open();
    } else if (silence > HOLDER_SILENT && document.visibilityState === "visible") {
      this.heard = steady();
      this.hold(true);
    }
  }
}
