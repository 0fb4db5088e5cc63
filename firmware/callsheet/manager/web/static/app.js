// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

/** As `times.duration`. */
function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/* Clocks that run: only those on the screen, for there may be two thousand. */
const running = new Set();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) running.add(target); else running.delete(target);
  }
  tick();
}, { rootMargin: "200px" });

function tick() {
  const now = Date.now() + drift;
  for (const time of running) {
    if (!time.isConnected) { running.delete(time); seen.unobserve(time); continue; }
    const text = elapsed((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

function watch(root) {
  for (const time of root.querySelectorAll("time[data-since]")) seen.observe(time);
}

/* The server's clock counts, not this computer's. */
let drift = 0;
function setDrift(at) { if (at) drift = Date.parse(at) - Date.now(); }

/* The filter above agents and cards works on what is on the page; rows that come in later go through it too. */
function filter() {
  const find = document.getElementById("find");
  if (!find) return;
  const words = find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const states = (document.getElementById("show")?.value ?? "").split(" ").filter(Boolean);
  const all = document.querySelectorAll("[data-find]");
  let shown = 0;
  for (const one of all) {
    one.hidden = !(words.every((word) => one.dataset.find.includes(word))
      && (!states.length || states.includes(one.dataset.state)));
    shown += !one.hidden;
  }
  const out = document.getElementById("shown");
  out.textContent = shown < all.length
    ? out.dataset.text.replace("{shown}", String(shown)).replace("{total}", String(all.length)) : "";
}

/* What has happened is shown, and said to those who listen. */
function say(root) {
  const text = Array.from(root.querySelectorAll("[data-say]"), (e) => e.textContent.trim()).join(" ");
  if (text) document.getElementById("said").textContent = text;
}

function alarm(text) {
  const box = document.getElementById("alarm");
  if (!box) return;
  box.textContent = text;
  box.hidden = !text;
  if (text) setTimeout(() => { if (box.textContent === text) box.hidden = true; }, 8000);
}

function live(up) {
  const sign = document.getElementById("live");
  if (!sign) return;
  sign.classList.toggle("up", up);
  sign.textContent = up ? sign.dataset.up : sign.dataset.down;
}

/* Work is dragged from one agent to another; the same dialog opens for those who use the keyboard. */
function drags() {
  let from = null;
  const card = (event) => event.target.closest?.("[data-agent]");
  document.addEventListener("dragstart", (event) => {
    const source = card(event);
    if (!source) return;
    from = source.dataset.agent;
    event.dataTransfer.setData("text/plain", from);
    event.dataTransfer.effectAllowed = "move";
    source.classList.add("dragged");
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragover", (event) => {
    const target = card(event);
    for (const other of document.querySelectorAll(".target")) if (other !== target) other.classList.remove("target");
    if (from === null || !target || target.dataset.agent === from) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    target.classList.add("target");
  });
  document.addEventListener("drop", (event) => {
    const target = card(event);
    if (from === null || !target || target.dataset.agent === from) return;
    event.preventDefault();
    ask(`/work/move?source=${encodeURIComponent(from)}&target=${encodeURIComponent(target.dataset.agent)}`);
  });
  document.addEventListener("dragend", () => {
    from = null;
    document.body.classList.remove("dragging");
    for (const other of document.querySelectorAll(".target, .dragged")) other.classList.remove("target", "dragged");
  });
}

/** A file that came with the page, in base64. */
function save(name, base64) {
  const bytes = Uint8Array.from(atob(base64.trim()), (char) => char.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/* How far an import is. The bar can be asked at any time; said is where a step begins, and each quarter of it. */
const working = {
  said: "",
  show(step, share, text) {
    const panel = document.getElementById("working"), bar = document.getElementById("working-bar");
    const seen = !panel.hidden;
    panel.hidden = false;
    bar.hidden = false;
    document.getElementById("working-step").textContent = step;
    document.getElementById("working-text").textContent = text;
    if (share === null) bar.removeAttribute("value"); else bar.value = share;
    bar.setAttribute("aria-valuetext", text || step);
    if (!seen) panel.scrollIntoView({ block: "nearest" });
    const said = `${step} ${Math.floor(4 * (share ?? 0))}`;
    if (said === this.said) return;
    this.said = said;
    document.getElementById("said").textContent = share ? `${step} ${text}` : step;
  },
  end() {
    this.said = "";
    document.getElementById("working").hidden = true;
  },
  /** It stays to be read, unlike the alarm. */
  lost() {
    const panel = document.getElementById("working");
    document.getElementById("working-bar").hidden = true;
    document.getElementById("working-step").textContent = panel.dataset.lost;
    document.getElementById("working-text").textContent = "";
    panel.hidden = false;
    alarm(panel.dataset.lost);
  },
  /** The answer tells in comments before the page how far it is. */
  follow(xhr) {
    let read = 0;
    xhr.addEventListener("progress", () => {
      const text = xhr.responseText, end = text.lastIndexOf("-->");
      if (end < read) return;
      const last = Array.from(text.slice(read, end + 3).matchAll(/^<!--step (.*)-->$/gm)).at(-1);
      read = end + 3;
      if (!last) return;
      const told = JSON.parse(last[1]);
      this.show(told.step, told.share, told.text);
    });
  },
};

function ask(url) {
  htmx.ajax("GET", url, { target: "#dialog-body", swap: "innerHTML", select: "#ask" });
}

/** Whether a request is the form's that imports. */
function imports(event) {
  return event.detail.requestConfig.path.startsWith("/import/");
}

let opener = null;
function openDialog() {
  const dialog = document.getElementById("dialog");
  if (dialog.open) return;
  opener = document.activeElement;
  dialog.showModal();
}

document.addEventListener("DOMContentLoaded", () => {
  for (const field of document.querySelectorAll("[data-zone]")) {
    field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }
  const button = document.querySelector(".menu-button");
  button?.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open")));
  });
  document.addEventListener("input", (event) => { if (event.target.id === "find") filter(); });
  document.addEventListener("change", (event) => {
    if (event.target.id === "show") filter();
    if (event.target.dataset?.go !== undefined) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    if (closer) document.getElementById("dialog").close();
    const saver = event.target.closest("[data-save]");
    if (saver) save(saver.dataset.save, document.getElementById(saver.dataset.from).textContent);
    const copier = event.target.closest("[data-copy]");
    if (copier) navigator.clipboard?.writeText(copier.dataset.copy);
  });
  document.getElementById("dialog")?.addEventListener("close", () => {
    document.getElementById("dialog-body").replaceChildren();
    opener?.isConnected && opener.focus();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "dialog-body" && event.detail.target.childElementCount) openDialog();
  });
  document.body.addEventListener("htmx:load", (event) => {
    const root = event.detail.elt;
    watch(root);
    if (root.id === "tiles") setDrift(root.dataset.now);
    if (root.id === "result") {
      say(root);
      if (document.activeElement === document.body) root.focus();
    }
    if (root.id === "page") {
      const dialog = document.getElementById("dialog");
      if (dialog.open) dialog.close();
      say(root);
      if (document.activeElement === document.body) root.focus();
    }
    if (root.id === "page" || root.id === "tiles") filter();
  });
  document.body.addEventListener("htmx:beforeSend", (event) => {
    if (!imports(event)) return;
    const { xhr } = event.detail, { sending, opening } = document.getElementById("working").dataset;
    working.show(sending, null, "");
    xhr.upload.addEventListener("progress", ({ lengthComputable, loaded, total }) => {
      if (lengthComputable && loaded < total) working.show(sending, loaded / total, `${Math.round(100 * loaded / total)} %`);
    });
    xhr.upload.addEventListener("load", () => working.show(opening, null, ""));
    working.follow(xhr);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => { if (imports(event)) working.end(); });
  document.body.addEventListener("htmx:responseError", () => alarm(document.body.dataset.refused));
  document.body.addEventListener("htmx:sendError", (event) => {
    if (imports(event)) working.lost(); else alarm(document.body.dataset.lost);
  });
  document.body.addEventListener("htmx:sseOpen", () => live(true));
  document.body.addEventListener("htmx:sseError", () => live(false));
  document.body.addEventListener("htmx:sseClose", () => location.reload());
  drags();
  setDrift(document.getElementById("tiles")?.dataset.now);
  watch(document);
  filter();
  setInterval(tick, 1000);
});
