# SPDX-License-Identifier: GPL-3.0-or-later
"""A task is in one place: random interleavings of phones that vanish and come back, against the manager's services.

What is promised, and asked after every step: no two phones may dial a task at the
same time; a task that is final is not dialled again, and no cap is exceeded, unless a
phone that had vanished had not told of it by the time the other one last asked; in the end every task has exactly one outcome,
and every call stands in the books once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

pytest.importorskip("sqlalchemy")

from sqlalchemy import delete, select

from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import leases, moves, sheets
from callsheet.manager.work.attempts import SUMMARY
from tests.manager.honest import LIST, TERMS, Office, Phone, Told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
AGENTS = ("101", "102")
TASKS = 3
CAP, PERIOD = 2, 400.0
"""At most so many calls to one number in so many seconds."""
SKEWS = (-24.0, 0.0, 24.0)
"""Seconds; all within the margin."""
PHONES = st.integers(0, len(SKEWS) - 1)
ACTIONS = st.sampled_from(("retry", "retry", "done", "dnc"))
WAITS = st.sampled_from((0.0, 30.0, 200.0))
KINDS = (
    *["work"] * 18, *["renew"] * 6, *["reassign"] * 4, *["time"] * 3, *["upload"] * 2, *["sign out"] * 2,
    *["power cut"] * 2, "poll", "take over", "force", "free", "sweep", "die",
)

class OnePlace(RuleBasedStateMachine):
    database: Database

    @initialize()
    def begin(self) -> None:
        with self.database.write() as db:
            for table in reversed(tables.Base.metadata.sorted_tables):
                db.execute(delete(table))
        self.office = Office(self.database)
        self.office.open(AGENTS, TASKS)
        self.truth: list[Told] = []
        self.phones = [Phone(f"p{n}", self.office, skew, self.truth) for n, skew in enumerate(SKEWS)]
        self.dead: set[str] = set()
        self.excused = 0

    def teardown(self) -> None:
        if hasattr(self, "dead"):
            self.finish()

    # One rule: with one for each kind of step, most runs would lack one or the other of them.

    @rule(kind=st.sampled_from(KINDS), phone=PHONES, agent=st.sampled_from(AGENTS), data=st.data())
    def step(self, kind: str, phone: int, agent: str, data: st.DataObject) -> None:
        one = self.phones[phone]
        match kind:
            case "work":
                self.work(one, agent, data.draw)
            case "renew":
                self.renew(one, lost=data.draw(st.booleans()))
            case "upload" if one.on and one.outbox:
                one.send(data.draw(st.integers(0, len(one.outbox) - 1)), keep=data.draw(st.booleans()))
            case "poll" if one.on and one.agent:
                one.fetch()
            case "sign out":
                self.sign_out(one, lost=data.draw(st.booleans()))
            case "take over" if one.on and not one.agent:
                one.sign_in(agent, "take-over")
            case "force" if one.on and not one.agent and not any(p.on and p.agent == agent for p in self.phones):
                one.sign_in(agent, "force")  # the agent sees that the other phone is switched off, and says so
            case "power cut":
                one.cut()
            case "die" if not self.dead:
                one.cut()
                one.outbox.clear()  # for good, with all that was in its store
                self.dead.add(one.id)
            case "time":
                self.advance(data.draw(st.sampled_from((1.0, 10.0, 40.0, 99.0, 140.0))))
            case "reassign":
                self.reassign(data.draw(st.sets(st.integers(0, TASKS - 1), min_size=1)),
                              data.draw(st.sampled_from((*AGENTS, moves.POOL))))
            case "free":
                self.free(agent)
            case "sweep":
                self.office.settle()

    # What phones and their agents do --------------------------------------------

    def work(self, one: Phone, agent: str, draw: Callable[[Any], Any]) -> None:
        """Whatever comes next for somebody who wants to work."""
        if one.id in self.dead:
            return
        if not one.on:
            one.on = True
        elif not one.agent:
            one.sign_in(agent)
        elif one.call:
            self.advance(2.0)
            one.end(draw(ACTIONS), draw(WAITS))
        elif one.until is None or one.clock >= one.until:
            self.renew(one, lost=False)
        elif ready := sorted(id for id in one.dialable() if one.due(one.task(id)) and self.within_cap(one, id)):
            id = draw(st.sampled_from(ready))
            self.check_dial(one, id)
            one.begin(id)

    def renew(self, one: Phone, *, lost: bool) -> None:
        if not (one.on and one.agent):
            return
        answer = one.ask("renew" if one.until else "claim", lost=lost)
        if answer is not None and answer.asked_by:
            self.sign_out(one, lost=False)

    def sign_out(self, one: Phone, *, lost: bool) -> None:
        if one.on and one.agent and not one.call:
            one.ask("release", lost=lost)
            one.agent, one.sheet, one.until, one.mine = "", None, None, {}

    # What time and the manager do -----------------------------------------------

    def advance(self, seconds: float) -> None:
        self.office.now += timedelta(seconds=seconds)

    def reassign(self, tasks: set[int], agent: str) -> None:
        with self.database.write() as db:
            rows = db.scalars(select(tables.Task).where(tables.Task.key.in_([f"t{n}" for n in tasks]))).all()
            moves.move(db, {row.id: agent for row in rows}, TERMS, self.office.now)

    def free(self, agent: str) -> None:
        """Somebody has looked: that phone is switched off."""
        with self.database.write() as db:
            sheet = self.sheet(db, agent)
            holder = next((p for p in self.phones if p.id == sheet.phone), None)
            if holder is not None and not (holder.on and holder.agent == agent):
                leases.free(db, sheet, TERMS, self.office.now)

    # What must hold -------------------------------------------------------------

    @invariant()
    def no_task_can_be_dialled_by_two(self) -> None:
        counts = Counter(id for phone in getattr(self, "phones", ()) for id in phone.dialable())
        assert all(count == 1 for count in counts.values()), counts

    def check_dial(self, one: Phone, id: str) -> None:
        """May this call be made, in the light of all that really happened?"""
        others = [told for told in self.truth if told.attempt.task == id and told.phone != one.id]
        untold = any(not told.heard or told.heard > one.contact for told in others)
        done = [told for told in self.truth if told.attempt.task == id and told.attempt.action in ("done", "dnc")]
        over = len([told for told in self.truth if told.attempt.task == id and self.recent(one, told)]) >= CAP
        busy = any(p.on and p is not one and p.call == id and p.until and p.clock < p.until for p in self.phones)
        assert not busy, "two phones call the same task"
        if done or over:
            assert untold, f"{id} is dialled again: {'final' if done else 'cap'}"
            self.excused += 1

    def within_cap(self, one: Phone, id: str) -> bool:
        known = [at for at in one.rung(one.task(id)) if (one.clock - at).total_seconds() < PERIOD]
        return len(known) < CAP

    def recent(self, one: Phone, told: Told) -> bool:
        return (one.clock - told.attempt.dialled).total_seconds() < PERIOD

    def finish(self) -> None:
        """Everybody comes back, says all, and one agent finishes what is left."""
        for one in self.phones:
            if one.id in self.dead:
                continue
            one.on = True
            if one.call:
                one.end("retry", 0.0)
            if one.agent:
                one.ask("renew")
                one.ask("release")
            while one.outbox:
                one.send(len(one.outbox) - 1)
        self.advance(TERMS.seconds + TERMS.margin + 1)
        with self.database.write() as db:
            for agent in AGENTS:  # what a dead phone was at is in doubt from now on, not only when another one signs in
                leases.free(db, self.sheet(db, agent), TERMS, self.office.now)
            rows = db.scalars(select(tables.Task)).all()
            moves.move(db, {row.id: AGENTS[-1] for row in rows}, TERMS, self.office.now)
            for row in rows:
                row.held = ""  # somebody has decided
            db.flush()
            sheets.touch(db, {(AGENTS[-1], self.sheet(db, AGENTS[-1]).list_id)}, self.office.now)
        self.advance(PERIOD + 300)
        last = Phone("last", self.office, 0.0, self.truth)
        last.sign_in(AGENTS[-1])
        for id in sorted(last.dialable()):
            self.check_dial(last, id)
            last.begin(id)
            self.advance(1.0)
            last.end("done", 0.0)
        last.ask("release")
        while last.outbox:
            last.send(0)
        self.check_books()

    def check_books(self) -> None:
        with self.database.read() as db:
            rows = db.scalars(select(tables.Task)).all()
            assert len(rows) == TASKS
            assert all(row.final and row.outcome for row in rows if not self.unreported(row.key))
            assert all(row.final for row in rows)
            assert all(row.moving_to is None for row in rows)
            made = [row for row in db.scalars(select(tables.Attempt)) if not row.id.startswith(SUMMARY)]
            expected = {told.attempt.id for told in self.truth if told.phone not in self.dead}
            assert expected <= {row.id for row in made}, "a call is missing"
            stand_ins = [row for row in db.scalars(select(tables.Attempt)) if row.id.startswith(SUMMARY)]
            known = [(row.canonical, row.dialled) for row in made]
            for row in stand_ins:
                assert not any(number == row.canonical and abs((at - row.dialled).total_seconds()) < 1
                               for number, at in known), "a call stands there twice"
            assert not db.scalars(select(tables.Delivery).where(tables.Delivery.error != "")).all()

    def unreported(self, id: str) -> bool:
        """Its last word was told only in a summary: the phone died before the file about the call went out."""
        return any(told.attempt.task == id and told.phone in self.dead for told in self.truth)

    @staticmethod
    def sheet(db, agent: str) -> tables.Sheet:
        found = db.scalar(select(tables.Sheet).join(tables.CallList).where(
            tables.Sheet.agent_id == agent, tables.CallList.key == LIST))
        assert found is not None
        return found


def test_a_task_is_in_one_place(database: Database) -> None:
    run_state_machine_as_test(type("OnePlace", (OnePlace,), {"database": database}), settings=settings(
        max_examples=40, stateful_step_count=70, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]))
