# SPDX-License-Identifier: GPL-3.0-or-later
"""The two keys that erase a phone at its start, asked of lines that a matrix connects."""

from __future__ import annotations

import pytest

from tests.vm.handset import Handset

ASK = ("import os; from callsheet.adapters.board import board; from callsheet.boot.held import Keys, chip\n"
       "opened = chip(); keys = Keys(opened, board().keypad); print(keys.held(), keys.held()); keys.close(); os.close(opened)")


def held(handset: Handset) -> bool:
    first, second = handset.guest.run("python3", "-c", ASK).out.split()
    assert first == second
    return first == "True"


@pytest.mark.parametrize(("caps", "both"), [("", False), ("*", False), ("#", False), ("147*", False), ("*#", True), ("D*#", True)])
def test_only_both_keys_at_once_mean_it(handset: Handset, caps: str, both: bool) -> None:
    shorts = handset.lines.shorts()
    handset.down(*caps)
    try:
        assert held(handset) is both
    finally:
        handset.up(*caps)
    assert handset.lines.shorts() == shorts


@pytest.mark.parametrize("caps", ["", "*#"])
def test_columns_that_are_low_for_another_reason_erase_nothing(handset: Handset, caps: str) -> None:
    """A short, another board on the header: the phone would begin anew for ever."""
    columns = [handset.crossing(cap)[1] for cap in "*#"]
    shorts = handset.lines.shorts()
    handset.lines.wire(*(f"drive {column} 0" for column in columns))
    handset.down(*caps)
    try:
        assert not held(handset)
    finally:
        handset.up(*caps)
        handset.lines.wire(*(f"drive {column} z" for column in columns))
    assert handset.lines.shorts() == shorts, "a line that is low is never driven high"
