# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling caps: at most so many calls to one number in any so many seconds."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

from callsheet.core.model import Cap

SAME_CALL = 1.0
"""Seconds. Two records of one number closer than that are one call, told twice: by the sheet and by the phone."""
KEEP = 64
"""Calls remembered per number; no cap of the presets looks back further than the fifth."""


class Caps:
    """Which numbers were called when. Numbers are canonical, times POSIX seconds."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[str, list[float]] = {}

    def record(self, number: str, at: float) -> bool:
        """Remember a call; false if it was known already."""
        calls = self._calls.get(number)
        if calls is None:
            self._calls[number] = [at]
            return True
        index = bisect_left(calls, at - SAME_CALL)
        if index < len(calls) and abs(calls[index] - at) < SAME_CALL:
            return False
        if index + 1 < len(calls) and abs(calls[index + 1] - at) < SAME_CALL:
            return False
        insort(calls, at)
        if len(calls) > KEEP:
            del calls[: len(calls) - KEEP]
        return True

    def forget(self, number: str, at: float) -> None:
        """Take back a record: the call never left, or never reached the callee."""
        calls = self._calls.get(number, [])
        if at in calls:
            calls.remove(at)
            if not calls:
                del self._calls[number]

    def merge(self, recent: Mapping[str, Iterable[float]]) -> None:
        """Remember the calls someone else knows of."""
        for number, times in recent.items():
            for at in times:
                self.record(number, at)

    def calls(self, number: str) -> tuple[float, ...]:
        """When the number was called, oldest first."""
        return tuple(self._calls.get(number, ()))

    def blocked_until(self, number: str, caps: Iterable[Cap], at: float) -> float | None:
        """When the last of the caps lets go of the number; None if it may be called at `at`.

        A call leaves a cap's window exactly `period` seconds after it was made. Calls
        recorded with a later time than `at` (another phone's clock) count as well.
        """
        calls = self._calls.get(number)
        if not calls:
            return None
        latest: float | None = None
        for cap in caps:
            if len(calls) >= cap.limit:
                free = calls[-cap.limit] + cap.period
                if free > at and (latest is None or free > latest):
                    latest = free
        return latest

    def recent(self, since: float) -> dict[str, tuple[float, ...]]:
        """Calls after `since`, for the sheet that is handed back, in order of number."""
        return {
            number: kept
            for number, calls in sorted(self._calls.items())
            if (kept := tuple(at for at in calls if at > since))
        }
