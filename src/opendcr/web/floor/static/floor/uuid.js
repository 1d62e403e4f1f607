// Ids made on this device. A command's id is made at the tap, so that sending it again is harmless.

/** Random hexadecimal digits. @param {number} bytes */
export function randomHex(bytes) {
  const all = crypto.getRandomValues(new Uint8Array(bytes));
  return [...all].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then chance. */
export function uuid7(milliseconds = Date.now()) {
  const time = Math.floor(milliseconds).toString(16).padStart(12, "0");
  const chance = randomHex(10);
  const variant = (8 + (parseInt(chance[3], 16) % 4)).toString(16);
  return [
    time.slice(0, 8), time.slice(8), `7${chance.slice(0, 3)}`,
    variant + chance.slice(4, 7), chance.slice(7, 19),
  ].join("-");
}
