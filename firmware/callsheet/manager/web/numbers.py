# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people type them."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from callsheet.core.numbers import canonical
from callsheet.formats.errors import Invalid
from callsheet.manager.dncfile import read_number

FEWEST = 4
"""Digits that are looked for inside longer numbers."""


class Unreadable(ValueError):
    """`text` is no number."""

    def __init__(self, text: str) -> None:
        super().__init__("no number")
        self.text = text[:60]


def one_number(text: str, country: str) -> str:
    """A number in any writing as it is counted, national ones in `country` (ISO 3166); raises Unreadable."""
    try:
        return read_number(text, country)
    except Invalid:
        raise Unreadable(text) from None


def spellings(column: InstrumentedAttribute[str], text: str, country: str) -> ColumnElement[bool]:
    """Rows whose canonical number is the one typed, or has its digits inside."""
    plain = canonical(text)
    exact = {plain}
    try:
        exact.add(one_number(text, country))
    except Unreadable:
        pass
    digits = re.sub(r"\D", "", plain).lstrip("0")
    if len(digits) >= FEWEST and re.fullmatch(r"[\d+*#]+", plain):
        return or_(column.in_(sorted(exact)), column.contains(digits, autoescape=True))
    return column.in_(sorted(exact))
