// SPDX-License-Identifier: GPL-3.0-or-later
// Hook switch, headset plug and the headset's own buttons.

export class Headset {
  constructor(root, link) {
    this.root = root;
    this.link = link;
    this.offHook = false;
    this.present = false;
    this.hookButton = root.querySelector("#hook");
    this.plugButton = root.querySelector("#plug");
    this.hookNow = root.querySelector("#hook-now");
    this.plugNow = root.querySelector("#plug-now");
    this.hookButton.addEventListener("click", () => this.toggleHook());
    this.plugButton.addEventListener("click", () => this.togglePlug());
    for (const button of root.querySelectorAll("[data-button]")) {
      button.addEventListener("click", () => this.press(Number(button.dataset.button)));
    }
  }

  toggleHook() { this.link.hook(!this.offHook); }
  togglePlug() { this.link.plug(!this.present); }

  press(index) {
    this.link.headsetButton(index);
    const button = this.root.querySelector(`[data-button="${index}"]`);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 120);
  }

  show({ offHook, headset }) {
    this.offHook = offHook;
    this.present = headset.present;
    this.hookButton.setAttribute("aria-pressed", offHook);
    this.hookNow.textContent = offHook ? "Off hook" : "On hook";
    this.plugButton.setAttribute("aria-checked", headset.present);
    this.plugNow.textContent = headset.present ? "Plugged in" : "No headset";
    this.root.dataset.plugged = headset.present ? "yes" : "no";
    this.root.dataset.link = headset.link ? "open" : "closed";
    this.root.dataset.ring = headset.ring ? "on" : "off";
    this.root.dataset.mute = headset.mute ? "on" : "off";
  }
}
