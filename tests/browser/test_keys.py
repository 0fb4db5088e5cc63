# SPDX-License-Identifier: GPL-3.0-or-later
"""Mouse, fingers and keyboard on the page become contacts of the keypad, and always come up again."""

import pytest

from callsheet.core.events import HeadsetButton, HeadsetChanged, HookChanged, KeyContact
from callsheet.core.keypad import LAYOUTS
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import WebHandset

PATIENCE = 20


def down(handset, cap):
    return KeyContact(*handset.find(cap), True)


def up(handset, cap):
    return KeyContact(*handset.find(cap), False)


def test_a_click_is_a_press_and_a_release(phone, handset, posted):
    phone.connected()
    for cap in "".join(LAYOUTS["4x4"]):
        phone.key(cap).click()
        assert posted.get(timeout=PATIENCE) == down(handset, cap)
        assert posted.get(timeout=PATIENCE) == up(handset, cap)


def test_a_long_press_lasts_as_long_as_the_finger(phone, handset, posted):
    phone.connected().key("C").hover()
    phone.tab.mouse.down()
    assert posted.get(timeout=PATIENCE) == down(handset, "C")
    phone.tab.wait_for_timeout(800)
    assert posted.empty()
    assert handset.keys.pressed == {handset.find("C")}
    phone.tab.mouse.up()
    assert posted.get(timeout=PATIENCE) == up(handset, "C")


def test_a_mouse_that_slides_off_holds_the_key_until_it_lets_go(phone, handset, posted):
    phone.connected().key("5").hover()
    phone.tab.mouse.down()
    assert posted.get(timeout=PATIENCE) == down(handset, "5")
    phone.tab.mouse.move(5, 5)
    phone.tab.mouse.up()
    assert posted.get(timeout=PATIENCE) == up(handset, "5")


def test_the_right_mouse_button_presses_nothing(phone, handset, posted):
    phone.connected().key("5").click(button="right")
    phone.key("6").click()
    assert posted.get(timeout=PATIENCE) == down(handset, "6")


def test_the_keyboard_types_on_the_keypad(phone, handset, posted):
    others = {"a": "A", "d": "D", "Enter": "#", "Backspace": "*", "Escape": "*", "NumpadMultiply": "*"}
    phone.connected()
    for key, cap in {**{cap: cap for cap in "0123456789*#ABCD"}, **others}.items():
        phone.tab.keyboard.press(key)
        assert posted.get(timeout=PATIENCE) == down(handset, cap), key
        assert posted.get(timeout=PATIENCE) == up(handset, cap), key


def test_a_key_that_repeats_is_held(phone, handset, posted):
    keyboard = phone.connected().tab.keyboard
    for _ in range(5):
        keyboard.down("7")
    keyboard.up("7")
    assert [posted.get(timeout=PATIENCE) for _ in range(2)] == [down(handset, "7"), up(handset, "7")]
    keyboard.press("8")
    assert posted.get(timeout=PATIENCE) == down(handset, "8")


def test_shift_may_come_up_before_the_star(phone, handset, posted):
    keyboard = phone.connected().tab.keyboard
    for move, key in ((keyboard.down, "Shift"), (keyboard.down, "Digit8"), (keyboard.up, "Shift"), (keyboard.up, "Digit8")):
        move(key)
    assert [posted.get(timeout=PATIENCE) for _ in range(2)] == [down(handset, "*"), up(handset, "*")]


def test_the_browsers_own_shortcuts_are_left_to_it(phone, handset, posted):
    keyboard = phone.connected().tab.keyboard
    for shortcut in ("Control+c", "Alt+d", "Meta+1", "Tab", "x"):
        keyboard.press(shortcut)
    keyboard.press("9")
    assert posted.get(timeout=PATIENCE) == down(handset, "9")


def test_enter_and_hash_are_one_key_with_two_fingers(phone, handset, posted):
    keyboard = phone.connected().tab.keyboard
    for move, key in ((keyboard.down, "Enter"), (keyboard.down, "#"), (keyboard.up, "Enter"), (keyboard.up, "#")):
        move(key)
    keyboard.press("1")
    assert [posted.get(timeout=PATIENCE) for _ in range(3)] == [down(handset, "#"), up(handset, "#"), down(handset, "1")]


def test_the_keypad_is_reached_by_tab_and_walked_by_arrows(phone, handset, posted):
    tab = phone.connected().tab
    for _ in range(8):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.cap") == "1"
    for arrow in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        tab.keyboard.press(arrow)
    assert tab.evaluate("document.activeElement.dataset.cap") == "7"
    for key in ("Enter", " "):
        tab.keyboard.down(key)
        assert posted.get(timeout=PATIENCE) == down(handset, "7")
        tab.keyboard.up(key)
        assert posted.get(timeout=PATIENCE) == up(handset, "7")
    tab.keyboard.down("Enter")
    assert posted.get(timeout=PATIENCE) == down(handset, "7")
    tab.keyboard.press("Tab")
    assert posted.get(timeout=PATIENCE) == up(handset, "7"), "the focus left while Enter was held"
    assert posted.empty()


