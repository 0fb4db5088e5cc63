# SPDX-License-Identifier: GPL-3.0-or-later
"""Lamps, buzzer and hook switch on gpiozero's own simulated pins."""

from __future__ import annotations

import time

import pytest
from gpiozero.pins.mock import MockFactory

from callsheet.adapters.board import board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio import hook as hook_driver
from callsheet.adapters.gpio import lamps as lamp_driver
from callsheet.adapters.gpio.hook import Hook, switch
from callsheet.adapters.gpio.lamps import BUZZES, LAMPS, PATTERNS, GpioLamps, devices, phase
from callsheet.core.events import FaultChanged, HookChanged
from tests.support.eventually import eventually

BOARD = board()
LINES = {**{name: BOARD.lamps[name].line for name in LAMPS}, "buzzer": BOARD.buzzer.line}


@pytest.fixture
def factory():
    made = MockFactory()
    yield made
    made.close()


@pytest.fixture
def lights(factory):
    lamps = GpioLamps(lambda: devices(BOARD, factory), Faults())
    yield lamps
    lamps.close()


def lit(factory, name):
    return bool(factory.pin(LINES[name]).state)


def test_steady_lamps_are_lit_at_once_and_all_is_dark_at_the_end(factory, lights):
    lights.show("on", "off", "on")
    lights.buzz("ring")
    eventually(lambda: [lit(factory, name) for name in (*LAMPS, "buzzer")] == [True, False, True, True])
    lights.close()
    assert not any(lit(factory, name) for name in LINES)


def test_slow_is_one_second_and_fast_200_ms_and_both_begin_lit():
    for name, period in (("slow", 1.0), ("fast", 0.2)):
        assert sum(PATTERNS[name]) == pytest.approx(period)
        assert phase(name, 0.0) == (True, pytest.approx(period / 2))
        assert phase(name, period * 0.75)[0] is False
        assert phase(name, period * 7)[0] in (True, False)
    assert phase("off", 3.0) == (False, None)
    assert phase("on", 3.0) == (True, None)


@pytest.mark.parametrize("pattern", sorted(BUZZES))
def test_the_buzzer_repeats_its_pattern(pattern):
    steps = BUZZES[pattern]
    at = 0.0
    for number, step in enumerate(steps * 2):
        on, lasts = phase(pattern, at + step / 2)
        assert on is (number % 2 == 0)
        assert lasts == pytest.approx(step / 2)
        at += step


def test_blinking_lamps_blink_together(factory, lights):
    lights.show("fast", "fast", "off")
    states = []
    for name in LAMPS[:2]:
        factory.pin(LINES[name]).clear_states()
    time.sleep(0.75)
    for name in LAMPS[:2]:
        states.append([state.state for state in factory.pin(LINES[name]).states])
    assert len(states[0]) >= 3
    # One of them may have been read between the two writes of a step.
    assert abs(len(states[0]) - len(states[1])) <= 1
    assert states[0][:3] == states[1][:3]


def test_steady_lamps_wake_nobody(factory, lights):
    """The thread sleeps for good: no time-out is given to its wait."""
    waits = []
    real = lights._wake.wait_for
    lights._wake.wait_for = lambda done, timeout=None: waits.append(timeout) or real(done, timeout)
    lights.show("on", "on", "off")
    eventually(lambda: waits)
    assert waits[-1] is None


@pytest.mark.parametrize("wrong", [lambda one: one.show("on", "blink", "off"), lambda one: one.buzz("song")])
def test_unknown_patterns_are_refused(lights, wrong):
    with pytest.raises(ValueError, match="expected one of"):
        wrong(lights)


def test_lamps_that_cannot_be_had_are_a_fault_and_shine_later(factory, monkeypatch):
    monkeypatch.setattr(lamp_driver, "RETRY", 0.02)
    faults, told, broken = Faults(), [], [True]
    faults.connect(told.append)

    def make():
        if broken:
            raise RuntimeError("line 17 is busy")
        return devices(BOARD, factory)

    lamps = GpioLamps(make, faults)
    lamps.show("on", "off", "off")
    eventually(lambda: told and told[-1].part == "lamps" and "line 17" in told[-1].reason)
    broken.clear()
    eventually(lambda: told[-1] == FaultChanged("lamps"))
    eventually(lambda: lit(factory, "line"))
    lamps.close()


class Cradle:
    """A hook switch on a simulated pin, pulled up by the wiring board."""

    def __init__(self, factory, debounce=BOARD.hook.debounce_ms / 1000) -> None:
        self.pin = factory.pin(BOARD.hook.line)
        self.pin.drive_high()
        self.seen: list[HookChanged] = []
        self.faults = Faults()
        self.hook = Hook(lambda: switch(BOARD.hook, factory), debounce, self.faults)

    def lift(self) -> None:
        self.pin.drive_low()

    def put_down(self) -> None:
        self.pin.drive_high()


@pytest.fixture
def cradle(factory, monkeypatch):
    monkeypatch.setattr(hook_driver, "REREAD", 3600.0)
    # Longer than a busy machine makes a sleep of 1 ms.
    made = Cradle(factory, debounce=0.4)
    made.hook.start(made.seen.append)
    yield made
    made.hook.close()


def test_lifting_and_putting_down(cradle):
    time.sleep(0.1)
    assert cradle.seen == [], "at rest nothing is told"
    cradle.lift()
    eventually(lambda: cradle.seen == [HookChanged(True)])
    cradle.put_down()
    eventually(lambda: cradle.seen == [HookChanged(True), HookChanged(False)])


def test_bounces_are_one_change(cradle):
    for _ in range(6):
        cradle.lift()
        time.sleep(0.001)
        cradle.put_down()
        time.sleep(0.001)
    cradle.lift()
    eventually(lambda: cradle.seen == [HookChanged(True)])
    time.sleep(0.5)
    assert cradle.seen == [HookChanged(True)]


def test_a_touch_shorter_than_the_debounce_time_is_nothing(cradle):
    time.sleep(0.1)
    cradle.lift()
    time.sleep(0.002)
    cradle.put_down()
    time.sleep(0.6)
    assert cradle.seen == []


def test_a_lost_edge_is_found_by_reading_again(factory, monkeypatch):
    monkeypatch.setattr(hook_driver, "REREAD", 0.02)
    made = Cradle(factory)
    made.hook.start(made.seen.append)
    eventually(lambda: made.pin.edges == "both")
    made.pin.when_changed = None
    made.lift()
    eventually(lambda: made.seen == [HookChanged(True)])
    made.hook.close()
