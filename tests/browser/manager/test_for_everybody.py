# SPDX-License-Identifier: GPL-3.0-or-later
"""The page for those who cannot see it, see it badly, or have no mouse: checked on the pages as Chromium shows them.

Contrast by WCAG 2.2 §1.4.3 from the computed colours; names by what Chromium's accessibility tree gives to them.
"""

from __future__ import annotations

import pytest

PAGES = ("/", "/problems", "/lists", "/lists/1", "/work", "/search?q=weber", "/tasks/1", "/do-not-call", "/downloads",
         "/users", "/audit", "/urgent", "/import", "/account")

FAINT = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], below) => [0, 1, 2].map((i) => [r, g, b][i] * a + below[i] * (1 - a)).concat(1);
    const ground = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.closest(".unseen, option, :disabled")) continue;
        const style = getComputedStyle(element), below = ground(element);
        const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
        const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
        const ratio = (a + .05) / (b + .05);
        if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className} ${walker.currentNode.data.trim().slice(0, 30)}`);
    }
    return found;
}"""

UNNAMED = """() => {
    const name = (e) => (e.getAttribute("aria-label") || e.textContent || e.getAttribute("title") || "").trim()
        || Array.from(e.labels ?? [], (label) => label.textContent).join("").trim()
        || Array.from(e.querySelectorAll("[aria-label]"), (inner) => inner.getAttribute("aria-label")).join("");
    const found = [];
    for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, [role=img], summary, dialog[open]")) {
        const field = e.matches("input, select, textarea");
        const label = field ? e.getAttribute("aria-label") || Array.from(e.labels ?? [], (one) => one.textContent).join("").trim() : name(e);
        if (!label && !e.closest("[aria-hidden=true]") && !e.matches("[aria-hidden=true]")) found.push(e.outerHTML.slice(0, 120));
    }
    for (const table of document.querySelectorAll("table")) if (!table.caption?.textContent.trim()) found.push("table without caption");
    for (const cell of document.querySelectorAll("thead th:not([scope])")) found.push("th without scope");
    const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id ${id} twice`);
    for (const e of document.querySelectorAll("[aria-controls], [aria-labelledby]")) {
        const id = e.getAttribute("aria-controls");
        if (id && !document.getElementById(id)) found.push(`aria-controls ${id}: nothing there`);
    }
    for (const use of document.querySelectorAll("use")) if (!document.querySelector(use.getAttribute("href"))) found.push(use.outerHTML);
    const levels = Array.from(document.querySelectorAll("main h1, main h2, main h3"), (h) => Number(h.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) found.push(`headings ${levels}`);
    levels.reduce((before, level) => { if (level > before + 1) found.push(`heading ${level} after ${before}`); return level; }, 1);
    if (!document.documentElement.lang || !document.title.trim()) found.push("no language or title");
    if (document.querySelectorAll("main").length !== 1) found.push("main");
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_that_is_written_can_be_read(visit, scheme):
    who = visit(color_scheme=scheme)
    who.open("/sign-in")
    faint = {"/sign-in": who.tab.evaluate(FAINT)}
    who.sign_in()
    for path in PAGES:
        who.open(path)
        faint[path] = who.tab.evaluate(FAINT)
    who.open("/work").tab.click("#card-101 button")
    who.tab.wait_for_selector("dialog[open] #forecast")
    faint["dialog"] = who.tab.evaluate(FAINT)
    assert {path: found for path, found in faint.items() if found} == {}


def test_the_check_of_contrast_finds_what_is_faint(visit):
    who = visit().sign_in()
    who.tab.evaluate("() => { document.querySelector('h1').style.color = '#bbb'; }")
    assert any("H1" in found for found in who.tab.evaluate(FAINT))


@pytest.mark.parametrize("name", ["mia", "victor"])
def test_everything_that_can_be_used_has_a_name(visit, name):
    who = visit(expected=("status of 403",))
    who.open("/sign-in")
    unnamed = {"/sign-in": who.tab.evaluate(UNNAMED)}
    who.sign_in(name)
    for path in PAGES:
        who.open(path)
        unnamed[path] = who.tab.evaluate(UNNAMED)
    assert {path: found for path, found in unnamed.items() if found} == {}


def test_the_check_of_names_finds_what_has_none(visit):
    who = visit().sign_in()
    who.tab.evaluate("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><input><h3>x</h3>')")
    assert len(who.tab.evaluate(UNNAMED)) == 3


def test_tab_goes_first_to_the_skip_link_and_everything_focused_is_seen(visit):
    who = visit().sign_in()
    for path in ("/", "/lists/1", "/work", "/urgent"):
        who.open(path)
        if path != "/urgent":
            who.tab.evaluate("() => document.activeElement.blur()")
        who.tab.keyboard.press("Tab")
        assert who.text(":focus") == "Skip to the page"
        assert who.tab.evaluate("() => document.activeElement.getBoundingClientRect().top") >= 0
        for _ in range(24):
            who.tab.keyboard.press("Tab")
            shown = who.tab.evaluate("""() => {
                const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
                return e === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
                    && box.width > 0 && box.bottom > 0 && box.top < innerHeight);
            }""")
            assert shown, (path, who.tab.evaluate("() => document.activeElement.outerHTML.slice(0, 120)"))
    who.open("/lists")
    who.tab.keyboard.press("Tab")
    who.tab.keyboard.press("Enter")
    assert who.tab.evaluate("() => document.activeElement.id") == "page"


def test_nothing_moves_for_those_who_do_not_want_it(visit):
    who = visit(reduced_motion="reduce").sign_in()
    moving = who.tab.evaluate("""() => Array.from(document.querySelectorAll("*")).filter((e) => {
        const style = getComputedStyle(e);
        return style.animationName !== "none" || style.transitionDuration.split(", ").some((t) => parseFloat(t) > 0);
    }).length""")
    assert moving == 0


def test_what_has_happened_is_said_to_those_who_listen(visit):
    who = visit().sign_in().open("/users")
    who.tab.fill("section [name=name]", "nora")
    who.tab.click("section button[type=submit]")
    who.shows("#made", "-")
    assert who.tab.get_attribute("#said", "role") == "status"
    assert "nora" in who.text("#said")
