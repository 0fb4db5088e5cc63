// SPDX-License-Identifier: GPL-3.0-or-later
// The computer's keyboard as keypad, hook and headset.

const CAPS = { Enter: "#", Backspace: "*", Escape: "*" };
const TEXT = /^[0-9*#A-Da-d]$/;

export class Keyboard {
  /** `actions`: what the keys outside the keypad do, by `event.key` in lower case. */
  constructor(keypad, actions) {
    this.keypad = keypad;
    this.actions = actions;
    // By event.code: Shift may come up before the key that it made a star.
    this.down = new Map();
    addEventListener("keydown", (event) => this.press(event));
    addEventListener("keyup", (event) => this.release(event));
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const onButton = event.target.closest?.("button");
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    const cap = CAPS[event.key] ?? (TEXT.test(event.key) ? event.key.toUpperCase() : undefined);
    if (cap && this.keypad.has(cap)) {
      event.preventDefault();
      if (event.repeat || this.down.has(event.code)) return;
      this.down.set(event.code, cap);
      this.keypad.press(cap, event.code);
      return;
    }
    const action = this.actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) action();
  }

  release(event) {
    const cap = this.down.get(event.code);
    if (cap === undefined) return;
    this.down.delete(event.code);
    this.keypad.release(cap, event.code);
  }

  letGo() {
    this.down.clear();
  }
}
