# SPDX-License-Identifier: GPL-3.0-or-later
"""A believable day in an office: lists, agents, phones, calls and what became of them.

    python -m tests.manager.believable sqlite:////tmp/day.db [agents]
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta

import msgspec

from callsheet.core.model import Attempt as Call
from callsheet.core.outcomes import CallEnd, Outcome, Reason
from callsheet.formats.status import Progressed, Status
from callsheet.manager.storage.database import Database, open_database
from callsheet.manager.storage.tables import (
    Agent,
    Attempt,
    CallList,
    Delivery,
    DoNotCall,
    ImportRun,
    Phone,
    Sheet,
    Task,
    WorkRecord,
)

NAMES = """Anna Becker|Jonas Weber|王小明|Leila Haddad|Mateusz Kowalski|Ingrid Nyström|李娜|Paul Hoffmann|Sofia Rossi
Ahmed El-Sayed|Chloé Martin|Tomás García|Eva Novotná|Иван Петров|Grace O'Neill|陈伟|Nina Schulz|David Cohen|Yuki Tanaka
Marta Silva|Oliver Brandt|张敏|Fatima Zahra|Lukas Fischer""".replace("\n", "|").split("|")
FIRST = (
    "Karl", "Maria", "Peter", "Ursula", "Hans", "Sabine", "Jürgen", "Petra", "Klaus", "Monika", "伟",
    "芳", "娜", "秀英", "Wolfgang", "Renate", "Müjde", "Åse", "Zoë", "Łucja",
)
LAST = (
    "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz",
    "Hoffmann", "王", "李", "张", "刘", "Yıldız", "Sørensen", "Çelik", "Nowak",
)
SERVICES = ("Heating check is due", "Contract ends in March", "Offer 4711: solar roof", "Appointment for the smart meter")
REGIONS = ("North", "South", "East", "West")
ENDS = (
    (Outcome.ANSWERED, 200, "OK", 16, 38), (Outcome.NO_ANSWER, 487, "Request Terminated", None, 26),
    (Outcome.BUSY, 486, "Busy Here", 17, 11), (Outcome.UNAVAILABLE, 480, "Temporarily Unavailable", 20, 9),
    (Outcome.SUSPECTED_EMPTY, 404, "Not Found", None, 5), (Outcome.EMPTY, 604, "Does Not Exist Anywhere", 1, 3),
    (Outcome.DECLINED, 603, "Decline", 21, 3), (Outcome.NETWORK_TROUBLE, 503, "Service Unavailable", 34, 3),
    (Outcome.UNWANTED, 607, "Unwanted", None, 1), (Outcome.OUR_FAULT, 408, "Request Timeout", None, 1),
)
SAID = (("done", 34), ("interested", 22), ("not-interested", 26), ("call-back", 10), ("wrong-person", 6), ("do-not-call", 2))
STATES = (
    ("ready", "talking", 40), ("ready", "ringing", 10), ("ready", "dialling", 5), ("ready", "wrap-up", 12),
    ("ready", "preview", 6), ("ready", "idle", 8), ("paused", "idle", 12), ("off", "idle", 7),
)
LASTS = {"dialling": 5, "ringing": 25, "preview": 20, "wrap-up": 50}
"""Seconds, at most."""
PAUSES = ("pause.lunch", "pause.break", "pause.training", "Team meeting with the new regional lead")


class Day:
    """Fills a database. The same seed gives the same day, relative to `now`."""

    def __init__(self, database: Database, agents: int = 24, tasks: int = 60, seed: int = 7, now: datetime | None = None):
        self.random = random.Random(seed)
        self.database = database
        self.agents, self.tasks = agents, tasks
        self.now = now or datetime.now(UTC).replace(microsecond=0)
        self.begun = self.now - timedelta(hours=4, minutes=20)
        self._calls = 0

    def fill(self) -> Day:
        """Write it all."""
        with self.database.write() as db:
            lists = self._lists(db)
            db.flush()
            for number in range(self.agents):
                self._agent(db, number, lists)
            for task in range(23):
                db.add(self._task(lists[1], 9_000_000 + task, None))
            self._troubles(db)
        return self

    def _lists(self, db) -> list[CallList]:
        rules = {"rules": {"hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00:00", "end": "20:00:00"}]}}
        made = [
            CallList(key="heating-nov", title="Heating checks, November", header={"mode": "progressive", **rules},
                     created=self.now - timedelta(days=3), priority=1),
            CallList(key="solar", title="Solar roofs 太阳能屋顶", header={"mode": "preview", **rules},
                     created=self.now - timedelta(days=1)),
            CallList(key="renewals-q4", title="Renewals Q4", header={"mode": "preview"}, created=self.now - timedelta(days=9),
                     state="stopped", stop_reason="The network blocks our number: 603 Network Blocked"),
        ]
        db.add_all(made)
        db.flush()
        db.add_all(ImportRun(list_id=one.id, at=one.created, file=f"{one.key}.xlsx", sha256=f"{one.id:064x}",
                             rows=self.agents * self.tasks // 3 + 12, accepted=self.agents * self.tasks // 3, rejected=12)
                   for one in made)
        return made

    def _pick(self, table):
        return self.random.choices(table, [row[-1] for row in table])[0]

    def _task(self, of: CallList, position: int, agent: str | None) -> Task:
        random, number = self.random, f"+49{30 + position % 60}{self.random.randrange(10**6, 10**7)}"
        return Task(
            list_id=of.id, key=f"{of.key}-{position}", position=position, number=number, canonical=number,
            name=f"{random.choice(FIRST)} {random.choice(LAST)}", region=random.choice(REGIONS), language="de",
            zone="" if random.random() < 0.02 else "Europe/Berlin", priority=random.choice((0, 0, 0, 1, 5)),
            details={"service": random.choice(SERVICES), "extra": {"customer": f"K-{position:06}"},
                     "history": [{"text": "Asked for an offer by e-mail", "at": self.begun.isoformat(), "by": "web"}]},
            agent_id=agent, changed=self.begun,
        )

    def _agent(self, db, number: int, lists: list[CallList]) -> None:
        agent = str(101 + number)
        name = NAMES[number % len(NAMES)] + (f" {number // len(NAMES) + 1}" if number >= len(NAMES) else "")
        db.add(Agent(id=agent, name=name, languages=["de"], regions=[self.random.choice(REGIONS)], created=self.now))
        db.flush()
        tasks = []
        for position in range(self.tasks):
            of = lists[(0, 0, 0, 1, 1, 2)[position % 6]]
            tasks.append(self._task(of, number * 1000 + position, agent))
        db.add_all(tasks)
        db.flush()
        for of in lists:
            db.add(Sheet(agent_id=agent, list_id=of.id, revision=3, issued=self.begun))
        phone = f"phone-{number + 1:02}"
        self._work(db, agent, phone, tasks)
        self._status(db, number, agent, phone, tasks, lists)

    def _work(self, db, agent: str, phone: str, tasks: list[Task]) -> None:
        at = self.begun + timedelta(seconds=self.random.randrange(900))
        db.add(WorkRecord(phone=phone, agent_id=agent, at=at, work="ready"))
        chosen = self.random.sample(tasks, self.random.randrange(len(tasks) // 2, len(tasks) * 4 // 5))
        pace = (self.now - at).total_seconds() / len(chosen)
        for task in chosen:
            at += timedelta(seconds=self.random.uniform(0.2, 1.0) * pace)
            if at > self.now - timedelta(minutes=3):
                break
            at = self._call(db, task, agent, phone, at)
        for minutes in (95, 160):
            pause = self.begun + timedelta(minutes=minutes)
            db.add(WorkRecord(phone=phone, agent_id=agent, at=pause, work="paused", reason="pause.break"))
            db.add(WorkRecord(phone=phone, agent_id=agent, at=pause + timedelta(minutes=12), work="ready"))

    def _call(self, db, task: Task, agent: str, phone: str, at: datetime) -> datetime:
        outcome, code, phrase, cause, _ = self._pick(ENDS)
        talk = self.random.lognormvariate(5.3, 0.7) if outcome is Outcome.ANSWERED else 0.0
        ended = at + timedelta(seconds=8 + talk)
        said = self._pick(SAID)[0] if outcome is Outcome.ANSWERED else ""
        final = said in ("done", "interested", "not-interested", "wrong-person", "do-not-call") or outcome in (
            Outcome.EMPTY, Outcome.DECLINED, Outcome.UNWANTED)
        again = None if final else ended + timedelta(minutes=self.random.choice((-35, 15, 60, 240)))
        self._calls += 1
        call = Call(
            id=f"{phone}-1-{self._calls}", task=task.key, number=task.number, dialled=at, ended=ended, outcome=outcome,
            end=CallEnd(code=code, phrase=phrase, reasons=(Reason("Q.850", cause),) if cause else (), by="far"),
            answered=at + timedelta(seconds=8) if talk else None, ring_seconds=7.0, talk_seconds=round(talk, 1),
            counted=outcome is not Outcome.OUR_FAULT, disposition=said, until=again, agent=agent, phone=phone,
            note="Wants a call after five" if said == "call-back" else "", action="done" if final else "retry",
        )
        db.add(Attempt(
            id=call.id, task_id=task.id, list_id=task.list_id, agent_id=agent, phone=phone, canonical=task.canonical,
            dialled=at, ended=ended, outcome=outcome.value, counted=call.counted, talk_seconds=call.talk_seconds,
            issued=ended, body=msgspec.to_builtins(call),
        ))
        task.final, task.outcome, task.disposition, task.note = final, outcome.value, said, call.note
        task.attempts, task.not_before, task.callback, task.changed = 1, again, said == "call-back", ended
        if outcome is Outcome.OUR_FAULT:
            task.held = "our-fault"
        return ended

    def _status(self, db, number: int, agent: str, phone: str, tasks: list[Task], lists: list[CallList]) -> None:
        random = self.random
        work, activity, _ = self._pick(STATES)
        since = self.now - timedelta(seconds=random.randrange(5, 2400))
        open_ = [task for task in tasks if not task.final]
        task = random.choice(open_)
        busy = activity not in ("idle",)
        registered, headset = number % 11 != 6, number % 13 != 9
        blocker = ""
        if not registered or not headset:
            blocker, work, activity, busy = ("unregistered" if not registered else "no-headset"), "ready", "idle", False
        elif work == "ready" and activity == "idle":
            blocker = random.choice(("hours", "cap", "retry-wait", "gap"))
        key = next(one.key for one in lists if one.id == task.list_id)
        status = Status(
            format="callsheet-status", version=1, at=self.now, phone=phone, agent=agent, work=work, since=since,
            reason=random.choice(PAUSES) if work == "paused" else "", activity=activity,
            activity_since=self.now - timedelta(seconds=random.randrange(2, LASTS.get(activity, 300))) if busy else None,
            task=task.key if busy else "", sheet=key, revision=3,
            counts=Progressed(total=len(tasks), done=len(tasks) - len(open_), open=len(open_)),
            registered=registered, headset=headset, blocker=blocker,
            blocked_until=self.now + timedelta(minutes=random.randrange(2, 300)) if blocker in ("hours", "cap", "retry-wait") else None,
            outbox=random.choice((0,) * 9 + (1, 2)) + (17 if number % 19 == 5 else 0),
            faults=("display",) if number % 17 == 3 else (), firmware="0.3",
        )
        quiet = number % 23 == 12
        heard = self.now - timedelta(minutes=9 if quiet else 0, seconds=random.randrange(50))
        db.add(Phone(id=phone, installation=1, agent_id=agent, heard=heard, status=msgspec.to_builtins(status)))
        db.flush()
        sheet = db.query(Sheet).filter_by(agent_id=agent, list_id=task.list_id).one()
        if work != "off":
            sheet.phone, sheet.installation, sheet.leased, sheet.heard = phone, 1, self.begun, heard
            sheet.until, sheet.held_revision = heard + timedelta(minutes=10), 3

    def _troubles(self, db) -> None:
        db.add(Delivery(name="result-103-heating-nov-3-phone-03-17.json", sha256="0" * 64, kind="result", agent_id="103",
                        phone="phone-03", received=self.now - timedelta(minutes=41), error="line 1, column 7: unknown field",
                        body=b"{}"))
        for index, (reason, source) in enumerate((("asked by letter", "manager"), ("said so in a call", "callee"), ("607", "network"))):
            db.add(DoNotCall(canonical=f"+49301234{index:03}", reason=reason, source=source, by="mia", at=self.now))


if __name__ == "__main__":
    opened = open_database(sys.argv[1], check=False)
    opened.upgrade()
    Day(opened, *(int(word) for word in sys.argv[2:])).fill()
    opened.close()
