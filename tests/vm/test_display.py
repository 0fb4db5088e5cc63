# SPDX-License-Identifier: GPL-3.0-or-later
"""The display's driver: what an eye would see on the glass, and how little is sent for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw

from tests.vm.handset import SIZE, Handset
from tests.vm.parts import Parts

PAGE = 8
"""Rows that one byte of display memory holds."""


def picture(text: str, clock: str = "10:30") -> Image.Image:
    """Something without symmetry, with every corner lit."""
    made = Image.new("1", SIZE)
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, 127, 63), outline=1)
    draw.line((0, 0, 90, 63), fill=1)
    draw.text((40, 20), text, fill=1)
    draw.text((90, 50), clock, fill=1)
    return made


@pytest.fixture(scope="module", params=["ssd1306", "sh1106"])
def parts(handset: Handset, request: pytest.FixtureRequest) -> Iterator[Parts]:
    handset.glass.fit(request.param)
    with Parts(handset.guest, f"display={request.param}") as made:
        yield made


def test_every_pixel_is_where_it_belongs(handset: Handset, parts: Parts) -> None:
    frame = picture("Anna Kovács")
    parts.display("show", frame)
    handset.glass.wait_for(frame)


def test_only_what_changed_is_sent(handset: Handset, parts: Parts) -> None:
    before, after = picture("Anna"), picture("Anna", "10:31")
    parts.display("show", before)
    handset.glass.wait_for(before)
    since = handset.glass.mark()
    parts.display("show", after)
    handset.glass.wait_for(after)
    sent = sum(one.data for one in handset.glass.transfers(since))
    assert 0 < sent < SIZE[0], f"{sent} bytes of picture for a digit"


def test_contrast_dims_sleeps_and_comes_back(handset: Handset, parts: Parts) -> None:
    frame = picture("night")
    parts.display("show", frame)
    handset.glass.wait_for(frame)
    bright = handset.glass.state()["contrast"]
    parts.display("contrast", 0)
    handset.glass.wait_for(Image.new("1", SIZE))
    parts.display("contrast", 1)
    handset.glass.wait_for(frame)
    assert handset.glass.state()["contrast"] < bright


def test_a_display_pulled_out_is_told_and_comes_back_with_the_newest_picture(handset: Handset, parts: Parts) -> None:
    parts.display("contrast", 2)
    since = parts.mark()
    handset.glass.plug(False)
    parts.display("show", picture("while it was gone"))
    (fault,) = [one for one in parts.wait(since, "FaultChanged") if one["event"] == "FaultChanged"]
    assert (fault["part"], "answer" in fault["reason"]) == ("display", True)
    frame = picture("what holds now")
    parts.display("show", frame)
    handset.glass.plug(True)
    handset.glass.wait_for(frame)
    parts.wait(since, "FaultChanged", "FaultChanged")
