# SPDX-License-Identifier: GPL-3.0-or-later
"""Lamps and buzzer, seen at their lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vm.handset import LEVEL, Handset
from tests.vm.parts import Parts


@pytest.fixture(scope="module")
def parts(handset: Handset) -> Iterator[Parts]:
    with Parts(handset.guest, "lamps") as made:
        yield made


@pytest.mark.parametrize("lit", ["line", "work", "attention"])
def test_each_lamp_is_the_one_it_is_called(handset: Handset, parts: Parts, lit: str) -> None:
    parts.lamps("show", *("on" if name == lit else "off" for name in ("line", "work", "attention")))
    handset.wait_lit(**{name: name == lit for name in ("line", "work", "attention")})


def test_a_fast_blink_goes_on_and_off(handset: Handset, parts: Parts) -> None:
    line = handset.board.lamps["attention"].line
    parts.lamps("show", "off", "off", "off")
    handset.wait_lit(attention=False)
    since = handset.lines.mark()
    parts.lamps("show", "off", "off", "fast")
    for _ in range(3):
        handset.wait_lit(attention=True)
        handset.wait_lit(attention=False)
    levels = [one.level for one in handset.lines.changes(since) if one.line == line and one.what == LEVEL]
    assert levels[:6] == [1, 0] * 3


def test_the_buzzer_sounds_and_stops(handset: Handset, parts: Parts) -> None:
    parts.lamps("buzz", "ring")
    handset.wait_lit(buzzer=True)
    parts.lamps("buzz", "off")
    handset.wait_lit(buzzer=False)


def test_nothing_shines_or_sounds_after_the_phone(handset: Handset, parts: Parts) -> None:
    parts.lamps("show", "on", "on", "on")
    parts.lamps("buzz", "warn")
    handset.wait_lit(line=True, work=True, attention=True)
    parts.lamps("close")
    handset.wait_lit(line=False, work=False, attention=False, buzzer=False)
