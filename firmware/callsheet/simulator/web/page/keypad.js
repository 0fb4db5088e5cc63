// SPDX-License-Identifier: GPL-3.0-or-later
// The keypad: mouse, fingers, and whoever else holds a key down.

// Printed on the caps: the letters of ITU-T E.161, and what the keys outside the digits are for.
const LEGENDS = {
  2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+",
  "*": "BACK", "#": "OK", A: "STATUS", B: "LATER", C: "MUTE", D: "CALL",
};
const SPOKEN = { "*": "Star, back", "#": "Hash, OK", A: "A, status", B: "B, later", C: "C, mute", D: "D, call or hang up" };
const TAP = 120;

export class Keypad {
  constructor(element, link) {
    this.element = element;
    this.link = link;
    this.held = new Map();
    this.keys = new Map();
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("focusout", (event) => {
      if (!element.contains(event.relatedTarget)) this.releaseBy("focus");
    });
  }

  /** Draws the keys; drawn again only if the phone has another keypad. */
  build(rows) {
    if (this.rows?.join() === rows.join()) return;
    this.rows = rows;
    this.keys.clear();
    this.element.replaceChildren();
    this.element.style.setProperty("--columns", rows[0].length);
    rows.forEach((caps, row) => [...caps].forEach((cap, column) => this.add(cap, row, column)));
    this.keys.values().next().value.key.tabIndex = 0;
  }

  add(cap, row, column) {
    const key = document.createElement("button");
    key.type = "button";
    key.className = "key";
    key.classList.toggle("function", cap >= "A");
    key.classList.toggle("call", cap === "D");
    key.tabIndex = -1;
    key.dataset.cap = cap;
    key.setAttribute("aria-label", SPOKEN[cap] ?? cap);
    const big = document.createElement("span");
    big.className = "cap";
    big.textContent = cap;
    const small = document.createElement("span");
    small.className = "legend";
    small.textContent = LEGENDS[cap] ?? "";
    key.append(big, small);
    this.listen(key, cap);
    this.keys.set(cap, { key, row, column });
    this.element.append(key);
  }

  listen(key, cap) {
    key.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      // Not to take the focus: the keyboard goes on typing into the phone, wherever the mouse was.
      event.preventDefault();
      key.setPointerCapture(event.pointerId);
      this.press(cap, `pointer ${event.pointerId}`);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      key.addEventListener(end, (event) => this.release(cap, `pointer ${event.pointerId}`));
    }
    key.addEventListener("mousedown", (event) => event.preventDefault());
    key.addEventListener("keydown", (event) => this.keyDown(event, cap));
    key.addEventListener("keyup", (event) => {
      if (event.key === "Enter" || event.key === " ") this.release(cap, "focus");
    });
    // Screen readers and switches make clicks that no pointer or key comes before.
    key.addEventListener("click", (event) => event.detail === 0 && this.tap(cap));
  }

  keyDown(event, cap) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) this.press(cap, "focus");
      return;
    }
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const { row, column } = this.keys.get(cap);
    const next = this.keys.get(this.rows[row + step[0]]?.[column + step[1]]);
    if (!next) return;
    this.keys.get(cap).key.tabIndex = -1;
    next.key.tabIndex = 0;
    next.key.focus();
  }

  has(cap) {
    return this.keys.has(cap);
  }

  press(cap, by) {
    const holders = this.held.get(cap) ?? new Set();
    if (holders.has(by)) return;
    holders.add(by);
    this.held.set(cap, holders);
    if (holders.size === 1) this.move(cap, true);
  }

  release(cap, by) {
    const holders = this.held.get(cap);
    if (!holders?.delete(by) || holders.size) return;
    this.held.delete(cap);
    this.move(cap, false);
  }

  releaseBy(by) {
    for (const cap of [...this.held.keys()]) this.release(cap, by);
  }

  tap(cap) {
    this.press(cap, "tap");
    setTimeout(() => this.release(cap, "tap"), TAP);
  }

  move(cap, closed) {
    const { key, row, column } = this.keys.get(cap);
    key.classList.toggle("down", closed);
    this.link.key(row, column, closed);
  }

  /** Nobody holds anything any more: the page lost the focus, or the phone. */
  letGo() {
    if (this.held.size) this.link.letGo();
    this.held.clear();
    for (const { key } of this.keys.values()) key.classList.remove("down");
  }

  /** The keys that are down on the phone, by this page or another; a bit each, row * 4 + column. */
  show(bits) {
    for (const [cap, { key, row, column }] of this.keys) {
      key.classList.toggle("down", this.held.has(cap) || Boolean(bits & (1 << (row * 4 + column))));
    }
  }
}
