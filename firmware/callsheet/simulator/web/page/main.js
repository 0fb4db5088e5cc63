// SPDX-License-Identifier: GPL-3.0-or-later
// Puts the phone together: what it shows comes from the link, what hands do goes into it.

import { Buzzer } from "./buzzer.js";
import { Glass } from "./glass.js";
import { Headset } from "./headset.js";
import { Keyboard } from "./keyboard.js";
import { Keypad } from "./keypad.js";
import { Lamps } from "./lamps.js";
import { Link } from "./link.js";

const find = (id) => document.getElementById(id);
const set = find("set");
const title = document.title;

const glass = new Glass(find("glass"), find("frame"));
const lamps = new Lamps(document.querySelectorAll(".lamp"));
const buzzer = new Buzzer(find("buzzer"), find("sound"));

function say(...words) {
  const text = words.filter(Boolean).join(". ");
  if (text) find("spoken").textContent = text;
}

const link = new Link({
  hello(about) {
    set.dataset.link = "up";
    glass.resize(about.display);
    lamps.patterns = about.lamps;
    buzzer.patterns = about.buzzer;
    keypad.build(about.keypad);
  },
  frame(bits) {
    glass.show(bits);
  },
  pins(state) {
    glass.contrast(state.contrast);
    const changes = [lamps.show(state.lamps, state.clock), buzzer.show(state.buzzer)];
    headset.show(state);
    keypad.show(state.keys);
    document.title = state.buzzer.pattern === "ring" ? `● Ringing – ${title}` : title;
    say(...changes);
  },
  lost(reason) {
    set.dataset.link = "lost";
    find("lost-title").textContent = "Phone not reachable";
    find("lost-reason").textContent = reason || "Trying again…";
    letGo();
    lamps.dark();
    buzzer.show({ pattern: "off", age: 0 });
    document.title = title;
  },
});

const keypad = new Keypad(find("keypad"), link);
const headset = new Headset(find("headset"), link);
const keyboard = new Keyboard(keypad, {
  " ": () => headset.toggleHook(),
  h: () => headset.press(0),
  m: () => headset.press(1),
  "+": () => headset.press(2),
  "-": () => headset.press(3),
  p: () => headset.togglePlug(),
});

// A key whose release goes elsewhere must not stay down.
function letGo() {
  keypad.letGo();
  keyboard.letGo();
}
addEventListener("blur", letGo);
addEventListener("pagehide", letGo);
document.addEventListener("visibilitychange", () => document.hidden && letGo());
