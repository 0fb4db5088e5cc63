# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated keypad and hook switch: the edges they post."""

import threading

import pytest

from callsheet.core.events import HookChanged, KeyContact
from callsheet.core.keypad import LOCKOUT, Keypad
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.handset.keys import CHATTER, SimulatedKeys
from callsheet.simulator.handset.observers import Observers


@pytest.fixture
def posted():
    return []


@pytest.fixture
def handset(posted):
    handset = SimulatedHandset()
    handset.keys.start(posted.append)
    return handset


def test_a_key_goes_down_and_up(handset, posted):
    handset.press(1, 2)
    handset.release(1, 2)
    assert posted == [KeyContact(1, 2, True), KeyContact(1, 2, False)]


def test_ghosts_come_and_go_with_the_third_key(handset, posted):
    for key in ((0, 0), (0, 1), (1, 0)):
        handset.press(*key)
    assert posted[2:] == [KeyContact(1, 0, True), KeyContact(1, 1, True)]
    posted.clear()
    handset.release(0, 0)
    assert posted == [KeyContact(0, 0, False), KeyContact(1, 1, False)]
    assert handset.keys.pressed == {(0, 1), (1, 0)}


def test_a_ghost_pressed_in_earnest_makes_no_edge_but_stays(handset, posted):
    for key in ((0, 0), (0, 1), (1, 0)):
        handset.press(*key)
    posted.clear()
    handset.press(1, 1)
    assert posted == []
    handset.release(0, 0)
    assert posted == [], "the other three hold it closed"
    assert handset.keys.closed == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_key_stays_down_until_the_last_finger_leaves(handset, posted):
    handset.press(0, 0, "left page")
    handset.press(0, 0, "right page")
    handset.release_all("left page")
    assert posted == [KeyContact(0, 0, True)]
    handset.release(0, 0, "right page")
    assert posted == [KeyContact(0, 0, True), KeyContact(0, 0, False)]


def test_releasing_what_is_not_held_does_nothing(handset, posted):
    handset.release(0, 0)
    handset.release_all()
    assert posted == []


@pytest.mark.parametrize(("layout", "row", "column"), [("4x4", 4, 0), ("4x4", 0, 4), ("4x4", -1, 0), ("3x4", 0, 3)])
def test_a_key_that_is_not_there(layout, row, column):
    handset = SimulatedHandset(layout=layout)
    with pytest.raises(ValueError, match=f"no key at row {row}, column {column}"):
        handset.press(row, column)
    with pytest.raises(ValueError, match="no key"):
        handset.release(row, column)


def test_caps_are_found():
    handset = SimulatedHandset(layout="3x4")
    assert handset.find("#") == (3, 2)
    for cap in ("A", "", "12"):
        with pytest.raises(ValueError, match="no key"):
            handset.find(cap)


def test_unknown_layout():
    with pytest.raises(ValueError, match="expected one of 4x4, 3x4"):
        SimulatedHandset(layout="5x5")


def test_what_is_not_at_rest_is_told_at_the_start(posted):
    handset = SimulatedHandset()
    handset.press(3, 3)
    handset.hook(True)
    handset.keys.start(posted.append)
    assert posted == [KeyContact(3, 3, True), HookChanged(True)]


def test_hook_posts_edges_only(handset, posted):
    for off in (False, True, True, False):
        handset.hook(off)
    assert posted == [HookChanged(True), HookChanged(False)]


def test_nothing_is_posted_after_the_end(handset, posted):
    handset.keys.close()
    handset.press(0, 0)
    handset.hook(True)
    assert posted == []
    assert handset.keys.closed == {(0, 0)}


def test_bouncing_contacts_end_where_the_finger_is():
    time = [100.0]
    seen = []

    def sleep(seconds):
        time[0] += seconds

    keys = SimulatedKeys("4x4", True, Observers(), sleep)
    keys.start(lambda event: seen.append((time[0], event)))
    keys.press(2, 1)
    assert [event.closed for _, event in seen] == [True, False, True, False, True]
    time[0] += 0.2
    keys.release(2, 1)
    assert [event.closed for _, event in seen[5:]] == [False, True, False, True, False]
    assert sum(CHATTER) < LOCKOUT

    pad = Keypad("4x4")
    strokes = []
    for at, event in seen:
        while (due := pad.deadline()) is not None and due <= at:
            strokes += pad.tick(due)
        strokes += pad.contact(event.row, event.column, event.closed, at)
    assert [(stroke.cap, stroke.kind) for stroke in strokes] == [("8", "press"), ("8", "release")]


@pytest.mark.parametrize("bounce", [False, True])
def test_edges_of_many_threads_add_up(bounce):
    """Replaying the edges in the order they were posted ends at what the matrix says, never with an edge repeated."""
    seen = []
    keys = SimulatedKeys("4x4", bounce, Observers(), lambda _: None)
    keys.start(seen.append)

    def hammer(finger):
        for turn in range(60):
            row, column = (finger + turn) % 4, (finger * turn) % 4
            keys.press(row, column, finger)
            if turn % 3:
                keys.release(row, column, finger)

    threads = [threading.Thread(target=hammer, args=(finger,)) for finger in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    level = {}
    for event in seen:
        place = (event.row, event.column)
        assert level.get(place, False) != event.closed
        level[place] = event.closed
    assert {place for place, closed in level.items() if closed} == keys.closed
    for finger in range(4):
        keys.release_all(finger)
    assert keys.closed == frozenset()
