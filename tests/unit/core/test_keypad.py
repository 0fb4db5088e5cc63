# SPDX-License-Identifier: GPL-3.0-or-later
"""From contacts to strokes: bounces, long presses, and keys that a matrix without diodes makes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.core.keypad import DOUBT, LAYOUTS, LOCKOUT, Keypad
from callsheet.simulator.handset import closed_contacts

PLACES = {cap: (row, column) for row, caps in enumerate(LAYOUTS["4x4"]) for column, cap in enumerate(caps)}
SKEW = 0.005
"""One scan period: what changes together is seen at most so far apart."""


class Fingers:
    """Presses keys on a matrix and shows the pad its contacts, as a scan would see them."""

    def __init__(self, diodes: bool = False) -> None:
        self.pad = Keypad("4x4")
        self.diodes = diodes
        self.now = 10.0
        self.down: set[tuple[int, int]] = set()
        self.seen: frozenset[tuple[int, int]] = frozenset()
        self.strokes: list[tuple[str, str]] = []

    def move(self, cap: str, order: int = 0) -> None:
        """The finger on this key comes or goes; `order` shuffles the contacts that change with it."""
        self.down ^= {PLACES[cap]}
        closed = frozenset(self.down) if self.diodes else closed_contacts(self.down)
        changed = sorted(closed ^ self.seen)
        changed = changed[order % max(1, len(changed)):] + changed[:order % max(1, len(changed))]
        for index, place in enumerate(changed):
            self.wait(SKEW * index / len(changed))
            self._note(self.pad.contact(*place, place in closed, self.now))
        self.seen = closed

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.pad.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self._note(self.pad.tick(self.now))
        self.now = until

    def _note(self, strokes) -> None:
        self.strokes += [(stroke.cap, stroke.kind) for stroke in strokes]

    @property
    def presses(self) -> str:
        return "".join(cap for cap, kind in self.strokes if kind == "press")


def test_a_key_tapped_twice_is_two_keys_however_late_that_is_heard():
    pad, strokes = Keypad("4x4"), []
    for closed, at in ((True, 10.0), (False, 10.03), (True, 10.06), (False, 10.09)):
        strokes += pad.contact(1, 1, closed, at)
    while (due := pad.deadline()) is not None:
        strokes += pad.tick(max(due, 10.5))
    assert [(stroke.cap, stroke.kind) for stroke in strokes] == [("5", "press"), ("5", "release")] * 2


def test_one_key_counts_at_its_first_edge_and_bounces_are_swallowed():
    fingers = Fingers()
    for closed in (True, False, True, False, True):
        fingers._note(fingers.pad.contact(1, 1, closed, fingers.now))
        fingers.wait(0.001)
    assert fingers.strokes == [("5", "press")]
    fingers.wait(LOCKOUT)
    assert fingers.strokes == [("5", "press")]


def test_a_key_held_is_a_long_press_once():
    fingers = Fingers()
    fingers.move("C")
    fingers.wait(2.0)
    fingers.move("C")
    assert fingers.strokes == [("C", "press"), ("C", "long"), ("C", "release")]


@pytest.mark.parametrize("order", range(4))
def test_a_third_key_on_a_rectangle_is_nothing_until_it_is_resolved(order):
    """1 and 2 held, then 5: the contacts of 4 and 5 close together, and 4 was never pressed."""
    fingers = Fingers()
    fingers.move("1")
    fingers.move("2")
    fingers.move("5", order)
    fingers.wait(0.3)
    assert fingers.presses == "12"
    fingers.move("2", order)
    fingers.wait(0.1)
    assert fingers.presses == "125"
    fingers.move("1")
    fingers.move("5")
    fingers.wait(0.1)
    assert fingers.pad.deadline() is None


def test_a_third_key_that_goes_again_is_nothing_at_all():
    fingers = Fingers()
    for cap in "125":
        fingers.move(cap)
        fingers.wait(0.05)
    fingers.move("5")
    fingers.wait(0.1)
    assert fingers.presses == "12"


def test_three_keys_off_a_rectangle_are_three_keys():
    fingers = Fingers()
    for cap in "159":
        fingers.move(cap)
        fingers.wait(0.05)
    assert fingers.presses == "159"


def test_with_diodes_three_corners_are_three_keys_the_third_a_little_later():
    fingers = Fingers(diodes=True)
    for cap in "12":
        fingers.move(cap)
    fingers.move("5")
    assert fingers.presses == "12"
    fingers.wait(DOUBT + 0.001)
    assert fingers.presses == "125"


@given(st.lists(st.tuples(st.sampled_from(sorted(PLACES)), st.integers(0, 15), st.floats(0.006, 0.08)), max_size=14))
def test_no_key_is_heard_that_nobody_touched(moves):
    fingers = Fingers()
    touched: list[str] = []
    for cap, order, pause in moves:
        if PLACES[cap] not in fingers.down and len(fingers.down) >= 4:
            continue
        touched.append(cap)
        fingers.move(cap, order)
        fingers.wait(pause)
    fingers.wait(1.0)
    assert set(fingers.presses) <= set(touched)
    for row, column in tuple(fingers.down):
        fingers.move(LAYOUTS["4x4"][row][column])
        fingers.wait(0.05)
    fingers.wait(1.0)
    kinds = [kind for _, kind in fingers.strokes]
    assert kinds.count("press") == kinds.count("release")
