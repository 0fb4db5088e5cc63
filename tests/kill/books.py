# SPDX-License-Identifier: GPL-3.0-or-later
"""Two books are held against each other: what the callees saw, and what the phone says it did."""

from __future__ import annotations

import shutil
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from callsheet.adapters.store import SqliteStore
from callsheet.core.ledger import Ended, Intention, Snapshot, Withdrawn
from callsheet.core.model import Attempt
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.memory import counts
from callsheet.core.retry import FINAL_ACTIONS
from callsheet.formats.results import Results, totals
from callsheet.simulator.town.log import CallRecord

NEVER_LEFT = frozenset({Outcome.UNKNOWN, Outcome.OUR_FAULT})
"""Only such an attempt may be one that no callee saw."""


class Life(Struct):
    """From one power-on to the next power cut."""

    number: int
    began: float
    """POSIX seconds."""
    unknown: str
    """What this life's agent answers to "unknown, please decide": "#", or the key of a disposition."""
    ended: float = float("inf")
    open_before: frozenset[str] = frozenset()
    """Intentions without an end that lay in the store when it began."""
    open_after: frozenset[str] = frozenset()
    """Those when it ended."""


def stored(data: Path, copy: Path, phone: str) -> Snapshot:
    """What a phone that is switched on now would read; the phone's own files stay as the cut left them."""
    shutil.rmtree(copy, ignore_errors=True)
    # A socket, through which the console asks: there is nothing in it to copy.
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("control"))
    store = SqliteStore(copy, phone, canonical, counts)
    store.start(lambda event: None)
    try:
        return store.load()
    finally:
        store.close()


def open_intentions(snapshot: Snapshot) -> frozenset[str]:
    """Attempts of which only the intention is stored: the call may have gone out."""
    found: set[str] = set()
    for entry in snapshot.entries:
        match entry:
            case Intention():
                found.add(entry.attempt)
            case Withdrawn():
                found.discard(entry.attempt)
            case Ended():
                found.discard(entry.attempt.id)
            case _:
                pass
    return frozenset(found)


def unpaired(calls: Iterable[CallRecord], attempts: dict[str, list[Attempt]]) -> list[str]:
    """Where the callees' book and ours differ, call by call.

    A call belongs to the last attempt at its number that began before it: the
    phone writes the time before the INVITE leaves, on the same clock.
    """
    found: list[str] = []
    ours: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in (attempt for made in attempts.values() for attempt in made):
        ours[attempt.number].append(attempt)
    seen: Counter[str] = Counter()
    for call in calls:
        made = sorted(ours[call.number], key=lambda attempt: attempt.dialled)
        place = bisect_right([attempt.dialled.timestamp() for attempt in made], call.at) - 1
        if place < 0:
            found.append(f"{call.number} rang at {call.at}, of which there is no result")
        else:
            seen[made[place].id] += 1
    for attempt in (attempt for made in ours.values() for attempt in made):
        if seen[attempt.id] > 1:
            found.append(f"{attempt.id} stands for {seen[attempt.id]} calls")
        if not seen[attempt.id] and attempt.outcome not in NEVER_LEFT:
            found.append(f"{attempt.id} ({attempt.outcome}) is a call that no callee saw")
    return found


def unasked(attempts: dict[str, list[Attempt]], lives: list[Life]) -> list[str]:
    """Second calls that neither the policy nor the agent wanted, and doubtful ones that nobody decided."""
    found: list[str] = []
    for task, made in attempts.items():
        for earlier, later in pairwise(made):
            if earlier.action != "retry" or earlier.until is None or later.dialled < earlier.until:
                found.append(f"{task}: {later.id} after {earlier.id}, which said {earlier.action} {earlier.until}")
        if made[-1].action not in FINAL_ACTIONS:
            found.append(f"{task} is left with {made[-1].action}")
        for attempt in made:
            if attempt.outcome is Outcome.UNKNOWN:
                found += _undecided(attempt, lives)
    return found


def _undecided(attempt: Attempt, lives: list[Life]) -> list[str]:
    """A doubtful call must have been decided by the agent of a later life, in his way."""
    decided = attempt.ended.timestamp()
    life = next(life for life in reversed(lives) if life.began <= decided)
    again = attempt.action == "retry" and not attempt.disposition and attempt.callback and not attempt.counted
    closed = attempt.action in FINAL_ACTIONS and bool(attempt.disposition) and attempt.counted
    found = []
    if attempt.id not in life.open_before:
        found.append(f"{attempt.id} was not in doubt when life {life.number} began")
    if not (again if life.unknown == "#" else closed):
        found.append(f"{attempt.id}: {life.unknown!r} became {attempt.action} {attempt.disposition!r}")
    return found


def unequal(complete: Results, files: dict[str, list[Attempt]]) -> list[str]:
    """Where the report on the finished sheet differs from the files about single calls, or from itself."""
    found: list[str] = []
    listed = [attempt for task in complete.tasks for attempt in task.attempts]
    told = {attempt.id: attempt for made in files.values() for attempt in made}
    if len(listed) != len({attempt.id for attempt in listed}):
        found.append("an attempt stands in the report twice")
    for attempt in listed:
        if told.pop(attempt.id, None) != attempt:
            found.append(f"{attempt.id} is not what its own file says")
    found += [f"{id} is missing in the report" for id in told]
    found += [f"{task.id} reached no outcome" for task in complete.tasks if not (task.final and task.outcome)]
    if complete.totals != totals(complete.tasks):
        found.append("the totals do not add up")
    return found
