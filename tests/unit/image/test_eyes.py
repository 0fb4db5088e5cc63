# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever reads the glass in tests/image reads what is on it, and nothing that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.image.eyes import Sight

GOLDEN = Path(__file__).parents[2] / "golden/images/states/en"
SAYS = {
    "off": {"Callsheet", "Dial"}, "off-unregistered": {"Callsheet", "Dial", "Not registered"}, "pin": {"PIN of 101"},
    "finished": {"Finished", "Dial"}, "wrap-up": {"Wrap-up"}, "paused": {"Paused", "Dial"}, "talking": {"Talking"},
    "unknown": {"Please decide"},
}


@pytest.mark.parametrize("name", SAYS)
def test_words_are_found_where_they_are_and_nowhere_else(name: str) -> None:
    sight = Sight(Image.open(GOLDEN / f"{name}-128x64.png"))
    assert {words for words in set().union(*SAYS.values()) if sight.reads(words)} == SAYS[name]


def test_words_are_found_wherever_they_stand_and_in_the_negative() -> None:
    picture = Image.open(GOLDEN / "talking-128x64.png")
    moved = Image.new("1", picture.size)
    moved.paste(picture, (1, 1))
    assert Sight(moved).reads("Talking")
    assert Sight(picture.convert("L").point(lambda value: 255 - value)).reads("Talking")
