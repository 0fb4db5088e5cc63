# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets that change while they are worked, at the running core: whatever arrives at whatever moment of a call.

The core has its real ledger, outbox and queue around it (`reality`), and keeps all that is promised
(`promises`). What this adds: the manager's side, and a plain model of what the merge of a revision must give.
`CALLSHEET_DEEP=1` looks much longer.
"""

from __future__ import annotations

import os
from datetime import time

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.ledger import Adopted, Ended, SignedIn, SignedOut
from callsheet.core.model import Cap, OrderKey, RetryRule, Rules, Sheet, Span, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.settings import CallSettings, PhoneTraits
from tests.model import promises
from tests.model.reality import Reality

DEEP = bool(os.environ.get("CALLSHEET_DEEP"))
ZONE = "Europe/London"
RULES = Rules(
    hours=(Span(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), time(promises.OPENS), time(promises.CLOSES)),),
    caps=(Cap(promises.CAP_LIMIT, promises.CAP_PERIOD),),
)
SETTINGS = CallSettings(mode="progressive", gap=2.0, preview=1.0, wrap_up=8.0, wrap_up_failed=2.0, max_attempts=4)
ENDS = (CallEnd(486, "Busy Here"), CallEnd(404), CallEnd(480), CallEnd(603), CallEnd(200, by="far"), CallEnd(200, by="far"),
        CallEnd(0, local=True, detail="transport"))


def task(n: int, **fields: object) -> Task:
    """One callee; some share a number."""
    return Task(f"t{n}", f"+4420794600{n % 9:02}", name=f"N{n}", zone=ZONE, **fields)  # type: ignore[arg-type]


class Revisions(RuleBasedStateMachine):
    """A phone at work, and a manager who changes his mind."""

    @initialize(mode=st.sampled_from(["preview", "progressive"]), keypad=st.sampled_from(["4x4", "3x4"]))
    def switch_on(self, mode: str, keypad: str) -> None:
        first = Sheet("s", "101", 1, tuple(task(n) for n in range(6)), rules=RULES, mode=mode,  # type: ignore[arg-type]
                      order=(OrderKey("priority"),), retry={Outcome.BUSY: RetryRule("retry", after=30.0)})
        traits = PhoneTraits(id="m", zone=ZONE, keypad=keypad, agent="101", pin="1")  # type: ignore[arg-type]
        self.world = Reality(traits, SETTINGS, first)
        self.world.be_kind()
        self.world.next_key()

    # The manager ------------------------------------------------------------------

    @rule(n=st.integers(6, 14), priority=st.integers(0, 3), at_once=st.booleans())
    def add(self, n: int, priority: int, at_once: bool) -> None:
        """A callee more, perhaps an urgent one; one who was withdrawn may come back."""
        others = [one for one in self.world.server.tasks if one.id != f"t{n}"]
        self._publish([*others, task(n, priority=priority)], at_once)

    @rule(data=st.data(), number=st.integers(0, 8), priority=st.integers(0, 3), held=st.sampled_from(["", "", "law"]),
          at_once=st.booleans())
    def change(self, data: st.DataObject, number: int, priority: int, held: str, at_once: bool) -> None:
        """Another name, number, place in the queue; or nobody is to call for now."""
        one = data.draw(st.sampled_from(self.world.server.tasks)) if self.world.server.tasks else None
        if one is not None:
            new = replace(one, name=f"{one.name}'", number=f"+4420794600{number:02}", priority=priority, held=held)
            self._publish([new if other.id == one.id else other for other in self.world.server.tasks], at_once)

    @rule(data=st.data(), tombstone=st.booleans(), at_once=st.booleans())
    def take_away(self, data: st.DataObject, tombstone: bool, at_once: bool) -> None:
        """Withdrawn, or given to another agent: left out of the sheet, or as a tombstone in it."""
        tasks = list(self.world.server.tasks)
        if tasks:
            gone = data.draw(st.sampled_from(tasks))
            kept = [one for one in tasks if one.id != gone.id]
            self._publish([*kept, replace(gone, withdrawn=True)] if tombstone else kept, at_once)

    def _publish(self, tasks: list[Task], at_once: bool) -> None:
        self.world.server = replace(self.world.server, revision=self.world.server.revision + 1, tasks=tuple(tasks))
        if at_once:
            self.looks()

    @rule()
    def looks(self) -> None:
        """The timer: what is on the server now is fetched, in the middle of whatever is going on."""
        self.world.do(ev.FetchDue())
        if self.world.fetches:
            self._arrives(self.world.disk.with_memory(self.world.server))

    @rule(lower=st.integers(0, 3), gone=st.booleans())
    def an_old_copy(self, lower: int, gone: bool) -> None:
        """A server that was restored from last night's backup: same or lower revision, with other tasks."""
        self.world.do(ev.FetchDue())
        queue = self.world.state.queue
        if self.world.fetches and queue is not None:
            tasks = queue.sheet.tasks[:1] if gone else (*queue.sheet.tasks, task(40))
            self._arrives(replace(queue.sheet, revision=max(0, queue.sheet.revision - lower), tasks=tasks))

    @rule(what=st.sampled_from(["agent", "sheet"]))
    def somebody_elses(self, what: str) -> None:
        """A file that is not for this agent, or another list while this one is not finished."""
        self.world.do(ev.FetchDue())
        if self.world.fetches:
            wrong = {"agent": "102"} if what == "agent" else {"id": "other"}
            self._arrives(replace(self.world.server, revision=99, **wrong))

    def _arrives(self, sheet: Sheet) -> None:
        """A file comes; what the core makes of it is held against the model."""
        world, fetch = self.world, self.world.fetches.pop(0)
        state, queue = world.state, world.state.queue
        expected = fetch.id == state.fetch
        before = None if queue is None else (queue.sheet, _standing(world), state.call, state.wrap_up)
        finished = queue is not None and queue.finished
        world.do(ev.SheetArrived(fetch.id, sheet))
        if before is None or world.state.queue is None or not expected:
            return
        old, stood, call, wrap_up = before
        new = world.state.queue.sheet
        if sheet.agent != old.agent:
            assert new == old, "another agent's sheet was taken"
        elif sheet.id != old.id:
            assert new == old or finished, "another list was begun before this one was finished"
        elif sheet.revision <= old.revision:
            assert new == old, "a lower revision was taken"
        else:
            assert new.revision == sheet.revision
            assert {one.id: one for one in new.tasks} == {one.id: one for one in sheet.tasks}, "tasks as the manager has them"
        if new.id == old.id:
            now = _standing(world)
            kept = {id: one for id, one in stood.items() if one[0]}
            assert {id: now.get(id) for id in kept} == kept, "who was dialled keeps attempts and result"
            if call is not None:
                assert world.state.call is call, "a revision broke into a call"
            if wrap_up is not None:
                assert world.state.wrap_up is wrap_up, "a revision took away the agent's word"

    # The day ------------------------------------------------------------------------

    @rule()
    def kind(self) -> None:
        self.world.be_kind()

    @rule()
    def goes_on(self) -> None:
        """What the agent would do, and what the world answers at once."""
        self.world.be_kind()
        self.world.next_key()

    @rule(far=st.sampled_from(["", "rings", "answers", "answers", "answers", "ends", "ends"]),
          end=st.sampled_from(ENDS), seconds=st.sampled_from([0.5, 3.0, 9.0]))
    def a_call(self, far: str, end: CallEnd, seconds: float) -> None:
        """The usual course of things up to some point, so that chance gets as far as the unusual."""
        world = self.world
        for _ in range(4):
            if self._ours():
                break
            self.goes_on()
            world.wait(1.2)
            world.be_kind()
        for call in self._ours()[:1]:
            if far:
                world.progress(call, 180)
            if far in ("answers", "ends") and end.code == 200:
                world.answers(call)
            world.wait(seconds)
            if far == "ends" and call in self._ours():
                world.ends(call, end)
                world.be_kind()

    def _ours(self) -> list[int]:
        """Calls of ours that are up, but for those the phone has given up."""
        return [n for n in self._up() if n > 0 and not self.world.far[n].over(self.world.mono)]

    @rule(seconds=st.sampled_from([0.2, 1.2, 3.0, 10.0, 40.0]))
    def waits(self, seconds: float) -> None:
        self.world.wait(seconds)

    @rule(cap=st.sampled_from("123789*#ABCD"), hold=st.sampled_from([0.05, 0.05, 0.8]))
    def key(self, cap: str, hold: float) -> None:
        self.world.press(cap, hold)

    @precondition(lambda self: self._up())
    @rule(data=st.data(), code=st.sampled_from([180, 183]))
    def progress(self, data: st.DataObject, code: int) -> None:
        self.world.progress(data.draw(st.sampled_from(self._up())), code, early=code == 183)

    @precondition(lambda self: self._up())
    @rule(data=st.data())
    def answers(self, data: st.DataObject) -> None:
        self.world.answers(data.draw(st.sampled_from(self._up())))

    @precondition(lambda self: self._up())
    @rule(data=st.data(), end=st.sampled_from(ENDS))
    def ends(self, data: st.DataObject, end: CallEnd) -> None:
        self.world.ends(data.draw(st.sampled_from(self._up())), end)

    def _up(self) -> list[int]:
        return sorted(n for n, far in self.world.far.items() if not far.ended)

    @precondition(lambda self: self.world.writes)
    @rule(works=st.sampled_from([True, True, False]))
    def disk(self, works: bool) -> None:
        if works:
            self.world.write()
        else:
            self.world.fail_to_write()

    @precondition(lambda self: self.world.disk.waiting())
    @rule(error=st.sampled_from(["", "", "the server is away"]))
    def sends(self, error: str) -> None:
        self.world.send(error)

    @rule(luck=st.integers(0, 4), written=st.integers(0, 2))
    def power_cut(self, luck: int, written: int) -> None:
        if not luck:
            self.world.power_cut(written)
            promises.in_doubt(self.world)

    # What holds ---------------------------------------------------------------------

    @invariant()
    def nobody_is_dialled_whom_the_manager_took_away(self) -> None:
        """As far as the phone has heard; and everybody under the number that the sheet has now."""
        world = self.world
        queue, call = world.state.queue, world.state.call
        if queue is None or call is None or call.task is None or not call.task.id or call.number < 0:
            return
        if world.made and isinstance(world.made[-1], ef.Dial):
            now = {one.id: one for one in queue.sheet.tasks}
            assert now[call.task.id].number == call.remote, "dialled as it was before the revision"

    @invariant()
    def the_figures_add_up(self) -> None:
        queue = self.world.state.queue
        if queue is not None:
            counts = queue.counts()
            assert counts.done + counts.open + counts.waiting + counts.held + counts.dropped == counts.total

    @invariant()
    def revisions_only_rise(self) -> None:
        """In the ledger, within a session and sheet."""
        last: dict[str, int] = {}
        for entry in self.world.disk.journal:
            match entry:
                case SignedIn() | SignedOut():
                    last.clear()
                case Adopted():
                    assert entry.sheet.revision > last.get(entry.sheet.id, -1)
                    last[entry.sheet.id] = entry.sheet.revision

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if not self.world.broken:
                promises.replay(self.world)
                promises.disk_says_the_same(self.world)
                promises.one_result_per_call(self.world)
        finally:
            self.world.disk.close()


def _standing(world: Reality) -> dict[str, tuple[int, str]]:
    """Of every task that was dialled for this sheet: how often, and what came of it."""
    queue = world.state.queue
    assert queue is not None
    ended = [e.attempt.task for e in world.entries() if isinstance(e, Ended) and e.attempt.task]
    return {id: (queue.state(id).attempts, str(queue.state(id).outcome)) for id in set(ended) if queue.task(id) is not None}


TestRevisions = Revisions.TestCase
TestRevisions.settings = settings(
    max_examples=1500 if DEEP else 80, stateful_step_count=80 if DEEP else 50, deadline=None,
    suppress_health_check=list(HealthCheck), print_blob=True,
)
