# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones that follow the rules of leases, as plainly as can be, and the manager's real services behind them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from callsheet.core.model import Attempt, PastAttempt, Progress, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.core.queue.progress import carry_over
from callsheet.formats.lease import LeaseAnswer, LeaseRequest
from callsheet.formats.names import upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.sheet import read_sheet
from callsheet.formats.status import Progressed, Status
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import intake, issue, moves, renewal, sheets
from callsheet.manager.work.terms import Terms

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TERMS = Terms(seconds=100, renew=20, margin=30)
LIST = "campaign"


@dataclass
class Office:
    """The manager, and the true time."""

    database: Database
    now: datetime = START
    requests: int = 0

    def fetch(self, agent: str) -> Sheet:
        self.requests += 1
        with self.database.read() as db:
            what = sheets.current(db.connection(), agent, self.now)
            return read_sheet(issue.body(db, what, issue.Links("https://m/r/", "https://m/l")), name="s.json").sheet

    def ask(self, request: LeaseRequest) -> LeaseAnswer:
        self.requests += 1
        return renewal.answer(self.database, request, TERMS, self.now)

    def put(self, name: str, body: bytes, agent: str) -> intake.Received:
        self.requests += 1
        with self.database.write() as db:
            return intake.receive(db, name, body, agent, self.now)

    def settle(self) -> None:
        with self.database.write() as db:
            moves.settle_all(db, TERMS, self.now)

    def open(self, agents: tuple[str, ...], tasks: int) -> None:
        """A list, shared out."""
        with self.database.write() as db:
            for agent in agents:
                db.add(tables.Agent(id=agent, created=self.now))
            made = tables.CallList(key=LIST, title="Campaign", created=self.now, header={})
            db.add(made)
            db.flush()
            for n in range(tasks):
                number = f"+4420794600{n:02}"
                db.add(tables.Task(list_id=made.id, key=f"t{n}", position=n, number=number, canonical=number,
                                   name=f"Callee {n}", agent_id=agents[n % len(agents)], changed=self.now))
            db.flush()
            sheets.touch(db, {(agent, made.id) for agent in agents}, self.now)


@dataclass
class Told:
    """A call, and whether the manager can have heard of it."""

    attempt: Attempt
    phone: str
    heard: int = 0
    """When the manager was told, in requests so far; 0: not yet."""


