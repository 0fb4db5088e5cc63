# SPDX-License-Identifier: GPL-3.0-or-later
"""Countries, as numbering plans know them."""

from __future__ import annotations

import phonenumbers

from callsheet.formats.errors import Invalid, nearest, shown


def check_country(code: str) -> str:
    """The code of a country with a numbering plan, in capitals; raises Invalid with the nearest one."""
    folded = code.strip().upper()
    if folded not in phonenumbers.SUPPORTED_REGIONS:
        remedy = nearest(folded, sorted(phonenumbers.SUPPORTED_REGIONS)) or 'write the ISO 3166 code, such as "DE"'
        raise Invalid(f"unknown country {shown(code, 20)}", remedy=remedy)
    return folded
