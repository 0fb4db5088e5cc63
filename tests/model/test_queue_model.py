# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue against a slow and obvious reference, through random working days.

After every step: the same proposal with the same due time and a true reason, the
same tasks to close, and a queue replayed from sheet and log that is no different.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callsheet.core.ledger import AnyEntry, Decided, Ended, Intention, Postponed, Withdrawn
from callsheet.core.ledger import Closed as ClosedEntry
from callsheet.core.model import Attempt, Cap, OrderKey, Rules, Sheet, Span, Task, Window
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.queue import Queue, StaleRevision
from callsheet.core.settings import CallSettings, NumberSettings
from tests.model.reference_queue import HORIZON, STEP, Reference

START = int(datetime(2026, 3, 27, 6, tzinfo=UTC).timestamp())  # two days before the clocks change in Europe
DAY = 86400
LIMIT = 3
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NUMBERS = ("+4930000001", "+4930000002", "+4930000003", "112")


def instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


moments = st.integers(-8, 4 * 96).map(lambda steps: START + steps * STEP)
windows = st.builds(
    lambda start, length: Window(instant(start), instant(start + length * STEP)), moments, st.integers(1, 20))
rules_ = st.sampled_from([
    Rules(),
    Rules(hours=(Span(EVERY_DAY, time(8), time(13)), Span(EVERY_DAY, time(14), time(20, 30)))),
    Rules(hours=(Span(("mon", "fri", "sun"), time(1), time(4)),), holidays=(date(2026, 3, 30),)),
    Rules(caps=(Cap(1, 4 * STEP), Cap(2, float(DAY)))),
    Rules(hours=(Span(EVERY_DAY, time(9), time(18)),), caps=(Cap(2, 8.0 * STEP),), block_after_refusal=2.0 * DAY),
])  # fmt: skip
def rarely(usual: object, *rare: object) -> st.SearchStrategy:
    """Mostly the usual, so that a working day has work."""
    return st.sampled_from((usual,) * 3 * len(rare) + rare)


tasks_ = st.builds(
    Task, id=st.sampled_from("abcdefgh"), number=st.sampled_from(NUMBERS[:3]) | rarely(*NUMBERS),
    priority=st.integers(0, 2), region=st.sampled_from(["", "X"]),
    zone=rarely("Europe/Berlin", "Asia/Kolkata", "America/New_York", ""),
    windows=st.just(()) | st.lists(windows, max_size=2).map(tuple), attempts=rarely(0, 1, LIMIT),
    not_before=st.none() | moments.map(instant), callback=rarely(False, True), held=rarely("", "wait"),
    withdrawn=rarely(False, True),
)  # fmt: skip
orders = st.sampled_from([
    (), (OrderKey("priority"),), (OrderKey("window"), OrderKey("priority")), (OrderKey("file", descending=True),)])
sheets = st.builds(
    Sheet, id=st.just("s"), agent=st.just("101"), revision=st.just(1),
    tasks=st.lists(tasks_, min_size=4, max_size=8, unique_by=lambda task: task.id).map(tuple), order=orders,
    rules=rules_, region_rules=st.builds(lambda rules: {"X": rules}, rules_),
    issued=st.none() | st.integers(-4, 96).map(lambda steps: instant(START + steps * STEP)),
    zone=rarely("Europe/Paris", ""), do_not_call=rarely((), (NUMBERS[2],)),
)  # fmt: skip
CALLED = [
    (Outcome.BUSY, "retry"), (Outcome.NO_ANSWER, "retry"), (Outcome.ANSWERED, "done"), (Outcome.EMPTY, "drop"),
    (Outcome.OUR_FAULT, "pause"), (Outcome.REFUSED, "hold"), (Outcome.UNWANTED, "dnc"), (Outcome.DECLINED, "drop"),
    (Outcome.ANSWERED, ""), (Outcome.SKIPPED, ""), (Outcome.DECLINED, "retry"), (Outcome.CALLER_BLOCKED, "stop"),
]  # fmt: skip
called = st.sampled_from(CALLED)


