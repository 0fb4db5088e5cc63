// SPDX-License-Identifier: GPL-3.0-or-later
// The buzzer: shown at once, heard as soon as the browser lets a page make sound.

const PITCH = 2400;
const LOUDNESS = 0.05;
const AHEAD = 3;

export class Buzzer {
  constructor(element, toggle) {
    this.element = element;
    this.toggle = toggle;
    this.patterns = {};
    this.wanted = { pattern: "off", since: 0 };
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") !== "true");
      this.sound();
    });
    // Browsers keep a page silent until its first key or click.
    for (const gesture of ["pointerup", "keydown"]) addEventListener(gesture, () => this.unlock());
  }

  /** Returns what a listener should hear in words. */
  show({ pattern, age }) {
    if (pattern === this.wanted.pattern) return "";
    this.wanted = { pattern, since: performance.now() - age };
    this.element.dataset.pattern = pattern;
    this.sound();
    return { off: "", ring: "Buzzer rings", warn: "Buzzer warns" }[pattern];
  }

  unlock() {
    if (this.context) {
      if (this.context.state === "suspended") this.context.resume();
      return;
    }
    this.context = new AudioContext();
    this.gain = this.context.createGain();
    this.gain.gain.value = 0;
    const piezo = this.context.createBiquadFilter();
    piezo.type = "bandpass";
    piezo.frequency.value = PITCH;
    piezo.Q.value = 1.5;
    piezo.connect(this.gain).connect(this.context.destination);
    this.piezo = piezo;
    this.sound();
  }

  sound() {
    clearInterval(this.timer);
    if (!this.context) return;
    this.gain.gain.cancelScheduledValues(0);
    this.gain.gain.setValueAtTime(0, this.context.currentTime);
    this.tone?.stop();
    this.tone = undefined;
    const times = this.patterns[this.wanted.pattern];
    if (!times || this.toggle.getAttribute("aria-pressed") !== "true") return;
    this.tone = new OscillatorNode(this.context, { type: "square", frequency: PITCH });
    this.tone.connect(this.piezo);
    this.tone.start();
    this.planned = this.context.currentTime;
    this.plan(times);
    // Well ahead, for timers of a page in the background run once a second.
    this.timer = setInterval(() => this.plan(times), 1000);
  }

  plan(times) {
    const period = times.reduce((sum, time) => sum + time, 0) / 1000;
    const start = this.context.currentTime - (performance.now() - this.wanted.since) / 1000;
    const until = this.context.currentTime + AHEAD;
    let at = start + Math.floor((this.planned - start) / period) * period;
    for (; at < until; at += period) {
      let edge = at;
      times.forEach((time, index) => {
        if (edge >= this.planned || (index % 2 === 0 && edge + time / 1000 > this.planned)) {
          this.gain.gain.setValueAtTime(index % 2 ? 0 : LOUDNESS, Math.max(edge, this.planned));
        }
        edge += time / 1000;
      });
    }
    this.planned = at;
  }
}
