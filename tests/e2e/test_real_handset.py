# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone on its real drivers: keys with electricity, a display with a memory, a headset that acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.core.model import Task
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.e2e.conftest import address
from tests.support.built_handset import BuiltHandset, HandsetPhone
from tests.support.eventually import eventually
from tests.support.workplace import AGENT, Workplace, number, sheet_of

ADA = Task("ada", number(1), name="Ada")
MUTED, OFF_HOOK, DARK = bytes([2, 0b11, 0]), bytes([2, 0b01, 0]), bytes([2, 0, 0])


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[BuiltHandset]:
    made = BuiltHandset(tmp_path / "machine")
    yield made
    made.close()


@pytest.fixture
def phone(place: Workplace, town: TownServer, parts: BuiltHandset, tmp_path: Path) -> HandsetPhone:
    town.assign(ADA.number, Behaviour(ring=0.3))
    place.publish(sheet_of(ADA, mode="preview"))
    sections = place.settings(address(town), phone={"auto_ready": False}, sip={"register": True})
    return HandsetPhone(parts, tmp_path / "phone", sections)


def told(trace) -> str:
    """A conversation for people."""
    began = trace[0][0]
    return "\n".join(f"{at - began:7.3f} s  {'headset' if way == '<' else 'phone  '} {data.hex(' ')}"
                     for at, way, data in trace)


def test_a_whole_call_with_a_headset_that_must_acknowledge(phone, parts, place, town):
    """Off-hook before the INVITE, mute both ways, the headset's button ends the call; then all lights are out."""
    hid = parts.machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    with phone:
        assert hid.hears() == DARK
        eventually(lambda: phone.mode == "paused")
        parts.press("A")
        eventually(lambda: phone.mode == "preview" and parts.lit("work"))
        parts.press("#")
        assert hid.hears() == OFF_HOOK
        assert not town.calls, "no INVITE before the link is open"
        hid.says(2, 1, 0)
        eventually(lambda: phone.mode == "talking")
        eventually(lambda: parts.lit("line"))
        hid.says(2, 0b1001, 0)
        assert hid.hears() == MUTED
        hid.says(2, 0b0001, 0)
        parts.press("C")
        assert hid.hears() == OFF_HOOK
        hid.says(2, 0, 0)
        eventually(lambda: phone.mode == "wrap-up")
        assert hid.hears() == DARK
        parts.press("1")
        attempt = place.wait_attempt("ada")
        assert (attempt.outcome, attempt.end.by) == ("answered", "near")
        trace = list(phone.built.phone._ports.headset.trace)
    assert not any(parts.lit(lamp) for lamp in ("line", "work", "attention"))
    assert not parts.chip.on
    print("\n" + told(trace))


def test_parts_that_fail_in_a_call_end_no_call_and_are_back_by_themselves(phone, parts, town):
    parts.machine.plug(1, "Plain", "Plain USB Headset")
    with phone:
        eventually(lambda: phone.mode == "paused")
        parts.press("A")
        eventually(lambda: phone.mode == "preview")
        parts.press("#")
        eventually(lambda: phone.mode == "talking")
        parts.chip.plugged = False
        eventually(lambda: "display" in parts.faults.standing)
        parts.machine.pull(1)
        eventually(lambda: parts.lit("attention"))
        eventually(lambda: not parts.lit("attention"))
        assert phone.mode == "talking"
        parts.machine.plug(2, "Plain", "Plain USB Headset")
        parts.chip.power_cycle()
        parts.chip.plugged = True
        eventually(lambda: not parts.faults.standing)
        eventually(lambda: parts.glass.getbbox())
        parts.press("D")
        eventually(lambda: phone.mode == "wrap-up")
    assert [call.result for call in town.calls] == ["answered"]


def test_the_handset_on_its_hook_ends_the_call(phone, parts):
    parts.machine.plug(1, "Plain", "Plain USB Headset")
    with phone:
        eventually(lambda: phone.mode == "paused")
        parts.press("A")
        eventually(lambda: phone.mode == "preview")
        parts.hook(True)
        eventually(lambda: phone.mode == "talking")
        parts.hook(False)
        eventually(lambda: phone.mode == "wrap-up")


def test_a_call_comes_in_and_the_headset_answers_it(phone, parts, town):
    hid = parts.machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    buzzer = parts.factory.pin(parts.pins.buzzer.line)
    with phone:
        assert hid.hears() == DARK
        eventually(lambda: phone.mode == "paused" and town.registered(AGENT))
        ringing = town.ring(AGENT, "+442079460999", "Mia")
        assert hid.hears() == bytes([2, 0b100100, 0]), "ring light and ringer"
        eventually(lambda: buzzer.state)
        eventually(lambda: parts.lit("line"))
        hid.says(2, 1, 0)
        assert hid.hears() == OFF_HOOK
        eventually(lambda: phone.mode == "talking")
        ringing.hang_up()
        eventually(lambda: phone.mode == "paused")
        assert hid.hears() == DARK
        hid.says(2, 0, 0)
        eventually(lambda: not buzzer.state)
        print("\n" + told(list(phone.built.phone._ports.headset.trace)))
