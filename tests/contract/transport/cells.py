# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as a table, from what pytest reports of each cell."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contract.transport.daemons import SERVERS

CASES = ("success", "unchanged", "revised", "wrong-password", "missing-file", "no-permission", "full-disk",
         "bad-identity", "stall", "cut-upload", "restarted")


def table(outcomes: Mapping[str, str]) -> str:
    """Markdown; a cell that was not run is empty."""
    lines = ["| server | scheme | " + " | ".join(CASES) + " |", "| --- " * (len(CASES) + 2) + "|"]
    for server in SERVERS:
        cells = [outcomes.get(f"{server.name}-{case}", "") for case in CASES]
        lines.append(f"| {server.name} | {server.scheme} | " + " | ".join(cells) + " |")
    wanted = {f"{server.name}-{case}" for server in SERVERS for case in CASES}
    passed = sum(outcomes.get(cell) == "passed" for cell in wanted)
    lines += ["", f"{passed} of {len(wanted)} cells passed."]
    return "\n".join(lines) + "\n"
