// Three lamps. The blink patterns come from the phone, and so does their phase: all pages blink as one.

const WORDS = { off: "off", on: "on", slow: "slow", fast: "fast" };

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
  show({ pattern, age }, patterns, still) {
    const changed = this.element.dataset.pattern !== pattern;
    if (!changed && this.still === still) return "";
    this.still = still;
    this.element.dataset.pattern = pattern;
    this.word.textContent = WORDS[pattern];
    this.animation?.cancel();
    this.animation = undefined;
    const times = patterns[pattern];
    if (times && !still) {
      const { frames, period } = blinking(times);
      this.animation = this.light.animate(frames, { duration: period, iterations: Infinity });
      this.animation.currentTime = age;
    }
    return changed ? `${this.name} lamp ${WORDS[pattern]}` : "";
  }
}

export class Lamps {
  constructor(elements) {
    this.lamps = new Map([...elements].map((element) => [element.dataset.lamp, new Lamp(element)]));
    this.patterns = {};
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.reduced.addEventListener("change", () => this.last && this.show(this.last));
  }

  /** `states`: pattern and age of each; returns the changes in words. */
  show(states) {
    this.last = states;
    const said = Object.entries(states).map(([name, state]) =>
      this.lamps.get(name).show(state, this.patterns, this.reduced.matches));
    return said.filter(Boolean).join(", ");
  }

  dark() {
    const off = { pattern: "off", age: 0 };
    this.show({ line: off, work: off, attention: off });
  }
}
