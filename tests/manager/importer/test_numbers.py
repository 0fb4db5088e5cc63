# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people and spreadsheets write them, and the time zones they tell."""

from __future__ import annotations

from datetime import UTC, datetime

import phonenumbers
import pytest

from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.manager.importer.numbers import NumberReader
from callsheet.manager.importer.zones import Zones

GERMAN = NumberReader("DE", NumberSettings())
NOWHERE = NumberReader("", NumberSettings())
CHINESE = NumberReader("cn", NumberSettings())
ITALIAN = NumberReader("IT", NumberSettings())
OPEN = NumberReader("DE", NumberSettings(extension_prefixes=("2",), allow_premium=True))


@pytest.mark.parametrize(
    ("reader", "cell", "number", "remark"),
    [
        (GERMAN, "030 5550101", "+49305550101", ""),
        (GERMAN, "+49 (0)30/555-0101", "+49305550101", ""),
        (GERMAN, "0049 30 5550101", "+49305550101", ""),
        (GERMAN, "０３０　５５５０１０１", "+49305550101", ""),
        (GERMAN, "\u202a+49 30 5550101\u202c", "+49305550101", ""),
        (GERMAN, "tel:+49-30-5550101", "+49305550101", ""),
        (GERMAN, 49305550101.0, "+49305550101", "plus-missing"),
        (GERMAN, "49305550101", "+49305550101", "plus-missing"),
        (GERMAN, 305550101.0, "+49305550101", "zero-missing"),
        (GERMAN, "030 5550101 ext. 7", "+49305550101", "extension"),
        (GERMAN, "030 5550101 / 030 5550102", "+49305550101", "several"),
        (GERMAN, "Tel. 030 5550102", "+49305550102", ""),
        (GERMAN, "+1 202 555 0123", "+12025550123", ""),
        (CHINESE, "138 0013 8000", "+8613800138000", ""),
        (CHINESE, 13800138000.0, "+8613800138000", ""),
        (CHINESE, "0755-88888888", "+8675588888888", ""),
        (CHINESE, "86 138 0013 8000", "+8613800138000", "plus-missing"),
        (ITALIAN, 612345678.0, "+390612345678", "zero-restored"),
        (NOWHERE, "+8613800138000", "+8613800138000", ""),
        (NOWHERE, "sip:anna@pbx.example.com:5062", "sip:anna@pbx.example.com:5062", ""),
        (OPEN, "2001", "2001", ""),
        (OPEN, 2001.0, "2001", ""),
        (OPEN, "0900 1234567", "+499001234567", ""),
    ],
)
def test_numbers(reader: NumberReader, cell, number: str, remark: str) -> None:
    found = reader.read(cell)
    assert (found.number, found.remark) == (number, remark)


@pytest.mark.parametrize(
    ("reader", "cell", "said"),
    [
        (GERMAN, "112", "emergency"), (GERMAN, "110 ", "emergency"), (GERMAN, "+49112", "emergency"),
        (GERMAN, 112.0, "emergency"), (NOWHERE, "sip:112@pbx.example.com", "emergency"),
        (GERMAN, "0900 1234567", "premium"), (GERMAN, "+1 900 555 0123", "premium"), (GERMAN, "2001", "short"),
        (GERMAN, "*43#", "short"), (GERMAN, "", "no number"), (GERMAN, "   ", "no number"),
        (GERMAN, "1,3E+11", "rounded"), (GERMAN, "4.93012E+11", "rounded"), (GERMAN, "Müller", "not a telephone"),
        (GERMAN, "030 55501010000000", "too long"), (NOWHERE, "030 5550101", "without its country"),
        (GERMAN, "+999 123456789", "not a telephone"), (GERMAN, "+49 1 2", "short"),
        (GERMAN, "x@example.com", "not a telephone"), (NOWHERE, "sip:a@b?Replaces=x", "parameters or headers"),
        (GERMAN, "-", "not a telephone"), (GERMAN, True, "not a telephone"), (GERMAN, "n/a", "not a telephone"),
    ],
)
def test_refused(reader: NumberReader, cell, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        reader.read(cell)
    assert caught.value.path[0] == "number"
    digits = "".join(filter(str.isdigit, str(cell)))
    assert len(digits) < 4 or digits not in str(caught.value)


def test_a_country_of_the_row_goes_before_the_settings() -> None:
    assert GERMAN.read("020 7946 0958", "GB").number == "+442079460958"


ZONES = Zones(datetime(2026, 11, 25, tzinfo=UTC))


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+49305550101", "Europe/Berlin"), ("+8613800138000", "Asia/Shanghai"), ("+442079460958", "Europe/London"),
        ("+447400123456", "Europe/London"), ("+12025550123", "America/New_York"), ("+390612345678", "Europe/Rome"),
        ("+33199001234", "Europe/Paris"), ("+201005550104", "Africa/Cairo"),
        # Toll-free; a Russian mobile; Arizona against the rest of Mountain Time; international freephone.
        ("+18005550199", ""), ("+79123456789", ""), ("+80012345678", ""),
    ],
)
def test_zones(number: str, zone: str) -> None:
    parsed = phonenumbers.parse(number)
    assert ZONES.of(parsed, phonenumbers.number_type(parsed)) == zone


@pytest.mark.parametrize("cell", [-1.0, 0.0, 99999999999999.0, -4.0e14, 1e300, True])
def test_figures_that_are_no_numbers(cell) -> None:
    for reader in (GERMAN, CHINESE, ITALIAN, NOWHERE):
        with pytest.raises(Invalid):
            reader.read(cell)
