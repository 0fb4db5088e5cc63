# SPDX-License-Identifier: GPL-3.0-or-later
"""Links with {agent}, {mac} and {serial} in them."""

from __future__ import annotations

import re
from urllib.parse import quote

from callsheet.formats.errors import Invalid, nearest, shown

PLACEHOLDERS = ("agent", "mac", "serial")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check_placeholders(link: str) -> None:
    """Raises Invalid for an unknown placeholder or an unpaired brace."""
    for name in _PLACEHOLDER.findall(link):
        if name not in PLACEHOLDERS:
            raise Invalid(f"unknown placeholder {shown('{' + name + '}')}", remedy=nearest(name, PLACEHOLDERS))
    if re.search(r"[{}]", _PLACEHOLDER.sub("", link)):
        raise Invalid("a brace without its partner", remedy="write %7B for { and %7D for }")


def fill(link: str, *, agent: str = "", mac: str = "", serial: str = "") -> str:
    """The link with its placeholders replaced; values are quoted so that none can add a path, a query or a host.

    Raises Invalid for an unknown placeholder, and for one whose value is not known.
    """
    check_placeholders(link)
    values = {"agent": agent, "mac": mac, "serial": serial}

    def value(match: re.Match[str]) -> str:
        text = values[match[1]]
        if not text or not text.strip("."):
            raise Invalid(f"the link needs {match[0]}, which is not known here")
        return quote(text, safe="", errors="replace")

    return _PLACEHOLDER.sub(value, link)
