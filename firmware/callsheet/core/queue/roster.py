# SPDX-License-Identifier: GPL-3.0-or-later
"""From a sheet to ranked tasks in lanes, and from one revision of it to the next."""

from __future__ import annotations

from msgspec import structs

from callsheet.core.calendar import restricts
from callsheet.core.caps import Caps
from callsheet.core.model import Instant, Rules, Sheet, Task
from callsheet.core.numbers import canonical, refusal
from callsheet.core.ordering import order
from callsheet.core.queue.book import Book
from callsheet.core.queue.item import Item
from callsheet.core.queue.lane import Context, Lane
from callsheet.core.queue.memory import REFUSALS
from callsheet.core.queue.types import Merge, SheetRefused, StaleRevision
from callsheet.core.settings import CallSettings, NumberSettings


def revise(current: Sheet, sheet: Sheet) -> Sheet:
    """The revised sheet as it is to be adopted: it keeps the calls that the current one remembers for caps.

    Raises StaleRevision if its revision is not higher, SheetRefused if it is another sheet.
    """
    if sheet.id != current.id or sheet.agent != current.agent:
        raise SheetRefused(
            f"sheet {sheet.id!r} for agent {sheet.agent!r} cannot be merged into {current.id!r} for {current.agent!r}"
        )
    if sheet.revision <= current.revision:
        raise StaleRevision(f"revision {sheet.revision} is not higher than {current.revision}, which is being worked")
    if not current.recent:
        return sheet
    caps = Caps()
    moments: dict[tuple[str, float], Instant] = {}
    for recent in (sheet.recent, current.recent):
        for number, times in recent.items():
            for at in times:
                if caps.record(canonical(number), at.timestamp()):
                    moments[canonical(number), at.timestamp()] = at
    joined = {
        number: tuple(moments[number, at] for at in calls) for number, calls in caps.recent(0.0).items()
    }
    return structs.replace(sheet, recent=joined)


def compare(old: Sheet, new: Sheet) -> Merge:
    """What a revision changes, by task id."""
    before = {task.id: task for task in old.tasks if not task.withdrawn}
    after = {task.id: task for task in new.tasks if not task.withdrawn}
    both = [(task, before[task.id]) for task in after.values() if task.id in before]
    return Merge(
        added=tuple(id for id in after if id not in before),
        changed=tuple(new.id for new, old in both if new != old),
        withdrawn=tuple(id for id in before if id not in after),
        kept=tuple(new.id for new, old in both if new == old),
        sheet=new,
    )


class Roster:
    """The tasks of one sheet, ranked, each in its lane."""

    def __init__(self, sheet: Sheet, settings: CallSettings, numbers: NumberSettings, book: Book) -> None:
        self.sheet, self._settings, self._numbers, self._book = sheet, settings, numbers, book
        self.context = Context(book.memory)
        self.context.strict = (sheet.window_policy or settings.window_policy) == "strict"
        self.lanes: list[Lane] = []
        self.by_number: dict[str, tuple[Item, ...]] = {}
        self._lane_of: dict[tuple[int, str], int] = {}
        self._limit = sheet.max_attempts or settings.max_attempts
        self._base = sheet.rules if sheet.rules is not None else settings.rules
        self.issued = sheet.issued.timestamp() if sheet.issued is not None else 0.0
        self.expires = sheet.expires.timestamp() if sheet.expires is not None else float("inf")
        book.memory.set_do_not_call(sheet.do_not_call)
        book.remember({number: [at.timestamp() for at in times] for number, times in sheet.recent.items()})
        self._enlist()

    def _enlist(self) -> None:
        """Put the sheet's tasks into the book; those that left it stay only if something happened to them."""
        if len({task.id for task in self.sheet.tasks}) < len(self.sheet.tasks):
            raise SheetRefused(f"a task id is on sheet {self.sheet.id!r} twice")
        old, self._book.items = self._book.items, {}
        items: list[Item] = []
        for task in self.sheet.tasks:
            item = self._item(task, old.pop(task.id, None))
            self._book.items[task.id] = item
            items.append(item)
        for id, item in old.items():
            if item.touched:
                item.listed, item.rank = False, -1
                self._book.items[id] = item
        self.context.items = [items[position] for position in order(self.sheet.tasks, self.sheet.order)]
        for rank, item in enumerate(self.context.items):
            item.rank = rank

    def _item(self, task: Task, item: Item | None) -> Item:
        number = canonical(task.number)
        if item is None:
            item = Item(task, number)
        else:
            item.task, item.number = task, number
        item.listed = not task.withdrawn
        item.refusal = refusal(task.number, self._numbers) or ""
        item.not_before = 0.0 if task.not_before is None else task.not_before.timestamp()
        if task.windows or item.windows:
            item.windows = tuple(sorted((one.start.timestamp(), one.end.timestamp()) for one in task.windows))
        item.lane = self._lane(task)
        for past in task.past:
            if past.outcome in REFUSALS:
                self._book.memory.tell_refusal(number, f"past {task.id} {past.at.timestamp()}", past.at.timestamp())
        same = self.by_number.get(number)
        self.by_number[number] = (item,) if same is None else (*same, item)
        return item

    def _lane(self, task: Task) -> int:
        rules: Rules = self.sheet.region_rules.get(task.region, self._base) if task.region else self._base
        zone = (task.zone or self.sheet.zone) if restricts(rules) else ""
        key = (id(rules), zone)
        lane = self._lane_of.get(key)
        if lane is None:
            lane = self._lane_of[key] = len(self.lanes)
            self.lanes.append(Lane(rules, zone, self.context))
        return lane

    def lane(self, item: Item) -> Lane:
        """The lane a task is in."""
        return self.lanes[item.lane]

    def limit(self, item: Item) -> int:
        """How many counted attempts the task may have."""
        return item.task.max_attempts or self._limit
