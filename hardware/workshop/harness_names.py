# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the harness drawings, for those who have no WireViz to ask."""

from __future__ import annotations

NAMES = ("harness-header", "harness-parts")
"""From the header to the wiring board, and from there to the parts."""
