// Which touches of the keyboard are meant as a shortcut. They can be switched off on each device.

export const keysAreOn = () => localStorage.getItem("shortcuts") !== "off";

/** Switches them off or on again, for this device. */
export const switchKeys = () => localStorage.setItem("shortcuts", keysAreOn() ? "off" : "on");

/** Whether a key was pressed by itself and once, where nobody is typing. */
export const isShortcut = (event) =>
  !(event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select, [contenteditable]"));

/** EMERGENCY, from every page and every panel. */
export const EMERGENCY = "E";
