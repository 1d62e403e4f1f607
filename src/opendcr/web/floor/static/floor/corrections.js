// Corrections of one fact: the ledger reads the latest alone, so each must carry what earlier ones said.

const made = new Map(); // by fact: all that this page has changed in it

/** Changes with those of before; they are what the next correction builds on. */
export function remember(fact, changes, before = {}) {
  const earlier = made.get(fact) ?? before;
  const all = { ...earlier, ...changes };
  const data = { ...earlier.data, ...changes.data };
  if (Object.keys(data).length) all.data = data;
  made.set(fact, all);
  return all;
}

/** What the board shows that somebody else's correction said of a line, as far as it shows it. */
export function saidBefore(emergency, line) {
  const first = emergency.timeline.find((one) => one.fact === line.fact && one.struck);
  if (!first) return {};
  const dose = emergency.naloxone.find((one) => Date.parse(one.at) === line.at);
  const data = Object.fromEntries(Object.entries({ micrograms: dose?.micrograms, route: dose?.route }).filter(([, value]) => value));
  const moved = Date.parse(first.at) !== line.at && { happened: new Date(line.at).toISOString() };
  return { ...moved, ...(Object.keys(data).length && { data }) };
}

/** Whether a line's earlier correction holds more than this page can know. */
export const beyondUs = (emergency, line) =>
  !made.has(line.fact) && line.kind === "Observed" && emergency.timeline.some((one) => one.fact === line.fact && one.struck);
