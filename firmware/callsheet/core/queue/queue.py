# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue: what is dialled next, when, and why not now.

Its state is made from a sheet and the ledger's entries alone: live, after each
entry is saved; after a power cut, by applying them all again. What depends on the
time is worked out when it is asked for. All times are POSIX seconds.

Order: due call-backs, then tasks inside a planned window, then the rest, last
those whose windows are over; within each by the sheet's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush

from callsheet.core.ledger import Adopted, AnyEntry, Carried, Closed
from callsheet.core.model import Attempt, Progress, Sheet, Task
from callsheet.core.queue.book import Book
from callsheet.core.queue.handback import remaining_sheet
from callsheet.core.queue.item import Item
from callsheet.core.queue.lane import NEVER, READY, WAITING, Front, Lane
from callsheet.core.queue.progress import carry_over, join, progress_of
from callsheet.core.queue.roster import Roster, compare, revise
from callsheet.core.queue.types import CLOSING, Blocker, Counts, Merge, Proposal, TaskState
from callsheet.core.retry import Decision, Tally, decide
from callsheet.core.settings import CallSettings, NumberSettings

_IDLE_ORDER = {"held": 0, "undecided": 1, "active": 2}
"""Which task is shown when nothing can be dialled any more."""


class Queue:
    """The tasks of a sheet and what happened to them. `recent`: calls per number that the phone remembers."""

    def __init__(
        self, sheet: Sheet, settings: CallSettings, numbers: NumberSettings,
        recent: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self._settings, self._numbers = settings, numbers
        self._book = Book()
        self._book.remember(recent or {})
        self._carried: Progress | None = None
        """What other phones did to the sheet."""
        self._load(sheet)

    def _load(self, sheet: Sheet) -> None:
        self._roster = Roster(sheet, self._settings, self._numbers, self._book)
        self._counts = dict.fromkeys(("", *Counts.__struct_fields__), 0)
        self._at = 0.0
        self._idle: dict[int, int] = {}
        """Tasks that no time will free: rank, and which kind of them is shown first."""
        self._shown: Front | None = None
        """The first of them; None: to be looked for."""
        self._doomed: dict[str, str] = {}
        """Tasks to be closed, by id, with the outcome."""
        self._windows: list[tuple[float, int, int]] = []
        """Strict window policy: when a task's last window ends."""
        filled: list[list[Item]] = [[] for _ in self._roster.lanes]
        for item in self._book.items.values():
            item.bucket = ""
            if self._assess(item):
                filled[item.lane].append(item)
        for lane, items in zip(self._roster.lanes, filled, strict=True):
            lane.fill(items)

    # State --------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The sheet being worked, in its latest revision."""
        return self._roster.sheet

    @property
    def finished(self) -> bool:
        """Whether every task is final. Held and undecided ones are not."""
        return not (self._counts["open"] or self._counts["waiting"] or self._counts["held"])

    def apply(self, entry: AnyEntry) -> None:
        """Take in a ledger entry that has been saved. Entries that mean nothing to the queue are passed over."""
        if isinstance(entry, Adopted):
            if entry.sheet.id == self.sheet.id and entry.sheet.revision > self.sheet.revision:
                self.merge(entry.sheet, entry.at.timestamp())
            return
        if isinstance(entry, Carried):
            self._carry(entry.progress)
            return
        item, number = self._book.apply(entry)
        touched = [*self._roster.by_number.get(number, ())] if number else []
        if item is not None and not any(item is other for other in touched):
            touched.append(item)
        for one in touched:
            in_play = self._assess(one)
            if one.rank >= 0:
                self._roster.lane(one).put(one if in_play else None)

    def merge(self, sheet: Sheet, at: float) -> Merge:
        """Put a revised sheet into the running queue.

        Final tasks keep their result; withdrawn ones vanish unless they were dialled;
        attempts made here and calls remembered for caps stay. Raises StaleRevision
        if the revision is not higher, SheetRefused if it is another sheet.
        """
        del at  # nothing in a merge depends on the time
        adopted = revise(self.sheet, carry_over(sheet, self._carried))
        change = compare(self.sheet, adopted)
        self._load(adopted)
        return change

    def remember(self, recent: Mapping[str, Sequence[float]]) -> None:
        """Take in calls per number that another memory knows of; they count towards rolling caps."""
        self._book.remember(recent)
        self._load(self._roster.sheet)

    def _carry(self, progress: Progress) -> None:
        """Other phones' work on this sheet, which its later revisions may not know of either."""
        self._carried = join(self._carried, progress)
        self._load(carry_over(self.sheet, self._carried))

    def knows(self, progress: Progress) -> bool:
        """Whether it says nothing new."""
        return join(self._carried, progress) == self._carried

    def _assess(self, item: Item) -> bool:
        """Work out anew where a task stands; true if only time can keep it back now."""
        item.stamp += 1
        item.settle(self._roster.issued)
        item.block = self._settled(item, item.block)
        self._doomed.pop(item.task.id, None)
        block = item.block
        if block is not None and block.kind in CLOSING:
            self._doomed[item.task.id] = block.kind
        self._count(item)
        if item.rank < 0:
            return False
        if self._idle.pop(item.rank, None) is not None:
            self._shown = None
        if block is not None:
            if block.kind in _IDLE_ORDER:
                self._idle[item.rank], self._shown = _IDLE_ORDER[block.kind], None
            return False
        if item.windows and self._roster.context.strict:
            ends = item.last_window()
            if ends is not None:
                heappush(self._windows, (ends, item.rank, item.stamp))
        return True

    def _settled(self, item: Item, block: Blocker | None) -> Blocker | None:
        """The same, with what closes a task that would otherwise be open or held."""
        if block is not None and block.kind != "held":
            return block
        if self._book.memory.do_not_call(item.number):
            return Blocker("do-not-call")
        if block is None and not item.appointed():
            limit = self._roster.limit(item)
            if item.counted() >= limit:
                return Blocker("attempts-limit", detail=str(limit))
        return block

    def _count(self, item: Item) -> None:
        bucket = _bucket(item)
        if bucket != item.bucket:
            self._counts[item.bucket] -= 1
            self._counts[bucket] += 1
            item.bucket = bucket

    def counts(self) -> Counts:
        """How far the sheet is; costs nothing."""
        counts = self._counts
        done, opened, waiting = counts["done"], counts["open"], counts["waiting"]
        held, dropped = counts["held"], counts["dropped"]
        return Counts(done + opened + waiting + held + dropped, done, opened, waiting, held, dropped)

    # What comes next ----------------------------------------------------------

    def next(self, at: float, clock_trusted: bool = True) -> Proposal:
        """The task to dial at `at`, or the one that comes next and the one reason that keeps it back."""
        found = self._front(at, clock_trusted)
        return Proposal() if found is None else self._propose(found[0], at, clock_trusted)

    def _front(self, at: float, trusted: bool) -> tuple[Front, Lane | None] | None:
        self._clock(at)
        best: Front | None = None
        home: Lane | None = None
        for lane in self._roster.lanes:
            front = lane.front(at, trusted)
            if front is not None and (best is None or front < best):
                best, home = front, lane
        if best is not None:
            return best, home
        if self._idle and self._shown is None:
            kind, rank = min((kind, rank) for rank, kind in self._idle.items())
            self._shown = (NEVER + 1 + kind, 0.0, 0, 0.0, rank)
        return None if self._shown is None else (self._shown, None)

    def _clock(self, at: float) -> None:
        if at < self._at:  # set back: what was worked out holds no longer
            self._load(self._roster.sheet)
        self._at = at

    def _propose(self, front: Front, at: float, trusted: bool) -> Proposal:
        group, due, _, _, rank = front
        item = self._roster.context.items[rank]
        if at >= self._roster.expires:
            return Proposal(item.task, None, Blocker("expired-sheet"), False, item.callback)
        if group == READY:
            return Proposal(item.task, at, None, True, item.callback)
        blocker = item.block or self._roster.lane(item).blocker(item, at, trusted)
        return Proposal(item.task, due if group == WAITING else None, blocker, False, item.callback)

    def upcoming(self, at: float, n: int, clock_trusted: bool = True) -> list[Proposal]:
        """The next `n` tasks as things stand, in order; those no time will free are left out."""
        proposals, taken = [], []
        for _ in range(n):
            found = self._front(at, clock_trusted)
            if found is None or found[1] is None:
                break
            proposals.append(self._propose(found[0], at, clock_trusted))
            taken.append(found[1].take())
        for put_back in taken:
            put_back()
        return proposals

    def why(
        self, task_id: str, at: float, clock_trusted: bool = True, *, intended: bool = False
    ) -> Blocker | None:
        """The one reason why a task cannot be dialled at `at`; None: it can, though others may go first.

        `intended`: an intention of the caller's own is open; is there a reason why its INVITE must not leave?
        """
        item = self._book.items.get(task_id)
        if item is None:
            return Blocker("unknown-task")
        if intended and item.open_attempt:
            with self._book.without_intention(item):
                block = self._settled(item, item.verdict(self._roster.issued))
                return block or self._timed(item, at, clock_trusted)
        return item.block or self._timed(item, at, clock_trusted)

    def _timed(self, item: Item, at: float, trusted: bool) -> Blocker | None:
        if at >= self._roster.expires:
            return Blocker("expired-sheet")
        return self._roster.lane(item).blocker(item, at, trusted)

    def sweep(self, at: float) -> tuple[Closed, ...]:
        """Ledger entries for tasks that are to be closed without a call; returned until they are applied."""
        self._clock(at)
        while self._windows and self._windows[0][0] <= at:
            _, rank, stamp = heappop(self._windows)
            item = self._roster.context.items[rank]
            if item.stamp == stamp:
                self._doomed[item.task.id] = "window-missed"
        when = datetime.fromtimestamp(at, UTC)
        return tuple(Closed(task, outcome, when) for task, outcome in self._doomed.items())

    # What has become of the tasks ----------------------------------------------

    def task(self, task_id: str) -> Task | None:
        """The task of that id, in its latest revision."""
        item = self._book.items.get(task_id)
        return None if item is None else item.task

    def attempts(self, task_id: str) -> int:
        """Counted attempts of a task so far, wherever made. Raises KeyError for a task it does not know."""
        return self._book.items[task_id].counted()

    def decide(self, attempt: Attempt, at: float, interval: float | None = None) -> Decision:
        """What the policy does with the task after this attempt, whether it is applied already or not.

        `at`: when it ended; `interval`: the agent's hand-picked wait in seconds.
        """
        task = self.task(attempt.task) or Task(id=attempt.task, number=attempt.number)
        tally = self.tally(attempt.task, before=attempt.id) if self.task(attempt.task) else Tally()
        return decide(attempt.outcome, attempt.end, task, tally, self.sheet, self._settings, at, interval)

    def tally(self, task_id: str, before: str = "") -> Tally:
        """What happened to a task so far, for `retry.decide`; `before`: an attempt that is left out.

        Raises KeyError for a task it does not know.
        """
        return self._book.tally(task_id, before)

    def state(self, task_id: str) -> TaskState:
        """Where a task stands. Raises KeyError for a task it does not know."""
        return _state(self._book.items[task_id], self._roster.issued)

    def states(self) -> Iterator[TaskState]:
        """Where each task stands, in the order of the file; withdrawn ones only if they were dialled, at the end."""
        for item in self._book.items.values():
            if item.listed or item.dialled:
                yield _state(item, self._roster.issued)

    def progress(self) -> Progress:
        """What has become of the sheet, here and wherever else this phone has heard of."""
        here = progress_of(self._book, self._roster)
        return join(self._carried, here) or here

    def remaining(self, at: float) -> Sheet:
        """What is unfinished, as a sheet that another phone can go on with; see `handback`."""
        return remaining_sheet(self._book, self._roster, at)


def _bucket(item: Item) -> str:
    if not item.listed and not item.dialled:
        return ""
    block = item.block
    if block is not None and block.kind == "final":
        last = item.last
        return "done" if not item.closed and last is not None and last.action == "done" else "dropped"
    if block is not None and block.kind == "held":
        return "held"
    return "waiting" if block is None and item.wait_until else "open"


def _state(item: Item, issued: float) -> TaskState:
    last, block = item.last, item.block
    final = block is not None and block.kind == "final"
    return TaskState(
        task=item.task, outcome=item.closed or (last.outcome if last is not None else ""), final=final,
        disposition=last.disposition if last is not None else "", note=last.note if last is not None else "",
        attempts=len(item.records or ()), counted=item.counted(),
        until=None if final or not item.wait_until else item.wait_until, callback=item.callback and not final,
        held=item.held(issued) if block is not None and block.kind == "held" else "", withdrawn=not item.listed,
    )