def test_after_a_mouse_click_enter_still_means_hash(phone, handset, posted):
    phone.connected().key("5").click()
    phone.tab.keyboard.press("Enter")
    events = [posted.get(timeout=PATIENCE) for _ in range(4)]
    assert events == [down(handset, "5"), up(handset, "5"), down(handset, "#"), up(handset, "#")]


def test_a_screen_readers_click_is_a_short_press(phone, handset, posted):
    phone.connected().key("2").evaluate("key => key.click()")
    assert [posted.get(timeout=PATIENCE) for _ in range(2)] == [down(handset, "2"), up(handset, "2")]


def test_two_fingers_press_two_keys(open_page, handset, posted):
    phone = open_page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}).connected()
    points = []
    for cap in ("1", "9"):
        box = phone.key(cap).bounding_box()
        points.append({"x": box["x"] + 20, "y": box["y"] + 20, "id": len(points)})
    touch = phone.tab.context.new_cdp_session(phone.tab)

    def fingers(kind, points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", points[:1])
    fingers("touchStart", points)
    assert [posted.get(timeout=PATIENCE) for _ in range(2)] == [down(handset, "1"), down(handset, "9")]
    fingers("touchEnd", points[1:])
    assert posted.get(timeout=PATIENCE) == up(handset, "9")
    assert handset.keys.pressed == {handset.find("1")}
    fingers("touchEnd", points[:1])
    assert posted.get(timeout=PATIENCE) == up(handset, "1")


@pytest.mark.parametrize("leave", ["close", "blur", "reload", "away"])
def test_a_key_never_stays_down_after_its_page(phone, handset, posted, leave):
    phone.connected().key("3").hover()
    phone.tab.mouse.down()
    phone.tab.keyboard.down("D")
    assert {posted.get(timeout=PATIENCE) for _ in range(2)} == {down(handset, "3"), down(handset, "D")}
    {
        "close": phone.close,
        "blur": lambda: phone.tab.evaluate("window.dispatchEvent(new Event('blur'))"),
        "reload": lambda: phone.tab.reload(),
        "away": lambda: phone.tab.goto("about:blank"),
    }[leave]()
    assert {posted.get(timeout=PATIENCE) for _ in range(2)} == {up(handset, "3"), up(handset, "D")}
    assert handset.keys.pressed == frozenset()


def test_hook_and_headset_have_keys(phone, handset, posted):
    keyboard = phone.connected().tab.keyboard
    for key, event in (
        (" ", HookChanged(True)),
        ("h", HeadsetButton("hook")),
        ("m", HeadsetButton("mute")),
        ("+", HeadsetButton("volume-up")),
        ("-", HeadsetButton("volume-down")),
        ("p", HeadsetChanged(False)),
    ):
        keyboard.press(key)
        assert posted.get(timeout=PATIENCE) == event
    phone.tab.wait_for_selector("#hook[aria-pressed=true]")
    keyboard.press(" ")
    assert posted.get(timeout=PATIENCE) == HookChanged(False)


def test_hook_and_headset_have_buttons(phone, posted):
    tab = phone.connected().tab
    tab.get_by_role("button", name="Headset off the hook").click()
    assert posted.get(timeout=PATIENCE) == HookChanged(True)
    for name, button in (("call button", "hook"), ("mute button", "mute"), ("louder", "volume-up"), ("softer", "volume-down")):
        tab.get_by_role("button", name=f"Headset: {name}").click()
        assert posted.get(timeout=PATIENCE) == HeadsetButton(button)
    tab.get_by_role("switch", name="Headset plugged in").click()
    assert posted.get(timeout=PATIENCE) == HeadsetChanged(False)
    tab.wait_for_selector("#headset[data-plugged=no]")
    tab.get_by_role("switch", name="Headset plugged in").click()
    assert posted.get(timeout=PATIENCE).present


def test_the_space_bar_on_a_button_is_that_buttons(phone, posted):
    tab = phone.connected().tab
    tab.get_by_role("button", name="Headset: mute button").focus()
    tab.keyboard.press(" ")
    assert posted.get(timeout=PATIENCE) == HeadsetButton("mute")
    assert posted.empty()


def test_a_small_keypad_has_no_letters(open_page):
    handset = SimulatedHandset(layout="3x4")
    with WebHandset(handset) as web:
        phone = open_page(web.url).connected()
        caps = phone.tab.eval_on_selector_all(".key", "keys => keys.map(key => key.dataset.cap).join('')")
        phone.tab.keyboard.press("A")
        phone.tab.keyboard.press("#")
        phone.close()
    assert caps == "123456789*0#"
