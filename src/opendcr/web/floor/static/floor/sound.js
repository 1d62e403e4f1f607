// The sound of an emergency: two tones, again and again, until somebody here says that it was heard.

let context = null;
let timer = 0;
const heard = new Set(JSON.parse(sessionStorage.getItem("heard") ?? "[]"));
const between = new BroadcastChannel("opendcr-sound");
between.onmessage = ({ data }) => remember(data);

/** Browsers keep a page silent until it is touched once. */
export function wakeSound() {
  context ??= new AudioContext();
  return context.state === "suspended" ? context.resume() : Promise.resolve();
}

export const soundIsReady = () => context?.state === "running";

function tone(at, frequency, length) {
  const oscillator = context.createOscillator();
  const volume = context.createGain();
  oscillator.type = "triangle";
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.5, at + 0.02);
  volume.gain.setValueAtTime(0.5, at + length - 0.05);
  volume.gain.linearRampToValueAtTime(0, at + length);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + length);
}

function ring() {
  if (!soundIsReady()) return;
  tone(context.currentTime, 880, 0.28);
  tone(context.currentTime + 0.34, 660, 0.28);
}

/** Plays it once, so that people know it and know that it can be heard. */
export async function testSound() {
  await wakeSound();
  ring();
}

/** The emergencies that nobody at this device has acknowledged. */
export const unheard = (ids) => ids.filter((id) => !heard.has(id));

/** Sounds while there are any. @param {string[]} ids of emergencies that run */
export function soundFor(ids) {
  const waiting = unheard(ids).length > 0;
  if (waiting && !timer) {
    ring();
    timer = setInterval(ring, 1500);
  } else if (!waiting && timer) {
    clearInterval(timer);
    timer = 0;
  }
}

function remember(id) {
  heard.add(id);
  sessionStorage.setItem("heard", JSON.stringify([...heard].slice(-50)));
}

/** Somebody at this device has heard it: its tabs fall silent. */
export function acknowledge(id) {
  remember(id);
  between.postMessage(id);
}
