# SPDX-License-Identifier: GPL-3.0-or-later
"""`sheet plan`: in which order, and when, the tasks of a sheet would be dialled, and what blocks the rest.

It is no second opinion: the very queue is worked through as if every call took
the same time and each task were done with its first call. That is the order to
expect; retries and call-backs come on top as calls turn out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from callsheet.core.ledger import Ended
from callsheet.core.model import Attempt, Sheet
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.queue import Blocker, Queue
from callsheet.core.resolve import NAMES, resolve, rules_for
from callsheet.core.settings import CallSettings, NumberSettings

CALL_SECONDS = 60.0
"""How long a call takes from INVITE to the end of wrap-up unless the caller says otherwise."""
_END = CallEnd(code=200)


class PlanItem(Struct, frozen=True, gc=False):
    """One call of the plan."""

    task: str
    at: float
    """POSIX seconds."""
    waited: Blocker | None = None
    """What the phone would have waited for before it: the reason for a pause in the plan."""
    callback: bool = False


class BlockedItem(Struct, frozen=True, gc=False):
    """A task that would not be dialled, however long one waits."""

    task: str
    blocker: Blocker


class Value(Struct, frozen=True):
    """A setting that the plan was made with."""

    value: Any
    source: str
    """See `resolve.Source`."""


class Plan(Struct, frozen=True):
    """What would happen from `at` on."""

    at: float
    """POSIX seconds."""
    items: tuple[PlanItem, ...]
    blocked: tuple[BlockedItem, ...]
    sources: dict[str, Value]
    """By name; "rules" has no value, only where they come from."""


def plan(
    sheet: Sheet, settings: CallSettings, numbers: NumberSettings, at: float,
    call_seconds: float = CALL_SECONDS, gap: float | None = None, clock_trusted: bool = True,
) -> Plan:
    """Work the sheet through from `at` (POSIX seconds) on.

    `gap`: seconds between two calls; absent: what sheet or settings say. Raises
    SheetRefused if a task id comes twice.
    """
    sources = {name: Value(*resolve(name, None, sheet, settings)) for name in NAMES}
    if gap is not None:
        sources["gap"] = Value(gap, "agent")
    sources["rules"] = Value(None, rules_for(None, sheet, settings)[1])
    step = max(call_seconds + float(sources["gap"].value), 0.001)
    queue = Queue(sheet, settings, numbers)
    items: list[PlanItem] = []
    blocked: list[BlockedItem] = []
    moment, waited = at, None
    while True:
        blocked += _sweep(queue, moment)
        proposal = queue.next(moment, clock_trusted)
        if proposal.task is None or proposal.due is None:
            break
        if not proposal.ready:
            moment, waited = proposal.due, proposal.blocker
            continue
        items.append(PlanItem(proposal.task.id, moment, waited, proposal.callback))
        queue.apply(Ended(_done(proposal.task.id, proposal.task.number, moment)))
        moment, waited = moment + step, None
    blocked += _blocked(queue, moment, clock_trusted)
    return Plan(at, tuple(items), tuple(blocked), sources)


def _done(task: str, number: str, at: float) -> Attempt:
    when = datetime.fromtimestamp(at, UTC)
    return Attempt(
        id=f"plan-{task}", task=task, number=number, dialled=when, ended=when, end=_END,
        outcome=Outcome.ANSWERED, answered=when, action="done",
    )


def _sweep(queue: Queue, at: float) -> list[BlockedItem]:
    """Close what the phone would close without a call."""
    found = []
    for closed in queue.sweep(at):
        blocker = queue.why(closed.task, at)
        if blocker is None or blocker.kind != closed.outcome:
            blocker = Blocker(closed.outcome)  # type: ignore[arg-type]
        found.append(BlockedItem(closed.task, blocker))
        queue.apply(closed)
    return found


def _blocked(queue: Queue, at: float, trusted: bool) -> list[BlockedItem]:
    found = []
    for state in queue.states():
        if not state.final:
            blocker = queue.why(state.task.id, at, trusted)
            if blocker is not None:
                found.append(BlockedItem(state.task.id, blocker))
    return found
