# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of makers' headsets, as data: quirks.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

DATA = Path(__file__).with_name("quirks.toml")


class Quirk(Struct, frozen=True, forbid_unknown_fields=True):
    """How devices of a maker, or some of them, behave."""

    maker: str
    vendor: int = 0
    """USB vendor id; 0: every other."""
    products: tuple[int, ...] = ()
    """USB product ids; none: all of the maker's."""
    model: str = ""
    """Their names."""
    wait: Annotated[float, Meta(ge=0, le=4.5)] = 0.3
    """Seconds to wait for the hook switch to follow the Off-Hook light."""
    must: bool = False
    """It follows: if it does not within `wait`, there is no link to the headset, and the call is not placed."""
    mute_light: Literal["mute", "microphone", "both"] = "mute"
    """Which light of the LED page tells the headset that the microphone is off."""
    notes: str = ""
    source: str = ""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    quirk: tuple[Quirk, ...]


@cache
def table() -> tuple[Quirk, ...]:
    """All of them, in the file's order."""
    return msgspec.convert(tomllib.loads(DATA.read_text(encoding="utf-8")), _Table).quirk


def quirk(vendor: int, product: int) -> Quirk:
    """What holds for a device: its model's entry, its maker's, or everybody's."""
    fits = [one for one in table() if one.vendor in (0, vendor) and (not one.products or product in one.products)]
    return max(fits, key=lambda one: (bool(one.products), bool(one.vendor)))
