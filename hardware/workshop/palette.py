# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of wires as they look on a screen, the same in every drawing."""

from __future__ import annotations

WIRES = {
    "brown": "#8a5a33", "red": "#d6322e", "orange": "#f08a24", "yellow": "#f2cf2e", "green": "#3f9b4f",
    "blue": "#2f6fc4", "violet": "#8e57b0", "grey": "#8b949e", "white": "#ffffff", "black": "#1c1f23",
    "tail": "#cbd2d9",
}
"""By the name that board.yaml uses."""

WIREVIZ = {
    "brown": "BN", "red": "RD", "orange": "OG", "yellow": "YE", "green": "GN", "blue": "BU", "violet": "VT",
    "grey": "GY", "white": "WH", "black": "BK",
}
"""Two-letter codes (IEC 60757) of the same."""
