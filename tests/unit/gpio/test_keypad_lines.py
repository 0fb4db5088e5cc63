# SPDX-License-Identifier: GPL-3.0-or-later
"""The keypad's driver against a matrix that obeys Kirchhoff, with and without diodes."""

from __future__ import annotations

import threading
import time

import pytest

from callsheet.adapters.board import board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio import keypad as driver
from callsheet.adapters.gpio import watcher
from callsheet.adapters.gpio.keys import GpioKeys
from callsheet.adapters.gpio.matrix import Matrix
from callsheet.core.events import FaultChanged, KeyContact
from callsheet.core.keypad import LAYOUTS
from callsheet.simulator.handset import closed_contacts
from tests.support.electrical import ElectricalGpio, Short
from tests.support.eventually import eventually

PINS = board().keypad
LAYOUT_NAMES = sorted(LAYOUTS)


@pytest.fixture(autouse=True)
def rare_rereads(monkeypatch):
    """So long that only an edge can have woken the driver."""
    monkeypatch.setattr(driver, "REREAD", 3600.0)


class Bench:
    """A keypad driver at work."""

    def __init__(self, layout="4x4", diodes=False) -> None:
        self.gpio = ElectricalGpio(PINS.rows, PINS.columns_of(layout), diodes=diodes)
        self.seen: list[KeyContact] = []
        self.faults = Faults()
        self.told: list[FaultChanged] = []
        self.faults.connect(self.told.append)
        self.keys = GpioKeys(board(), layout, self.faults, hook=False, gpio=self.gpio)
        self.keys.start(self.seen.append)

    def closed(self) -> set[tuple[int, int]]:
        level = {(event.row, event.column): event.closed for event in list(self.seen)}
        return {place for place, closed in level.items() if closed}

    def __enter__(self) -> Bench:
        eventually(lambda: len(self.gpio.driven) == 4)
        return self

    def __exit__(self, *_: object) -> None:
        self.keys.close()
        assert not self.gpio.edges and not self.gpio.driven and not self.gpio.pulls, "lines were given back"


@pytest.mark.parametrize("diodes", [False, True])
@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_every_key_is_its_own_contact(layout, diodes):
    with Bench(layout, diodes) as bench:
        for row, caps in enumerate(LAYOUTS[layout]):
            for column in range(len(caps)):
                bench.gpio.press(row, column)
                eventually(lambda place=(row, column): bench.closed() == {place})
                bench.gpio.release(row, column)
                eventually(lambda: not bench.closed())


@pytest.mark.parametrize("diodes", [False, True])
def test_several_keys_read_as_the_matrix_conducts(diodes):
    with Bench(diodes=diodes) as bench:
        down = set()
        for place in [(0, 0), (0, 1), (1, 1), (3, 2), (2, 2)]:
            bench.gpio.press(*place)
            down.add(place)
            wanted = down if diodes else closed_contacts(down)
            eventually(lambda wanted=wanted: bench.closed() == wanted)
        for place in sorted(down):
            bench.gpio.release(*place)
            down.discard(place)
            wanted = down if diodes else closed_contacts(down)
            eventually(lambda wanted=wanted: bench.closed() == wanted)


def test_the_model_catches_rows_that_are_driven_against_each_other():
    """The usual way, one row low and the others high, shorts two outputs when two keys of a column are down."""
    gpio = ElectricalGpio(PINS.rows, PINS.columns)
    for column in PINS.columns:
        gpio.setup(column, gpio.IN, pull_up_down=gpio.PUD_UP)
    gpio.press(0, 0)
    gpio.press(1, 0)
    gpio.setup(PINS.rows[0], gpio.OUT, initial=gpio.LOW)
    with pytest.raises(Short):
        gpio.setup(PINS.rows[1], gpio.OUT, initial=gpio.HIGH)


def test_a_scan_that_does_not_let_rows_float_takes_one_key_for_four():
    class Careless(Matrix):
        def _release(self, row):
            pass

    for kind, wanted in ((Matrix, {(1, 2)}), (Careless, {(1, 2), (2, 2), (3, 2)})):
        gpio = ElectricalGpio(PINS.rows, PINS.columns)
        matrix = kind(gpio, PINS, "4x4")
        matrix.open(lambda _: None)
        gpio.press(1, 2)
        found = matrix.scan()
        # The careless one finds the key in every row, or takes it for a short.
        assert (found == wanted) is (kind is Matrix)


def test_at_rest_nothing_is_read_and_nothing_is_driven_anew():
    with Bench() as bench:
        bench.gpio.press(2, 1)
        eventually(bench.closed)
        bench.gpio.release(2, 1)
        eventually(lambda: not bench.closed() and len(bench.gpio.driven) == 4)
        time.sleep(0.1)
        before = bench.gpio.reads, bench.gpio.setups
        time.sleep(0.3)
        assert (bench.gpio.reads, bench.gpio.setups) == before


def test_a_press_and_a_release_whose_edges_were_lost_are_found_by_reading_again(monkeypatch):
    monkeypatch.setattr(driver, "REREAD", 0.02)
    with Bench() as bench:
        bench.gpio.deaf = True
        bench.gpio.press(3, 3)
        eventually(lambda: bench.closed() == {(3, 3)})
        bench.gpio.release(3, 3)
        eventually(lambda: not bench.closed())


def test_lines_that_cannot_be_claimed_are_a_fault_that_ends_by_itself(monkeypatch):
    monkeypatch.setattr(watcher, "RETRY", 0.02)
    with Bench() as bench:
        bench.gpio.press(0, 0)
        eventually(bench.closed)
        bench.gpio.broken = "GPIO busy"
        eventually(lambda: bench.told and "GPIO busy" in bench.told[-1].reason)
        assert bench.told[-1].part == "keypad"
        eventually(lambda: not bench.closed())
        bench.gpio.release(0, 0)
        bench.gpio.broken = ""
        eventually(lambda: bench.told[-1] == FaultChanged("keypad"))
        bench.gpio.press(1, 1)
        eventually(lambda: bench.closed() == {(1, 1)})
        bench.gpio.release(1, 1)


def test_a_jammed_key_is_named_with_its_wires_and_costs_little(monkeypatch):
    monkeypatch.setattr(driver, "STUCK", 0.05)
    with Bench() as bench:
        bench.gpio.press(1, 0)
        eventually(lambda: bench.told)
        assert "key 4" in bench.told[-1].reason and "ROW2" in bench.told[-1].reason and "COL1" in bench.told[-1].reason
        bench.gpio.release(1, 0)
        eventually(lambda: bench.told[-1] == FaultChanged("keypad"))


def test_a_column_that_touches_ground_presses_nothing_and_the_others_go_on():
    with Bench() as bench:
        bench.gpio.ground(PINS.columns[2], True)
        eventually(lambda: bench.told and "COL3" in bench.told[-1].reason)
        bench.gpio.press(0, 1)
        eventually(lambda: bench.closed() == {(0, 1)})
        bench.gpio.release(0, 1)
        bench.gpio.ground(PINS.columns[2], False)
        eventually(lambda: bench.told[-1] == FaultChanged("keypad"))
        assert {event.column for event in bench.seen} == {1}


def test_a_machine_without_the_library_is_a_fault_not_the_end(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "RPi.GPIO", None)
    faults = Faults()
    keys = GpioKeys(board(), "4x4", faults, hook=False)
    keys.start(lambda _: None)
    eventually(lambda: "keypad" in faults.standing)
    keys.close()
    assert not any(thread.name == "keypad" and thread.is_alive() for thread in threading.enumerate())
