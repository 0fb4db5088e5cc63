# SPDX-License-Identifier: GPL-3.0-or-later
"""The keypad matrix, against a scan of the wires as a microcontroller would do it."""

from hypothesis import given
from hypothesis import strategies as st

from callsheet.simulator.handset import closed_contacts

KEYS = st.tuples(st.integers(0, 3), st.integers(0, 3))


def scan(pressed):
    """Drive one column at a time, let the level spread over pressed keys, read the rows."""
    seen = set()
    for driven in range(4):
        rows, columns = set(), {driven}
        while True:
            more_rows = {r for r, c in pressed if c in columns} | rows
            more_columns = {c for r, c in pressed if r in more_rows} | columns
            if (more_rows, more_columns) == (rows, columns):
                break
            rows, columns = more_rows, more_columns
        seen |= {(row, driven) for row in rows}
    return seen


@given(st.sets(KEYS))
def test_contacts_are_what_a_scan_reads(pressed):
    assert closed_contacts(pressed) == scan(pressed)


def test_two_keys_make_no_ghost():
    assert closed_contacts([(0, 0), (1, 1)]) == {(0, 0), (1, 1)}


def test_the_third_corner_of_a_rectangle_closes_the_fourth():
    assert closed_contacts([(0, 0), (0, 2), (3, 0)]) == {(0, 0), (0, 2), (3, 0), (3, 2)}
