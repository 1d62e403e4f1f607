// What was tapped and is not saved, kept over a reload and the sign-in page, in this tab alone and
// gone with it. Only ids, codes and numbers are kept: a name or free words never leave the page's
// memory, and of a command with such words only that there was one.

const KEY = "opendcr-unsaved";

/** A store for `Outbox`: {id, kind, tapped, author, label, urgent, target, command}, the command null where it held words. */
export class TabStore {
  /** @param {string[]} texts the keys under which a command's data may hold words */
  constructor(texts = []) {
    this.texts = new Set(texts);
  }

  left() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    } catch {
      return [];
    }
  }

  keep(entry) {
    const { id, kind, tapped, author = null } = entry.command;
    const command = this.hasWords(entry.command.data) ? null : entry.command;
    this.write([...this.others(entry), { id, kind, tapped, author, label: entry.label, urgent: entry.urgent, target: entry.target, command }]);
  }

  drop(entry) {
    this.write(this.others(entry));
  }

  others({ id }) {
    return this.left().filter((one) => one.id !== id);
  }

  hasWords(data) {
    if (data === null || typeof data !== "object") return false;
    return Object.entries(data).some(([key, value]) => this.texts.has(key) || this.hasWords(value));
  }

  write(all) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      // No room: the page's memory still has them.
    }
  }
}
