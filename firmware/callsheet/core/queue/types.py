# SPDX-License-Identifier: GPL-3.0-or-later
"""What the queue answers with. Times are POSIX seconds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from callsheet.core.model import Sheet, Task

BlockerKind = Literal[
    "not-before", "callback", "retry-wait", "window", "hours", "holiday", "cap", "refusal-block",
    "never-open", "unknown-zone", "clock-untrusted", "expired-sheet",
    "number-refused", "do-not-call", "attempts-limit", "window-missed",
    "held", "undecided", "active", "final", "unknown-task",
]  # fmt: skip
"""Why a task is not dialled now.

not-before, callback, retry-wait, window, hours, holiday, cap, refusal-block end at
a time. never-open (calling hours that never come), unknown-zone, clock-untrusted
and expired-sheet end with a new sheet or when the clock is set. `sweep` closes tasks
blocked by number-refused, do-not-call, attempts-limit and window-missed. held,
undecided (the call is over, the agent has not decided) and active (an intention
is open) end by someone's word.
"""

CLOSING = frozenset({"number-refused", "do-not-call", "attempts-limit", "window-missed"})
"""Blockers that never end: the task is to be closed with that outcome."""


class Blocker(Struct, frozen=True, gc=False):
    """The one reason why a task is not dialled now."""

    kind: BlockerKind
    until: float | None = None
    """When it ends; None: not by itself."""
    detail: str = ""
    """What exactly: the zone, the kind of number, the reason for holding."""


class Proposal(Struct, frozen=True):
    """The task that comes next."""

    task: Task | None = None
    """None: nothing is left."""
    due: float | None = None
    """When it can be dialled as things stand; None: not by itself."""
    blocker: Blocker | None = None
    ready: bool = False
    """It may be dialled at once."""
    callback: bool = False
    """It is an appointment with the callee."""


class Counts(Struct, frozen=True):
    """How far the sheet is; the other figures add up to `total`."""

    total: int = 0
    done: int = 0
    """Ended by the agent's disposition."""
    open: int = 0
    waiting: int = 0
    """A time was set: retry, call-back, not-before."""
    held: int = 0
    dropped: int = 0
    """Final without success: limits, empty numbers, do-not-call, closed, withdrawn after a call."""


class Merge(Struct, frozen=True):
    """What a revised sheet changed: ids of tasks."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    sheet: Sheet | None = None
    """The sheet as it is worked now: the revised one with the calls still remembered for rolling caps."""


class TaskState(Struct, frozen=True):
    """Where a task stands, for the results."""

    task: Task
    outcome: str = ""
    """Of the last attempt, or why it was closed without a call; empty: not dialled yet."""
    final: bool = False
    disposition: str = ""
    note: str = ""
    attempts: int = 0
    """Made on this phone."""
    counted: int = 0
    """Counted ones, wherever made."""
    until: float | None = None
    callback: bool = False
    held: str = ""
    withdrawn: bool = False
    """No longer on the sheet; listed because it was dialled."""


class SheetRefused(ValueError):
    """A sheet that cannot be merged into the running queue."""


class StaleRevision(SheetRefused):
    """Its revision is not higher than that of the sheet being worked."""
