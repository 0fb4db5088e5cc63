# SPDX-License-Identifier: GPL-3.0-or-later
"""The keypad's driver and the core's debouncing, on lines that a matrix connects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callsheet.core.keypad import Keypad, KeyStroke
from tests.vm.handset import Handset
from tests.vm.parts import Event, Parts

ALL = "123A456B789C*0#D"


@pytest.fixture(scope="module")
def parts(handset: Handset) -> Iterator[Parts]:
    with Parts(handset.guest, "keys") as made:
        yield made


def strokes(events: list[Event]) -> list[KeyStroke]:
    """What the core makes of contacts, at the times they were posted."""
    keypad, made = Keypad("4x4"), []
    contacts = [one for one in events if one["event"] == "KeyContact"]
    for one in contacts:
        made += _due(keypad, one["at"])
        made += keypad.contact(one["row"], one["column"], one["closed"], one["at"])
    if contacts:
        made += _due(keypad, contacts[-1]["at"] + 1.0)
    return made


def _due(keypad: Keypad, until: float) -> list[KeyStroke]:
    made: list[KeyStroke] = []
    while (due := keypad.deadline()) is not None and due <= until:
        made += keypad.tick(due)
    return made


def pressed(events: list[Event]) -> str:
    return "".join(one.cap for one in strokes(events) if one.kind == "press")


def test_the_machine_is_taken_for_a_pi(handset: Handset) -> None:
    ask = ("from gpiozero import Device\nfrom gpiozero.pins.lgpio import LGPIOFactory\n"
           "print(LGPIOFactory().board_info.model); import RPi.GPIO as g; print(g.RPI_INFO['TYPE'])")
    said = handset.guest.run("python3", "-c", ask).out
    assert said.split("\n")[:2] == ["4B", "Pi 4 Model B"]


def test_every_key_is_felt_where_it_is(handset: Handset, parts: Parts) -> None:
    since, shorts = parts.mark(), handset.lines.shorts()
    handset.press(ALL)
    parts.wait(since, *["KeyContact"] * 2 * len(ALL))
    assert pressed(parts.events(since)) == ALL
    assert handset.lines.shorts() == shorts


def test_bouncing_contacts_are_one_press(handset: Handset, parts: Parts) -> None:
    since = parts.mark()
    handset.press("5C", bounce=True)
    handset.press("0")
    parts.wait(since, *["KeyContact"] * 6)
    assert pressed(parts.events(since)) == "5C0"


def test_two_keys_at_once_are_two_keys(handset: Handset, parts: Parts) -> None:
    since, shorts = parts.mark(), handset.lines.shorts()
    handset.down("1", "4")  # one column: rows that were driven apart would meet
    parts.wait(since, "KeyContact", "KeyContact")
    handset.up("1", "4")
    parts.wait(since, *["KeyContact"] * 4)
    assert pressed(parts.events(since)) == "14"
    assert handset.lines.shorts() == shorts


def test_the_ghost_of_three_keys_is_no_key(handset: Handset, parts: Parts) -> None:
    since = parts.mark()
    handset.down("1", "3", "7")  # 9 reads as closed too
    parts.wait(since, *["KeyContact"] * 4)
    handset.up("7", "3", "1")
    parts.wait(since, *["KeyContact"] * 8)
    contacts = {(one["row"], one["column"]) for one in parts.events(since)}
    assert (2, 2) in contacts, "the matrix has no diodes: the ghost must be there for the core to see through it"
    assert "9" not in pressed(parts.events(since))


def test_no_line_is_read_that_nothing_holds(handset: Handset, parts: Parts) -> None:
    noise = handset.lines.noise()
    since = parts.mark()
    handset.press("2580")
    parts.wait(since, *["KeyContact"] * 8)
    assert handset.lines.noise() == noise


def test_at_rest_every_row_is_driven_and_nothing_is_scanned(handset: Handset, parts: Parts) -> None:
    pins = handset.board.keypad
    handset.press("1")
    directions, levels = handset.lines.directions(), handset.lines.levels()
    assert {directions[row] for row in pins.rows} == {"out"} and {levels[row] for row in pins.rows} == {0}
    assert {levels[column] for column in pins.columns} == {1}


def test_the_hook_switch_is_felt_once(handset: Handset, parts: Parts) -> None:
    since = parts.mark()
    line = handset.board.hook.line
    handset.lines.wire(*(f"drive {line} {level}; wait 700" for level in "0z0z0z0"))
    events = parts.wait(since, "HookChanged")
    handset.hook(False)
    events = parts.wait(since, "HookChanged", "HookChanged")
    assert [one["off"] for one in events if one["event"] == "HookChanged"] == [True, False]
