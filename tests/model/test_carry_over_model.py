# SPDX-License-Identifier: GPL-3.0-or-later
"""A sheet that wanders from phone to phone, against one book of what was really done to each task.

Phones hand over in order, or lose power and tell late; the manager raises the
revision meanwhile; what was told comes twice and by way of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callsheet.core.ledger import Carried, Decided, Ended, Intention, Postponed
from callsheet.core.model import Attempt, Cap, Progress, RetryRule, Rules, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.queue import Queue
from callsheet.core.queue.progress import carry_over, join
from callsheet.core.settings import CallSettings, NumberSettings

BEGIN = datetime(2026, 11, 25, 9, tzinfo=UTC)
LIMIT, CAP = 3, 4
SHEET = Sheet("s", "101", 1, tuple(Task(f"t{n}", f"+44207946000{n}") for n in range(4)), issued=BEGIN,
              max_attempts=LIMIT, rules=Rules(caps=(Cap(CAP, 86_400.0),)), retry={Outcome.BUSY: RetryRule("retry", 60.0)})


@dataclass
class Truth:
    """What was done to one task, whoever did it."""

    calls: list[datetime] = field(default_factory=list)
    counted: int = 0
    final: bool = False
    until: datetime | None = None
    callback: bool = False
    held: bool = False


def queue_of(sheet: Sheet, progress: Progress | None) -> Queue:
    """As a phone begins that has just been granted the lease."""
    queue = Queue(carry_over(sheet, progress), CallSettings(), NumberSettings())
    if progress is not None:
        queue.apply(Carried(progress))
    return queue


def attempt_of(number: int, task: Task, at: datetime, outcome: Outcome) -> Attempt:
    return Attempt(f"p-{number}", task.id, task.number, at, at + timedelta(seconds=20), CallEnd(486), outcome, ringing=at)


def work(queue: Queue, truth: dict[str, Truth], data: st.DataObject, number: int, at: datetime) -> None:
    """One callee, if the queue has one now: called, or put off."""
    proposal = queue.next(at.timestamp())
    if proposal.task is None or not proposal.ready:
        return
    task, known = proposal.task, truth[proposal.task.id]
    assert not known.final, "a finished task is dialled again"
    assert not known.held, "a held task is dialled"
    assert known.until is None or known.until <= at, "dialled before its time"
    assert len(known.calls) < CAP, "the cap of its number is gone"
    word = data.draw(st.sampled_from(["busy", "busy", "done", "dnc", "callback", "hold", "later"]))
    if word == "later":
        known.until, known.callback = at + timedelta(seconds=600), True
        queue.apply(Postponed(task.id, known.until, at, True))
        return
    assert known.counted < LIMIT or known.callback, "more attempts than the sheet allows"
    attempt = attempt_of(number, task, at, Outcome.BUSY if word in ("busy", "hold") else Outcome.ANSWERED)
    known.calls.append(at)
    known.counted += 1
    queue.apply(Intention(attempt.id, task.id, task.number, at))
    queue.apply(Ended(attempt))
    ends = attempt.ended
    decided = {
        "busy": Decided(attempt.id, task.id, action="retry" if known.counted < LIMIT else "drop",
                        until=ends + timedelta(seconds=60)),
        "done": Decided(attempt.id, task.id, disposition="done", action="done"),
        "dnc": Decided(attempt.id, task.id, disposition="dnc", action="dnc"),
        "callback": Decided(attempt.id, task.id, action="retry", until=ends + timedelta(seconds=300), callback=True),
        "hold": Decided(attempt.id, task.id, action="hold"),
    }[word]
    queue.apply(decided)
    known.final = decided.action in ("done", "drop", "dnc")
    known.held = decided.action == "hold"
    if decided.action == "retry":
        known.until, known.callback = decided.until, decided.callback


def agrees(queue: Queue, truth: dict[str, Truth]) -> None:
    """Final and counted on this phone as they really are."""
    for id, known in truth.items():
        state = queue.state(id)
        assert state.final == known.final or queue.task(id).withdrawn == known.final, id  # type: ignore[union-attr]
        if not known.final:
            assert state.counted == known.counted, id
            assert bool(state.held) == known.held, id


@given(st.data())
@settings(deadline=None, max_examples=250)
def test_what_was_done_goes_along(data: st.DataObject) -> None:
    truth = {task.id: Truth() for task in SHEET.tasks}
    sheet, at, told = SHEET, BEGIN, None
    queue = queue_of(sheet, None)
    old: list[Queue] = []
    for number in range(data.draw(st.integers(3, 40))):
        at += timedelta(seconds=data.draw(st.sampled_from([1, 70, 400, 4000])))
        match data.draw(st.sampled_from(["work", "work", "work", "hand over", "revise", "tell twice", "third"])):
            case "work":
                work(queue, truth, data, number, at)
            case "hand over":
                told = join(told, queue.progress())
                old.append(queue)
                queue = queue_of(sheet, told)
                agrees(queue, truth)
            case "revise":
                # Not issued anew: what is held stays held.
                sheet = replace(sheet, revision=sheet.revision + 1)
                if data.draw(st.booleans()):
                    queue.merge(sheet, at.timestamp())
                    agrees(queue, truth)
            case "tell twice":
                queue.apply(Carried(join(told, queue.progress())))  # type: ignore[arg-type]
                agrees(queue, truth)
            case "third" if old:
                # A phone that had it before gets it back, with its own memory of the time before.
                told = join(told, queue.progress())
                assert told is not None
                back = old[data.draw(st.integers(0, len(old) - 1))]
                back.apply(Carried(told))
                queue = back
                agrees(queue, truth)
            case _:
                pass


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_what_comes_late_is_taken_in_in_any_order(data: st.DataObject) -> None:
    """A phone lost its power before its last word; the next one began without it and learns of it later."""
    truth = {task.id: Truth() for task in SHEET.tasks}
    first = queue_of(SHEET, None)
    at = BEGIN
    for number in range(data.draw(st.integers(1, 6))):
        at += timedelta(seconds=400)
        work(first, truth, data, number, at)
    early = first.progress() if data.draw(st.booleans()) else None
    late = first.progress()
    second = queue_of(SHEET, early)
    for entry in data.draw(st.permutations([late, late, early or late])):
        second.apply(Carried(entry))
    agrees(second, truth)
    assert second.progress().final == late.final
    assert set(second.progress().recent) == set(late.recent)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_carrying_over_twice_changes_nothing(data: st.DataObject) -> None:
    truth = {task.id: Truth() for task in SHEET.tasks}
    queue, at = queue_of(SHEET, None), BEGIN
    for number in range(data.draw(st.integers(0, 10))):
        at += timedelta(seconds=400)
        work(queue, truth, data, number, at)
    progress = queue.progress()
    once = carry_over(SHEET, progress)
    assert carry_over(once, progress) == once
    assert join(progress, progress) == progress
    revised = replace(SHEET, revision=9, tasks=(*SHEET.tasks, Task("new", "+442079460099")))
    assert [task.id for task in carry_over(revised, progress).tasks if task.withdrawn] == [
        task.id for task in SHEET.tasks if task.id in progress.final]


def test_another_agents_progress_is_nobodys() -> None:
    progress = Progress("s", 1, "102", final=("t1",))
    assert carry_over(SHEET, progress) is SHEET


def test_of_another_sheet_only_numbers_are_taken() -> None:
    progress = Progress("other", 1, "101", final=("t1",), do_not_call=("+44 20 7946 0003",),
                        recent={"+442079460002": (BEGIN,)})
    carried = carry_over(SHEET, progress)
    assert carried.tasks == SHEET.tasks
    assert carried.do_not_call == ("+44 20 7946 0003",)
    assert carried.recent == {"+442079460002": (BEGIN,)}