@dataclass
class Phone:
    """One handset with a store that outlives power cuts."""

    id: str
    office: Office
    skew: float = 0.0
    """Seconds its clock is ahead."""
    calls: list[Told] = field(default_factory=list)
    """All phones write here: the truth."""
    on: bool = True
    agent: str = ""
    sheet: Sheet | None = None
    until: datetime | None = None
    """End of the lease by the answer; None: it must ask before it dials."""
    call: str = ""
    since: datetime | None = None
    contact: int = 0
    """When it last heard from the manager, in requests."""
    mine: dict[str, list[Attempt]] = field(default_factory=dict)
    told: Progress | None = None
    """What the manager has confirmed to know."""
    outbox: list[tuple[str, bytes, str]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def clock(self) -> datetime:
        return self.office.now + timedelta(seconds=self.skew)

    def dialable(self) -> set[str]:
        """What it would dial now if its agent were ready."""
        if not self.on or self.sheet is None or self.until is None or self.clock >= self.until:
            return set()
        return {task.id for task in self.sheet.tasks
                if not task.withdrawn and not task.held and not self._final(task.id)}

    def due(self, task: Task) -> bool:
        """By the appointment, wherever it was made."""
        own = self.mine.get(task.id)
        wait = own[-1].until if own else task.not_before
        return wait is None or self.clock >= wait

    def task(self, id: str) -> Task:
        assert self.sheet is not None
        return next(task for task in self.sheet.tasks if task.id == id)

    def rung(self, task: Task) -> list[datetime]:
        """Calls to the number that it knows of."""
        assert self.sheet is not None
        known = list(self.sheet.recent.get(task.number, ())) + [past.at for past in task.past]
        known += [attempt.dialled for attempt in self.mine.get(task.id, ())]
        kept: list[datetime] = []
        for at in sorted(known):
            if not kept or (at - kept[-1]).total_seconds() >= 1:
                kept.append(at)
        return kept

    def sign_in(self, agent: str, action: str = "claim") -> None:
        self.agent, self.mine, self.until, self.call, self.told = agent, {}, None, "", None
        self.sheet = self.office.fetch(agent)
        self.ask(action)

    def fetch(self) -> None:
        found = self.office.fetch(self.agent)
        self.contact = self.office.requests
        if self.sheet is None or found.id != self.sheet.id or found.revision > self.sheet.revision:
            self.sheet = found

    def ask(self, action: str, *, lost: bool = False) -> LeaseAnswer | None:
        """A request; `lost`: its answer never comes."""
        assert self.sheet is not None
        told = [call for call in self.calls if call.phone == self.id]
        progress = self.progress()
        answer = self.office.ask(LeaseRequest(
            format="callsheet-lease", version=1, action=action, agent=self.agent, phone=self.id, installation=1,  # type: ignore[arg-type]
            sheet=self.sheet.id, revision=self.sheet.revision,
            progress=None if action == "renew" and progress == self.told else progress, status=self._status()))
        for call in told:
            call.heard = call.heard or self.office.requests
        if lost:
            return None
        self.contact, self.told = self.office.requests, progress
        if not answer.granted:
            if action != "release":
                self.until = None
            return answer
        if action == "release":
            self.until = None
            return answer
        self.until = answer.until
        self.sheet = carry_over(self.sheet, answer.progress)
        if answer.revision > self.sheet.revision:
            self.fetch()
        return answer

    def begin(self, id: str) -> None:
        self.call, self.since = id, self.clock

    def end(self, action: str, wait: float) -> None:
        """The call is over and decided."""
        assert self.sheet is not None
        assert self.since is not None
        task = self.task(self.call) if self.call in {t.id for t in self.sheet.tasks} else Task(self.call, "")
        number = f"+4420794600{int(self.call[1:]):02}"
        outcome = Outcome.BUSY if action == "retry" else Outcome.ANSWERED
        attempt = Attempt(
            id=f"{self.id}-000001-{next(self._numbers)}", task=self.call, number=number, dialled=self.since,
            ended=self.clock, end=CallEnd(486 if action == "retry" else 200), outcome=outcome, ringing=self.since,
            action=action, agent=self.agent, phone=self.id,  # type: ignore[arg-type]
            until=self.clock + timedelta(seconds=wait) if action == "retry" else None)
        self.mine.setdefault(self.call, []).append(attempt)
        self.calls.append(Told(attempt, self.id))
        document = result_document(self.sheet, replace(task, number=number, withdrawn=False), attempt, self.id, self.clock)
        count = int(attempt.id.rpartition("-")[2])
        self.outbox.append((upload_name("result", self.agent, self.sheet.id, self.sheet.revision, self.id, count),
                            write_results(document), self.agent))
        self.call, self.since = "", None

    def send(self, index: int, *, keep: bool = False) -> None:
        """One upload; `keep`: its confirmation is lost, so it is sent again."""
        name, body, agent = self.outbox[index]
        assert self.office.put(name, body, agent).verdict in ("taken", "known")
        for told in self.calls:
            if told.attempt.id.encode() in body:
                told.heard = told.heard or self.office.requests
        if not keep:
            del self.outbox[index]

    def cut(self) -> None:
        """Power off. A call that is up is in doubt; here it never connected."""
        self.on, self.until, self.call, self.since, self.told = False, None, "", None, None

    def progress(self) -> Progress | None:
        if not self.mine or self.sheet is None:
            return None
        final = tuple(sorted(id for id in self.mine if self._final(id)))
        return Progress(
            self.sheet.id, self.sheet.revision, self.agent, final=final,
            tasks=tuple(self._remembered(id) for id in sorted(self.mine) if id not in final),
            recent={made[0].number: tuple(one.dialled for one in made) for made in self.mine.values()},
            do_not_call=tuple(sorted(made[-1].number for made in self.mine.values() if made[-1].action == "dnc")))

    def _remembered(self, id: str) -> Task:
        base = next((t for t in self.sheet.tasks if t.id == id), Task(id, "")) if self.sheet else Task(id, "")
        own = self.mine[id]
        known = {past.at for past in base.past}
        past = (*base.past, *(PastAttempt(o.dialled, o.outcome, o.counted) for o in own if o.dialled not in known))
        return Task(id, own[0].number, attempts=len(past), past=past, not_before=own[-1].until)

    def _final(self, id: str) -> bool:
        own = self.mine.get(id)
        return bool(own) and own[-1].action in ("done", "dnc")

    def _status(self) -> Status:
        open = len(self.sheet.tasks) - sum(task.withdrawn or self._final(task.id) for task in self.sheet.tasks) \
            if self.sheet else 0
        return Status(format="callsheet-status", version=1, at=self.clock, phone=self.id, agent=self.agent, work="ready",
                      activity="talking" if self.call else "idle", activity_since=self.since, task=self.call,
                      sheet=self.sheet.id if self.sheet else "", revision=self.sheet.revision if self.sheet else 0,
                      counts=Progressed(open=open))
