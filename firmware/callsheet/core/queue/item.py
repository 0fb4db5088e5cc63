# SPDX-License-Identifier: GPL-3.0-or-later
"""A task in the queue with all that happened to it here. Times are POSIX seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from callsheet.core.caps import SAME_CALL
from callsheet.core.model import Attempt, PastAttempt, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.types import Blocker
from callsheet.core.retry import FINAL_ACTIONS

CALLBACK, IN_WINDOW, PLAIN, WINDOW_PAST = range(4)
"""Classes of tasks: a lower one goes first, whatever the sheet's order."""
TRANSPARENT = frozenset({"pause", "stop", "hold"})
"""Actions that leave the task's earlier appointment as it was."""
UNDECIDED = frozenset({"", "ask"})


def latest(past: Iterable[PastAttempt]) -> float:
    """When the last of these attempts was made; far back if there is none."""
    return max((attempt.at.timestamp() for attempt in past), default=float("-inf"))


class Record(Struct, gc=False):
    """An attempt made on this phone."""

    id: str
    number: str
    """Canonical, as it was dialled."""
    dialled: float
    ended: float
    outcome: Outcome
    counted: bool
    action: str
    until: float | None = None
    callback: bool = False
    disposition: str = ""
    note: str = ""
    capped_at: float | None = None
    """Under which time the call counts towards caps; None: it does not, or someone else told of it."""

    @classmethod
    def of(cls, attempt: Attempt, number: str) -> Record:
        """The record of a ledger's attempt."""
        return cls(
            attempt.id, number, attempt.dialled.timestamp(), attempt.ended.timestamp(), attempt.outcome,
            attempt.counted, attempt.action, None if attempt.until is None else attempt.until.timestamp(),
            attempt.callback, attempt.disposition, attempt.note,
        )


class Item(Struct, gc=False):
    """A task and its state. The second half is derived from the first by `settle`."""

    task: Task
    number: str
    """Canonical."""
    refusal: str = ""
    """Why the number must not be dialled from a sheet; empty: it may be."""
    windows: tuple[tuple[float, float], ...] = ()
    not_before: float = 0.0
    lane: int = 0
    listed: bool = True
    """On the current sheet, and not as a tombstone."""
    records: list[Record] | None = None
    open_attempt: str = ""
    """The intention that has not ended yet."""
    postponed: tuple[float, bool, float] | None = None
    """Until when, whether that is an appointment, and when it was made."""
    closed: str = ""

    rank: int = -1
    """Place in the sheet's order; -1: not on it."""
    stamp: int = 0
    """Grows with every change: heap entries with an older one are void."""
    bucket: str = ""
    block: Blocker | None = None
    """Why it is out of the game whatever the time."""
    wait_until: float = 0.0
    wait_kind: str = ""
    callback: bool = False

    @property
    def last(self) -> Record | None:
        """The latest attempt made here."""
        return self.records[-1] if self.records else None

    @property
    def touched(self) -> bool:
        """Whether the ledger has entries on it."""
        return bool(self.records or self.open_attempt or self.postponed or self.closed)

    @property
    def dialled(self) -> bool:
        """Whether a call was made or may have been."""
        return bool(self.records or self.open_attempt)

    @property
    def concluded(self) -> bool:
        """Whether the ledger says that it is final, whatever the sheet says."""
        last = self.last
        return bool(self.closed) or (not self.open_attempt and last is not None and last.action in FINAL_ACTIONS)

    def settle(self, issued: float) -> None:
        """Derive held, waiting and call-back from what happened. `issued`: when the sheet was made."""
        self.wait_until, self.wait_kind, self.callback = self._wait()
        self.block = Blocker("active") if self.open_attempt else self.verdict(issued)

    def verdict(self, issued: float) -> Blocker | None:
        """Why it is out of the game whatever the time, an open intention left aside."""
        last = self.last
        if self.closed:
            return Blocker("final", detail=self.closed)
        if last is not None:
            if last.action in UNDECIDED:
                return Blocker("undecided", detail=last.outcome)
            if last.action in FINAL_ACTIONS:
                return Blocker("final", detail=last.outcome)
        if not self.listed:
            return Blocker("final", detail="withdrawn")
        if self.refusal:
            return Blocker("number-refused", detail=self.refusal)
        reason = self.held(issued)
        return Blocker("held", detail=reason) if reason else None

    def held(self, issued: float) -> str:
        """Why it is kept back. A sheet issued after the attempt lets go, and so does the agent by postponing it."""
        told = self.told()
        if self.postponed is not None and self.postponed[2] >= told:
            return ""
        last = self.last
        if last is not None and last.action == "hold" and issued <= last.ended and last.dialled > told - SAME_CALL:
            return last.outcome
        return self.task.held

    def told(self) -> float:
        """When the last attempt was made that the sheet tells of: what is older here has been overtaken elsewhere."""
        return latest(self.task.past) if self.task.past else float("-inf")

    def _wait(self) -> tuple[float, str, bool]:
        told = self.told()
        if self.postponed is not None and self.postponed[2] >= told:
            until, callback, _ = self.postponed
            return until, "callback" if callback else "not-before", callback
        for record in reversed(self.records or ()):
            if record.dialled <= told - SAME_CALL:
                break
            if record.action in TRANSPARENT:
                continue
            until = record.ended if record.until is None else record.until
            if record.callback:
                return until, "callback", True
            if until >= self.not_before:
                return until, "retry-wait", False
            return self.not_before, "not-before", False
        if self.task.callback:
            return self.not_before, "callback", True
        return self.not_before, "not-before" if self.not_before else "", False

    def appointed(self) -> bool:
        """Whether the next attempt was granted already, so that the attempts limit does not stop it."""
        if self.callback or self.postponed is not None:
            return True
        return any(record.action == "retry" for record in (self.records or ())[-1:])

    def class_at(self, at: float) -> int:
        """Its class at that time, if nothing blocks it then."""
        if self.callback:
            return CALLBACK
        if not self.windows:
            return PLAIN
        return IN_WINDOW if any(start <= at < end for start, end in self.windows) else WINDOW_PAST

    def window_opens(self, at: float) -> float | None:
        """When its next planned window begins, if it has to wait for one at `at`."""
        if self.callback or not self.windows:
            return None
        upcoming = None
        for start, end in self.windows:
            if start <= at < end:
                return None
            if start > at and upcoming is None:
                upcoming = start
        return upcoming

    def last_window(self) -> float | None:
        """When its last planned window ends; None: it has none, or an appointment goes before."""
        if self.callback or not self.windows:
            return None
        return max(end for _, end in self.windows)

    def unknown_to_sheet(self) -> Iterator[Record]:
        """Attempts made here that the sheet's own history does not tell of."""
        for record in self.records or ():
            if not any(abs(past.at.timestamp() - record.dialled) < SAME_CALL for past in self.task.past):
                yield record

    def counted(self) -> int:
        """Attempts that used up one of the limit, here and elsewhere."""
        elsewhere = self.task.attempts
        if self.task.past:
            elsewhere = max(elsewhere, sum(past.counted for past in self.task.past))
        if not self.records:
            return elsewhere
        return elsewhere + sum(record.counted for record in self.unknown_to_sheet())
