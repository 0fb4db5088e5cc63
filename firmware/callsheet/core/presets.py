# SPDX-License-Identifier: GPL-3.0-or-later
"""Calling rules that ship with the phone, as data. None is on unless a sheet or the settings say so.

They state the limits campaigns live under, in the callee's time; public
holidays change from year to year and belong to the sheet. They are no legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from callsheet.core.model import Cap, Rules, Span, Weekday

HOUR = 3600.0
DAY = 24 * HOUR

WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
EVERY_DAY: tuple[Weekday, ...] = (*WORKDAYS, "sat", "sun")

PRESETS: Mapping[str, Rules] = {
    # Telephone Consumer Protection Act rules, 47 CFR 64.1200(c)(1): 8 am to 9 pm, called party's location.
    "us": Rules(hours=(Span(EVERY_DAY, time(8), time(21)),), min_ring=15.0),
    # Florida Statutes 501.616(6): 8 am to 8 pm, at most three calls in 24 hours.
    "us-fl": Rules(hours=(Span(EVERY_DAY, time(8), time(20)),), caps=(Cap(3, DAY),), min_ring=15.0),
    # Décret 2022-1313 (article D223-9 du code de la consommation): weekdays 10-13 and 14-20, no public
    # holidays, four calls in 30 days, 60 days of peace after a refusal.
    "fr": Rules(
        hours=(Span(WORKDAYS, time(10), time(13)), Span(WORKDAYS, time(14), time(20))),
        caps=(Cap(4, 30 * DAY),), min_ring=15.0, block_after_refusal=60 * DAY,
    ),
    # Practice of the Chinese carriers: 8 to 21 h, five calls in 24 hours and three in five minutes per callee.
    "cn": Rules(
        hours=(Span(EVERY_DAY, time(8), time(21)),), caps=(Cap(5, DAY), Cap(3, 300.0)), min_ring=15.0
    ),
}
