// SPDX-License-Identifier: GPL-3.0-or-later
// The web socket to the phone. Messages are described in wire.py.

const PROTOCOL = "callsheet.pins.1";
const RETRY = [250, 500, 1000, 2000, 3000];
const LAMP_PATTERNS = ["off", "on", "slow", "fast"];
const BUZZER_PATTERNS = ["off", "ring", "warn"];

/** Reads the 0x02 message. */
function readPins(view) {
  const flags = view.getUint8(7);
  const lamp = (index) => LAMP_PATTERNS[view.getUint8(2 + index)];
  return {
    contrast: view.getUint8(1),
    lamps: { line: lamp(0), work: lamp(1), attention: lamp(2) },
    clock: view.getUint32(10),
    buzzer: { pattern: BUZZER_PATTERNS[view.getUint8(5)], age: view.getUint32(14) },
    offHook: view.getUint8(6) === 1,
    headset: {
      present: Boolean(flags & 1),
      link: Boolean(flags & 2),
      ring: Boolean(flags & 4),
      mute: Boolean(flags & 8),
    },
    keys: view.getUint16(8),
  };
}

/** Keeps one connection up for as long as the page is open. */
export class Link {
  /** Handlers: hello(about), frame(bits), pins(state), lost(reason). */
  constructor(handlers) {
    this.handlers = handlers;
    this.tries = 0;
    this.silence = 6000;
    this.connect();
    setInterval(() => this.listen(), 1000);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  connect() {
    clearTimeout(this.retry);
    this.retry = undefined;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/pins`, PROTOCOL);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    this.greeted = false;
    socket.onmessage = (event) => socket === this.socket && this.take(event.data);
    socket.onclose = (event) => socket === this.socket && this.drop(event.reason);
  }

  take(data) {
    // A connection whose greeting was lost shows nothing: let it count as silent.
    this.greeted ||= typeof data === "string";
    if (!this.greeted) return;
    this.heard = performance.now();
    if (typeof data === "string") {
      const about = JSON.parse(data);
      this.silence = about.alive * 3;
      this.tries = 0;
      this.handlers.hello(about);
      return;
    }
    const view = new DataView(data);
    if (view.getUint8(0) === 1) this.handlers.frame(new Uint8Array(data, 1));
    if (view.getUint8(0) === 2) this.handlers.pins(readPins(view));
  }

  drop(reason) {
    this.socket = undefined;
    this.handlers.lost(reason);
    this.retry = setTimeout(() => this.connect(), RETRY[Math.min(this.tries++, RETRY.length - 1)]);
  }

  /** A phone that hangs or a network that swallows everything shows only in silence. */
  listen() {
    if (this.socket && performance.now() - this.heard > this.silence) {
      const socket = this.socket;
      this.drop("");
      socket.close();
    }
  }

  hurry() {
    if (!this.socket) this.connect();
  }

  send(...bytes) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(new Uint8Array(bytes));
  }

  key(row, column, closed) { this.send(0x10, row, column, Number(closed)); }
  hook(off) { this.send(0x11, Number(off)); }
  plug(present) { this.send(0x12, Number(present)); }
  headsetButton(index) { this.send(0x13, index); }
  letGo() { this.send(0x14); }
}
