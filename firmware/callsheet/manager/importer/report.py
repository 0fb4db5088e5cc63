# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import did, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

REMARKS: Mapping[str, str] = {
    "zero-missing": "without the leading 0, which spreadsheets drop: read as national",
    "zero-restored": "without the leading 0 that belongs to them, which spreadsheets drop: put back",
    "plus-missing": "with the country code, but without +: taken for such",
    "several": "several in a cell: the first is dialled, the cell is kept as an extra field",
    "extension": "with an extension: it is not dialled, the cell is kept as an extra field",
}
"""What was done to numbers, by key."""

ZONES: Mapping[str, str] = {
    "column": "from the file", "number": "by the number", "default": "the default of the settings",
    "list": "that of the list", "": "unknown",
}
"""Where a task's time zone came from."""


class Rejected(Struct, frozen=True, gc=False):
    """A row that was not taken in."""

    row: int
    reason: str
    remedy: str = ""
    field: str = ""

    @property
    def text(self) -> str:
        """In one cell."""
        return f"{self.reason} ({self.remedy})" if self.remedy else self.reason


class Report(Struct, frozen=True):
    """Sums and reasons. `accepted` and `rejected` add up to `rows`."""

    file: str
    list: str
    rows: int
    accepted: int
    rejected: int
    reasons: dict[str, int]
    """Rejected rows by reason, most frequent first."""
    remarks: dict[str, int]
    """Keys of REMARKS."""
    zones: dict[str, int]
    """Keys of ZONES, of accepted rows."""
    assigned: dict[str, int] = {}
    """Agents, and how many of the new tasks they got."""
    unassigned: dict[str, int] = {}
    """Why, and how many."""
    seconds: float = 0.0
    dry_run: bool = False
    rejects_file: str = ""
