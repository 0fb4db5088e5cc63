// SPDX-License-Identifier: GPL-3.0-or-later
// Three lamps. The blink patterns come from the phone, and so does their clock: lamps and pages blink in step.

/** Key frames of a light that is on and off by turns; `times` in milliseconds, on first. */
function blinking(times) {
  const period = times.reduce((sum, time) => sum + time, 0);
  const frames = [];
  let at = 0;
  times.forEach((time, index) => {
    const opacity = index % 2 ? 0 : 1;
    frames.push({ opacity, offset: at / period }, { opacity, offset: (at + time) / period });
    at += time;
  });
  return { frames, period };
}

class Lamp {
  constructor(element) {
    this.element = element;
    this.light = element.querySelector(".light");
    this.word = element.querySelector(".word");
    this.name = element.querySelector(".name").textContent;
  }

  /** Returns what a listener should hear, or nothing if the lamp does what it did. */
  show(pattern, times, clock, still) {
    const changed = this.element.dataset.pattern !== pattern;
    if (!changed && this.still === still) return "";
    this.still = still;
    this.element.dataset.pattern = pattern;
    this.word.textContent = pattern;
    this.animation?.cancel();
    this.animation = undefined;
    if (times && !still) {
      const { frames, period } = blinking(times);
      this.animation = this.light.animate(frames, { duration: period, iterations: Infinity });
      this.animation.currentTime = clock;
    }
    return changed ? `${this.name} lamp ${pattern}` : "";
  }
}

export class Lamps {
  constructor(elements) {
    this.lamps = new Map([...elements].map((element) => [element.dataset.lamp, new Lamp(element)]));
    this.patterns = {};
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.reduced.addEventListener("change", () => {
      if (this.last) this.show(this.last[0], this.last[1] + performance.now());
    });
  }

  /** `patterns` by lamp, `clock` in milliseconds; returns the changes in words. */
  show(patterns, clock) {
    this.last = [patterns, clock - performance.now()];
    const said = Object.entries(patterns).map(([name, pattern]) =>
      this.lamps.get(name).show(pattern, this.patterns[pattern], clock, this.reduced.matches));
    return said.filter(Boolean).join(", ");
  }

  dark() {
    this.show({ line: "off", work: "off", attention: "off" }, 0);
  }
}
