# SPDX-License-Identifier: GPL-3.0-or-later
"""The page itself: connection lost and found, every width, names for all controls."""

from urllib.parse import urlsplit

import pytest
from PIL import Image

from callsheet.simulator.web import WebHandset, app

ROOM = """() => ({
    outside: [...document.querySelectorAll("button, canvas, .lamp")]
        .filter((element) => element.getClientRects().length)
        .filter((element) => {
            const box = element.getBoundingClientRect();
            return box.left < 0 || box.right > innerWidth;
        }).length,
    sideways: document.documentElement.scrollWidth - innerWidth,
})"""


def test_a_lost_phone_is_shown_and_found_again(open_page, handset):
    web = WebHandset(handset)
    web.start()
    phone = open_page(web.url).connected()
    handset.lamps.show("on", "slow", "off")
    phone.tab.wait_for_selector(".lamp[data-lamp=work][data-pattern=slow]")
    phone.key("1").hover()
    phone.tab.mouse.down()
    phone.tab.wait_for_selector('.key.down[data-cap="1"]')
    web.close()
    phone.tab.wait_for_selector("#set[data-link=lost]")
    assert phone.tab.get_by_role("alert").inner_text().startswith("Phone not reachable")
    assert phone.tab.locator(".lamp:not([data-pattern=off])").count() == 0
    assert handset.keys.pressed == frozenset()
    phone.tab.mouse.up()

    handset.display.show(frame := Image.effect_noise((128, 64), 100).convert("1"))
    with WebHandset(handset, urlsplit(phone.url).netloc):
        phone.connected().wait_for_frame(frame)
        phone.tab.wait_for_selector(".lamp[data-lamp=work][data-pattern=slow]")
        assert not phone.tab.get_by_role("alert").is_visible()
        phone.close()
    # The browser itself reports each try that failed.
    phone.complaints = [text for text in phone.complaints if "WebSocket connection to" not in text]


def test_a_phone_that_falls_silent_counts_as_lost(open_page, handset):
    """A hung phone closes nothing: the page notices that its signs of life stay away."""
    deaf = """{
        const describe = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
        Object.defineProperty(WebSocket.prototype, "onmessage", {
            set(take) { describe.set.call(this, (event) => window.silent || take(event)); },
        });
    }"""
    phone = open_page(init=deaf).connected()
    phone.tab.evaluate("window.silent = true")
    phone.tab.wait_for_selector("#set[data-link=lost]")
    phone.tab.evaluate("window.silent = false")
    phone.connected()


def test_why_a_page_was_refused_is_shown(open_page, monkeypatch):
    monkeypatch.setattr(app, "MAX_PAGES", 1)
    first = open_page().connected()
    second = open_page()
    second.tab.wait_for_selector("#set[data-link=lost]")
    assert "1 pages are open on this phone: close one" in second.tab.get_by_role("alert").inner_text()
    first.close()
    second.connected()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 740), (390, 844), (768, 1024), (844, 390), (1280, 900), (1920, 1080)])
def test_everything_is_within_reach_at_any_width(open_page, width, height):
    phone = open_page(viewport={"width": width, "height": height}).connected()
    assert phone.tab.evaluate(ROOM) == {"outside": 0, "sideways": 0}


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900), (1366, 768)])
def test_the_phone_needs_no_scrolling(open_page, width, height):
    phone = open_page(viewport={"width": width, "height": height}).connected()
    assert phone.tab.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def test_every_control_has_a_name_and_the_keys_are_reached_in_one_stop(phone):
    tab = phone.connected().tab
    nameless = tab.eval_on_selector_all(
        "button", "buttons => buttons.filter(button => !button.getAttribute('aria-label')).length"
    )
    assert nameless == 0
    stops = []
    for _ in range(12):
        tab.keyboard.press("Tab")
        stops.append(tab.evaluate("document.activeElement.getAttribute('aria-label')"))
        if stops[-1] is None:
            break
    assert stops[:-1] == [
        "Headset off the hook",
        "Headset: call button",
        "Headset: mute button",
        "Headset: softer",
        "Headset: louder",
        "Headset plugged in",
        "Sound of the buzzer in this page",
        "1",
    ]


def test_focus_is_seen(phone):
    tab = phone.connected().tab
    tab.keyboard.press("Tab")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
