# SPDX-License-Identifier: GPL-3.0-or-later
"""When which upload may be tried.

A lane holds the uploads of one agent to one folder. Within a lane they go out in
order. If the server cannot be reached, does not know us, or is in trouble, the
whole lane waits, longer every time. If it refuses one file, or has broken off over
one file again and again, that file steps aside: it is tried again at the longest
interval, for ever, and those behind it go on. Two such files in a row without a
success between them are taken for a fault of the folder: the lane waits, and then
begins with files not refused yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from callsheet.ports import Waiting

LAST = "release-"
"""Begins the name of what goes out last of a session."""
Key = tuple[str, str]
"""Agent, and the sheet's own upload folder (empty: that of the settings)."""


@dataclass
class Lane:
    """Times are monotonic seconds."""

    items: list[Waiting] = field(default_factory=list)
    """What waits, oldest first."""
    due: float = 0.0
    failures: int = 0
    error: str = ""
    aside: dict[int, float] = field(default_factory=dict)
    """Refused uploads and when they are due."""

    def ready(self, now: float) -> list[Waiting]:
        """Those that may be tried now: in order, but refused ones last, those first that were refused first."""
        if now < self.due:
            return []
        ready = [item for item in self.items if self.aside.get(item.id, 0.0) <= now]
        return sorted(ready, key=lambda item: self.aside.get(item.id, 0.0))

    def next_due(self) -> float:
        """When the next of them may be tried."""
        return max(self.due, min(self.aside.get(item.id, 0.0) for item in self.items))

    def hurry(self) -> None:
        """Everything may be tried now."""
        self.due = 0.0
        self.aside.clear()


def sort(items: tuple[Waiting, ...], aside: frozenset[int] = frozenset()) -> dict[Key, list[Waiting]]:
    """The uploads by lane; the lane with the oldest one first.

    A lease is given back only when all that was done under it is there, but for `aside`, what the server refuses.
    """
    lanes: dict[Key, list[Waiting]] = {}
    for item in items:
        if item.name.startswith(LAST) and any(
            other.agent == item.agent and other.id < item.id and other.id not in aside for other in items
        ):
            continue
        lanes.setdefault((item.agent, item.upload), []).append(item)
    return lanes
