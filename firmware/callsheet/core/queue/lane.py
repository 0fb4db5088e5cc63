# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks under the same rules in the same zone: when hours close, one comparison closes them all.

A lane has two heaps. *ready* holds what nothing of its own keeps back, in the
order in which it is to be dialled; *waiting* holds the rest by the time it is due.
Entries are only as good as what was known when they were made: each is looked at
again when it comes to the top, and moved if it does not belong there any more.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

from callsheet.core.calendar import Calendar, restricts
from callsheet.core.model import Rules
from callsheet.core.queue.item import IN_WINDOW, WINDOW_PAST, Item
from callsheet.core.queue.memory import NumberMemory
from callsheet.core.queue.types import Blocker

Front = tuple[int, float, int, float, int]
"""(group, due, class, appointment, rank) of a lane's first task; the smallest of all lanes comes next."""
READY, WAITING, NEVER = range(3)
_MAX_STEPS = 10_000
"""Conditions whose ends are looked through for a task's due time; more windows than that are given up."""


class Context:
    """What all lanes share."""

    __slots__ = ("items", "memory", "strict")

    def __init__(self, memory: NumberMemory) -> None:
        self.items: list[Item] = []
        """By rank."""
        self.memory = memory
        self.strict = False


class Lane:
    """The tasks of one zone and one set of rules."""

    def __init__(self, rules: Rules, zone: str, context: Context) -> None:
        self.rules, self.zone = rules, zone
        self.restricted = restricts(rules)
        self._context = context
        self._now = Calendar(rules, zone)
        self._ahead = Calendar(rules, zone)
        """A calendar keeps the interval asked for last; looking ahead must not push out the present one."""
        self._ready: list[tuple[int, float, int, int]] = []
        self._waiting: list[tuple[float, int, float, int, int]] = []
        self._front: Front | None = None
        self._valid: tuple[float, float, bool] | None = None
        """From when, until when and with which trust in the clock `_front` holds."""

    # Blockers -----------------------------------------------------------------

    def hours(self, at: float, trusted: bool, calendar: Calendar | None = None) -> Blocker | None:
        """What the calling hours say at `at`."""
        if not self.restricted:
            return None
        status = (calendar or self._ahead).status(at)
        if status.state == "unknown-zone":
            return Blocker("unknown-zone", detail=self.zone)
        if not trusted:
            return Blocker("clock-untrusted")
        if status.state == "open":
            return None
        if status.state == "never":
            return Blocker("never-open", detail=self.zone)
        return Blocker("holiday" if status.reason == "holiday" else "hours", status.until, self.zone)

    def own(self, item: Item, at: float) -> Blocker | None:
        """What keeps back this very task or its number at `at`: of several the one that ends last."""
        found: Blocker | None = None
        if item.wait_until > at:
            found = Blocker(item.wait_kind, item.wait_until)  # type: ignore[arg-type]
        if item.windows and not item.callback:
            found = _later(found, self._window(item, at))
        rules, memory = self.rules, self._context.memory
        if rules.caps:
            until = memory.caps.blocked_until(item.number, rules.caps, at)
            if until is not None:
                found = _later(found, Blocker("cap", until))
        if rules.block_after_refusal:
            refused = memory.refused_at(item.number)
            if refused is not None and refused + rules.block_after_refusal > at:
                found = _later(found, Blocker("refusal-block", refused + rules.block_after_refusal))
        return found

    def _window(self, item: Item, at: float) -> Blocker | None:
        opens = item.window_opens(at)
        if opens is not None:
            return Blocker("window", opens)
        if self._context.strict and item.class_at(at) == WINDOW_PAST:
            return Blocker("window-missed")
        return None

    def blocker(self, item: Item, at: float, trusted: bool) -> Blocker | None:
        """The one reason why the task cannot be dialled at `at`: of several the one that ends last."""
        return _later(self.own(item, at), self.hours(at, trusted))

    def due(self, item: Item, at: float) -> float:
        """When, from `at` on, nothing keeps the task back; infinity: never."""
        for _ in range(_MAX_STEPS):
            blocker = _later(self.own(item, at), self.hours(at, True))
            if blocker is None:
                return at
            if blocker.until is None:
                return inf
            at = blocker.until
        return inf

    # Heaps --------------------------------------------------------------------

    def put(self, item: Item | None) -> None:
        """A task of this lane has changed; None: it is out of play, and only what names it is void."""
        self._valid = None
        if item is not None:
            self._enter(item, heappush)

    def fill(self, items: list[Item]) -> None:
        """Put in many at once, in linear time."""
        self._valid = None
        for item in items:
            self._enter(item, list.append)
        heapify(self._waiting)
        heapify(self._ready)

    def _enter(self, item: Item, push: Callable[[list[Any], Any], object]) -> None:
        """Put a task where it belongs by what can be said of it whatever the time."""
        opens = item.window_opens(item.wait_until) if item.windows else None
        key = item.wait_until if opens is None else opens
        if key or item.windows or item.callback:
            push(self._waiting, self._waiting_entry(item, key))
        else:
            push(self._ready, self._ready_entry(item, 0.0))

    def _ready_entry(self, item: Item, at: float) -> tuple[int, float, int, int]:
        return item.class_at(at), item.wait_until if item.callback else 0.0, item.rank, item.stamp

    def _waiting_entry(self, item: Item, due: float) -> tuple[float, int, float, int, int]:
        return due, item.class_at(due), item.wait_until if item.callback else 0.0, item.rank, item.stamp

    def _place(self, item: Item, at: float) -> None:
        due = self.due(item, at)
        if due <= at:
            heappush(self._ready, self._ready_entry(item, at))
        else:
            heappush(self._waiting, self._waiting_entry(item, due))

    def front(self, at: float, trusted: bool) -> Front | None:
        """The lane's first task at `at`; None if it has none. `at` must not go back."""
        if self._valid is not None:
            since, until, trust = self._valid
            if since <= at < until and trust is trusted:
                return self._front
        self._front, until = self._find_front(at, trusted)
        self._valid = (at, until, trusted)
        return self._front

    def take(self) -> Callable[[], None]:
        """Take the front out, to see what comes after it; the result puts it back."""
        assert self._front is not None
        heap: list[Any] = self._ready if self._ready and self._ready[0][2] == self._front[4] else self._waiting
        entry = heappop(heap)
        self._valid = None

        def put_back() -> None:
            heappush(heap, entry)
            self._valid = None

        return put_back

    def _find_front(self, at: float, trusted: bool) -> tuple[Front | None, float]:
        """The front and until when it stays the front if nothing happens."""
        closed = self.hours(at, trusted, self._now)
        if closed is not None and closed.until is None:
            return self._anyone(), inf
        horizon = at if closed is None or closed.until is None else closed.until
        self._settle(horizon)
        self._check_ready(horizon)
        if self._ready:
            cls, appointment, rank, _ = self._ready[0]
            if closed is not None:
                return (WAITING, horizon, cls, appointment, rank), horizon
            return (READY, 0.0, cls, appointment, rank), self._ready_until(at, cls, rank)
        self._check_waiting(horizon)
        if not self._waiting:
            return None, inf
        due, cls, appointment, rank, _ = self._waiting[0]
        if due == inf:
            return (NEVER, 0.0, cls, appointment, rank), inf
        return (WAITING, due, cls, appointment, rank), due

    def _ready_until(self, at: float, cls: int, rank: int) -> float:
        until = self._waiting[0][0] if self._waiting else inf
        if self.restricted:
            closes = self._now.status(at).until
            until = until if closes is None else min(until, closes)
        if cls == IN_WINDOW:
            item = self._context.items[rank]
            until = min(until, min(end for start, end in item.windows if start <= at < end))
        return until

    def _anyone(self) -> Front | None:
        _drop_stale(self._ready, self._stale)
        if self._ready:
            return NEVER, 0.0, *self._ready[0][:3]
        _drop_stale(self._waiting, self._stale)
        return (NEVER, 0.0, *self._waiting[0][1:4]) if self._waiting else None

    def _stale(self, rank: int, stamp: int) -> bool:
        return self._context.items[rank].stamp != stamp

    def _settle(self, horizon: float) -> None:
        """Move what is due to where it belongs."""
        while self._waiting and self._waiting[0][0] <= horizon:
            *_, rank, stamp = heappop(self._waiting)
            if not self._stale(rank, stamp):
                self._place(self._context.items[rank], horizon)

    def _check_ready(self, horizon: float) -> None:
        while self._ready:
            cls, _, rank, stamp = self._ready[0]
            item = self._context.items[rank]
            if item.stamp == stamp and item.class_at(horizon) == cls and self.own(item, horizon) is None:
                return
            heappop(self._ready)
            if item.stamp == stamp:
                self._place(item, horizon)

    def _check_waiting(self, horizon: float) -> None:
        while self._waiting:
            due, *_, rank, stamp = self._waiting[0]
            item = self._context.items[rank]
            if item.stamp == stamp:
                exact = self.due(item, horizon)
                if exact == due:
                    return
                heappop(self._waiting)
                heappush(self._waiting, self._waiting_entry(item, exact))
            else:
                heappop(self._waiting)


def _later(one: Blocker | None, other: Blocker | None) -> Blocker | None:
    """Of two blockers the one that ends last; the first of equals."""
    if one is None or other is None:
        return one or other
    if one.until is None:
        return one
    return other if other.until is None or other.until > one.until else one


def _drop_stale(heap: list[Any], stale: Callable[[int, int], bool]) -> None:
    while heap and stale(heap[0][-2], heap[0][-1]):
        heappop(heap)