class QueueMachine(RuleBasedStateMachine):
    """One working day after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[AnyEntry] = []
        self.now = float(START)
        self.attempts = 0
        self.open: Intention | None = None
        self.undecided: list[Attempt] = []
        self.ended: list[Attempt] = []
        self.results: dict[str, str] = {}
        self.looking = False

    @initialize(sheet=sheets, strict=st.booleans(), expires=rarely(None, START + DAY))
    def begin(self, sheet: Sheet, strict: bool, expires: float | None) -> None:
        self.settings = CallSettings(max_attempts=LIMIT, window_policy="strict" if strict else "prefer")
        self.strict, self.expires = strict, expires
        self.queue = Queue(self._with_expiry(sheet), self.settings, NumberSettings())

    def _with_expiry(self, sheet: Sheet) -> Sheet:
        fields = {name: getattr(sheet, name) for name in sheet.__struct_fields__}
        fields["expires"] = None if self.expires is None else instant(self.expires)
        return Sheet(**fields)

    def apply(self, entry: AnyEntry) -> None:
        self.log.append(entry)
        self.queue.apply(entry)

    def reference(self) -> Reference:
        return Reference(self.queue.sheet, self.log, LIMIT, self.strict, {})

    # What may happen ------------------------------------------------------------

    @rule(steps=st.integers(1, 40) | st.sampled_from([96, 192]))
    def time_passes(self, steps: int) -> None:
        self.now += steps * STEP

    @precondition(lambda self: self.open is None)
    @rule()
    def begin_call(self) -> None:
        self.intend()

    def intend(self) -> None:
        proposal = self.queue.next(self.now)
        if not proposal.ready:
            return
        assert proposal.task is not None
        self.attempts += 1
        self.open = Intention(f"p-{self.attempts}", proposal.task.id, proposal.task.number, instant(self.now))
        self.apply(self.open)
        assert self.queue.why(proposal.task.id, self.now, intended=True) is None, "its own intention does not stop it"

    @precondition(lambda self: self.open is None)
    @rule(called=called, wait=st.integers(1, 60), rang=st.booleans(), callback=st.booleans())
    def work(self, called: tuple[Outcome, str], wait: int, rang: bool, callback: bool) -> None:
        proposal = self.queue.next(self.now)
        if not proposal.ready and proposal.due is not None and proposal.due < self.now + 2 * DAY:
            self.now = proposal.due
        self.intend()
        if self.open is not None:
            self.call(called, wait, rang, callback)

    @precondition(lambda self: self.open is not None)
    @rule()
    def give_up(self) -> None:
        assert self.open is not None
        self.apply(Withdrawn(self.open.attempt))
        self.open = None

    @precondition(lambda self: self.open is not None)
    @rule(called=called, wait=st.integers(1, 60), rang=st.booleans(), callback=st.booleans())
    def end_call(self, called: tuple[Outcome, str], wait: int, rang: bool, callback: bool) -> None:
        self.call(called, wait, rang, callback)

    def call(self, called: tuple[Outcome, str], wait: int, rang: bool, callback: bool) -> None:
        assert self.open is not None
        outcome, action = called
        begin, self.now = self.now, self.now + STEP
        attempt = Attempt(
            id=self.open.attempt, task=self.open.task, number=self.open.number, dialled=instant(begin),
            ended=instant(self.now), end=CallEnd(), outcome=outcome, ringing=instant(begin) if rang else None,
            counted=outcome not in (Outcome.OUR_FAULT, Outcome.REFUSED), action=action,  # type: ignore[arg-type]
            until=instant(self.now + wait * STEP) if action == "retry" else None,
            callback=callback and action == "retry",
        )
        self.open = None
        self.apply(Ended(attempt))
        self.ended.append(attempt)
        if not action:
            self.undecided.append(attempt)

    @precondition(lambda self: self.ended)
    @rule(data=st.data(), action=st.sampled_from(["done", "retry", "drop", "dnc", "hold"]), wait=st.integers(0, 60),
          empty=st.booleans(), callback=st.booleans())
    def decide(self, data: st.DataObject, action: str, wait: int, empty: bool, callback: bool) -> None:
        attempt = data.draw(st.sampled_from(self.undecided or self.ended))
        if attempt in self.undecided:
            self.undecided.remove(attempt)
        self.results.pop(attempt.task, None)  # the agent may correct what was final
        self.apply(Decided(
            attempt.id, attempt.task, disposition="x", action=action, callback=callback and action == "retry",
            until=instant(self.now + wait * STEP) if action == "retry" else None,
            outcome=Outcome.EMPTY if empty and action == "drop" else None,
        ))  # fmt: skip

    @rule(task=st.sampled_from("abcdefgh"), wait=st.integers(0, 150), callback=st.booleans())
    def postpone(self, task: str, wait: int, callback: bool) -> None:
        assume(self.open is None or self.open.task != task)
        assume(self.queue.task(task) is not None)
        self.apply(Postponed(task, instant(self.now + wait * STEP), instant(self.now), callback))

    @rule(task=st.sampled_from("abcdefgh"))
    def close(self, task: str) -> None:
        assume(self.queue.task(task) is not None)
        self.apply(ClosedEntry(task, "dropped", instant(self.now)))

    @rule()
    def look_ahead(self) -> None:
        """Not after every step: it would clear what the queue remembers from one question to the next."""
        self.looking = True

    @rule()
    def sweep(self) -> None:
        for entry in self.queue.sweep(self.now):
            self.apply(entry)
        assert self.queue.sweep(self.now) == ()

    @rule(sheet=sheets, raise_by=rarely(1, -1, 0, 2))
    def merge(self, sheet: Sheet, raise_by: int) -> None:
        fields = {name: getattr(sheet, name) for name in sheet.__struct_fields__}
        fields["revision"] = max(0, self.queue.sheet.revision + raise_by)
        revised = self._with_expiry(Sheet(**fields))
        before = self.queue.sheet
        try:
            merge = self.queue.merge(revised, self.now)
        except StaleRevision:
            assert revised.revision <= before.revision
            assert self.queue.sheet is before
            return
        assert revised.revision > before.revision
        old = {task.id: task for task in before.tasks if not task.withdrawn}
        new = {task.id: task for task in revised.tasks if not task.withdrawn}
        assert set(merge.added) == new.keys() - old.keys()
        assert set(merge.withdrawn) == old.keys() - new.keys()
        assert set(merge.changed) == {id for id in new.keys() & old.keys() if new[id] != old[id]}
        assert set(merge.kept) == (new.keys() & old.keys()) - set(merge.changed)

    # What must hold ---------------------------------------------------------------

    @invariant()
    def proposes_what_the_reference_does(self) -> None:
        if not hasattr(self, "queue"):
            return
        reference, proposal = self.reference(), self.queue.next(self.now)
        open_ = reference.open_tasks()
        if self.expires is not None and self.now >= self.expires and proposal.task is not None:
            assert (proposal.ready, proposal.due) == (False, None)
            assert proposal.blocker is not None
            assert proposal.blocker.kind == "expired-sheet"
            return
        due = {task: reference.due(task, self.now) for task in open_}
        ready = [task for task in open_ if due[task] == self.now]
        assert proposal.ready == bool(ready)
        if ready:
            assert proposal.task is not None
            assert proposal.task.id == min(ready, key=lambda task: reference.place(task, self.now))
            assert proposal.due == self.now
            assert proposal.blocker is None
            return
        later = [task for task in open_ if due[task] is not None]
        if later and proposal.due is not None:
            first = min(later, key=lambda task: (due[task], *reference.place(task, due[task] or 0.0)))
            assert proposal.task is not None
            assert (proposal.task.id, proposal.due) == (first, due[first])
        elif proposal.due is not None:
            assert proposal.due >= self.now + (HORIZON - 1) * STEP, "beyond what the reference looks at"
        elif proposal.task is not None:
            assert not later
            rest = open_ or [task for task in (*reference.tasks, *reference.lives) if not reference.final(task)]
            assert proposal.task.id in rest
        else:
            assert all(reference.timeless(task) in (
                "final", "number-refused", "do-not-call", "attempts-limit") for task in reference.tasks)

    @invariant()
    def gives_a_true_reason(self) -> None:
        if not hasattr(self, "queue"):
            return
        reference = self.reference()
        for task in reference.tasks:
            blocker, timeless = self.queue.why(task, self.now), reference.timeless(task)
            if timeless and timeless != "active":
                assert blocker is not None
                assert blocker.kind == timeless
            elif not timeless and not (self.expires is not None and self.now >= self.expires):
                found = reference.blocked(task, self.now)
                assert (blocker is None) == (not found)
                if blocker is not None:
                    kind = "hours" if blocker.kind == "holiday" else blocker.kind
                    until = dict(found)[kind] if kind != "cap" else max(u for k, u in found if k == "cap" and u)
                    assert until is None or blocker.until == until
                    assert all(end is None or blocker.until is None or end <= blocker.until for _, end in found)

    @invariant()
    def sweeps_what_the_reference_would(self) -> None:
        if hasattr(self, "queue"):
            swept = {entry.task: entry.outcome for entry in self.queue.sweep(self.now)}
            assert swept == self.reference().closing(self.now)

    @invariant()
    def replay_is_no_different(self) -> None:
        if not hasattr(self, "queue"):
            return
        again = Queue(self.queue.sheet, self.settings, NumberSettings())
        for entry in self.log:
            again.apply(entry)
        assert again.counts() == self.queue.counts()
        assert again.finished == self.queue.finished
        states = {state.task.id: state for state in self.queue.states()}
        others = {state.task.id: state for state in again.states()}
        assert states.keys() == others.keys()
        for id, state in states.items():
            other = others[id]
            same = {*state.__struct_fields__} - {"task"}
            if state.withdrawn:  # what the sheet said of it went with the sheet
                same -= {"counted", "until", "callback", "held"}
            assert [getattr(state, name) for name in same] == [getattr(other, name) for name in same]
        assert again.next(self.now) == self.queue.next(self.now)
        if self.looking:
            assert again.upcoming(self.now, 9) == self.queue.upcoming(self.now, 9)
            self.looking = False

    @invariant()
    def ends_each_task_once(self) -> None:
        if not hasattr(self, "queue"):
            return
        counts, states = self.queue.counts(), {state.task.id: state for state in self.queue.states()}
        assert counts.total == len(states) == (
            counts.done + counts.open + counts.waiting + counts.held + counts.dropped)
        assert self.queue.finished == all(state.final for state in states.values())
        reference = self.reference()
        for id, state in states.items():
            assert state.final == reference.final(id)
            life = reference.life(id)
            if life.over and id in self.results:
                assert state.outcome == self.results[id], "what is final stays so"
            if life.over:
                self.results[id] = state.outcome

    @invariant()
    def hands_back_what_is_unfinished(self) -> None:
        if not hasattr(self, "queue"):
            return
        remaining = self.queue.remaining(self.now)
        reference = self.reference()
        assert {task.id for task in remaining.tasks} == {
            id for id in reference.tasks if not reference.final(id)}
        elsewhere = Queue(remaining, self.settings, NumberSettings())
        for task in remaining.tasks:
            here, there = self.queue.why(task.id, self.now), elsewhere.why(task.id, self.now)
            if here is None or here.kind in ("window", "hours", "holiday", "cap", "refusal-block", "callback"):
                assert here is None or there is not None
                # Past attempts tell no number: a refusal may be laid at the door of a number that was changed since.
                assert here is not None or there is None or there.kind == "refusal-block"
            elif here.kind in ("undecided", "held", "active"):
                assert there is not None
                assert there.kind in ("held", "do-not-call", "number-refused")
            elif here.until is not None:
                assert there is not None
                assert there.until == here.until or there.kind == "refusal-block"


QueueMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
test_queue_against_the_reference = QueueMachine.TestCase
