# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu: one table, in the order it is shown."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One page."""

    path: str
    key: str
    """Its name is the text `nav.KEY`, its picture `#icon-KEY` in icons.svg."""
    managers: bool = False
    """Viewers do not see it: there is nothing on it but changes."""


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("now", (Entry("/", "agents"), Entry("/problems", "problems"))),
    ("work", (
        Entry("/lists", "lists"), Entry("/work", "work"), Entry("/urgent", "urgent", managers=True),
        Entry("/import", "import", managers=True),
    )),
    ("find", (Entry("/search", "search"), Entry("/do-not-call", "do-not-call"), Entry("/downloads", "downloads"))),
    ("admin", (Entry("/users", "users", managers=True), Entry("/audit", "audit", managers=True))),
)


def menu(manages: bool) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """What a visitor sees of it."""
    seen = ((group, tuple(e for e in entries if manages or not e.managers)) for group, entries in MENU)
    return tuple((group, entries) for group, entries in seen if entries)
