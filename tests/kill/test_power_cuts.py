# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts at the worst moments: SIGKILL to a phone at work, again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from callsheet.core.model import Attempt, Disposition, RetryRule, Sheet, Task
from callsheet.core.outcomes import Outcome
from callsheet.formats.results import Results
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.config import build_config
from callsheet.simulator.town.log import CallRecord
from tests.kill.books import Life, open_intentions, stored, unasked, unequal, unpaired
from tests.support.running import RunningPhone
from tests.support.workplace import AGENT, PIN, Workplace, number, sheet_of

pytest.importorskip("pjsua2")
pytestmark = pytest.mark.timeout(1200)
KILLS = 56
TASKS = 70
SEED = 20
PHONE = "mortal"
PATIENCE = 60.0
BEHAVIOURS = {
    "answer": {"share": 45, "ring": [0.1, 0.5]},
    "busy-then-answer": {"share": 15},
    "rings-out": {"share": 10},
    "no-answer-then-answer": {"share": 5},
    "unallocated": {"share": 5},
    "declines": {"share": 8, "ring": [0.1, 0.5]},
    "hangs-up-first": {"share": 10, "ring": [0.1, 0.4], "talk": [0.2, 0.8]},
    "answers-the-cancel": {"share": 2},
}
AFTER_RINGING_OUT = RetryRule("retry", after=1.0)


class Report(Struct):
    """What is left when all is over."""

    lives: list[Life]
    attempts: dict[str, list[Attempt]]
    complete: Results
    calls: list[CallRecord]
    sheet: Sheet


def mixed_sheet() -> Sheet:
    """Callees of all kinds, and an agent who is done with each in no time.

    While the callee is shown the intention is stored and no INVITE has left: a cut may fall there, too.
    """
    again = (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.UNAVAILABLE, Outcome.FAILED_UNKNOWN)
    return sheet_of(
        *(Task(f"t{n:03}", number(n), name=f"Callee {n}") for n in range(TASKS)),
        preview=0.2, ring_timeout=0.9, max_attempts=3, wrap_up=5.0, retry=dict.fromkeys(again, AFTER_RINGING_OUT),
        dispositions=(Disposition("1", "agreed", "Agreed"), Disposition("2", "later", "Not now"),
                      Disposition("3", "refused", "Not interested")),
    )


class Tormentor:
    """Lets a phone live and kills it, many times."""

    def __init__(self, place: Workplace, town: TownServer) -> None:
        self.place, self.town = place, town
        self.lives: list[Life] = []
        self._dice = random.Random(SEED)
        host, port = town.address
        data = place.folder / "data"
        self._data, self._copy = data, place.folder / "copy"
        self._phones = {unknown: place.phone(
            f"{host}:{port}", spoken=False, start=False,
            phone={"id": PHONE, "agent": "", "auto_ready": False}, sip={"register": True}, data={"directory": str(data)},
            simulator={"enabled": True, "autopilot": True, "agent": AGENT, "pin": PIN, "talk": [0.2, 0.8],
                       "unknown": unknown},
        ) for unknown in ("#", "1")}
        """Two agents: one who has doubtful calls made again, one who says that they were made."""

    def live_and_die(self) -> None:
        """One life, cut off at a moment drawn by lot."""
        phone = self._begin()
        match self._dice.choices(("call", "result", "any"), (75, 13, 12))[0]:
            case "call":
                self._await_call(phone)
            case "result":
                self._await_end(phone)
            case _:
                time.sleep(self._dice.uniform(0.0, 2.5))
        self._cut(phone)

    def live_on(self) -> Results:
        """A life that lasts until the sheet is finished."""
        phone = self._begin()
        found = self.place.wait(lambda: not phone.alive or self.place.complete(), 120.0)
        assert phone.alive, phone.log()[-2000:]
        # What was sent once must not be sent again.
        assert isinstance(found, Results)
        phone.stop()
        return found

    def _begin(self) -> RunningPhone:
        before = open_intentions(stored(self._data, self._copy, PHONE)) if self._data.exists() else frozenset()
        life = Life(len(self.lives), time.time(), "#1"[len(self.lives) % 2], open_before=before)
        self.lives.append(life)
        return self._phones[life.unknown].start()

    def _cut(self, phone: RunningPhone) -> None:
        phone.cut()
        life = self.lives[-1]
        life.ended = time.time()
        life.open_after = open_intentions(stored(self._data, self._copy, PHONE))

    def _await_call(self, phone: RunningPhone) -> None:
        """Somewhere in a call that is up when the moment comes."""
        end = time.monotonic() + PATIENCE
        wait = self._dice.uniform(0.0, 0.9)
        while time.monotonic() < end and phone.alive and not self.place.complete():
            call = self._newest()
            if call is not None and not call.result and time.time() - call.at >= wait:
                return
            if call is not None and call.result and call.at > self.lives[-1].began:
                # It was over too soon for this moment; the next call may be so as well.
                wait *= 0.8
                self._next_call_after(call, end)
            time.sleep(0.005)

    def _await_end(self, phone: RunningPhone) -> None:
        """Just after a call: results, decisions and uploads are being written."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and phone.alive and not self.place.complete():
            call = self._newest()
            if call is not None and call.ended_at is not None:
                time.sleep(self._dice.uniform(0.0, 0.3))
                return
            time.sleep(0.005)

    def _newest(self) -> CallRecord | None:
        """The last call of this life."""
        calls = self.town.calls
        return calls[-1] if calls and calls[-1].at >= self.lives[-1].began else None

    def _next_call_after(self, call: CallRecord, end: float) -> None:
        while self._newest() is call and time.monotonic() < end and not self.place.complete():
            time.sleep(0.005)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    folder: Path = tmp_path_factory.mktemp("cuts")
    config = build_config({"seed": "cuts", "registrar": {"users": {AGENT: f"secret-{AGENT}"}},
                           "timers": {"rtp_silence": 2.0}, "behaviours": BEHAVIOURS})
    sheet = mixed_sheet()
    with Workplace(folder / "place") as place, TownServer(config, log=folder / "town.jsonl") as town:
        place.publish(sheet)
        tormentor = Tormentor(place, town)
        while len(tormentor.lives) < KILLS and not place.complete():
            tormentor.live_and_die()
        complete = tormentor.live_on()
        town.stop()
        yield Report(tormentor.lives, place.attempts(), complete, town.calls, sheet)


def test_the_phone_was_killed_often_and_in_the_middle_of_calls(report: Report) -> None:
    killed = [life for life in report.lives if life.ended != float("inf")]
    inside = [life for life in killed if life.open_after]
    assert len(killed) >= 50
    assert len(inside) >= len(killed) / 2, "between stored intention and stored result"
    assert len(report.calls) > TASKS / 2


def test_every_call_that_a_callee_saw_has_one_result_and_no_result_was_made_up(report: Report) -> None:
    assert unpaired(report.calls, report.attempts) == []


def test_every_doubtful_call_was_put_to_the_agent_once(report: Report) -> None:
    doubtful = set().union(*(life.open_after for life in report.lives))
    unknown = [a.id for made in report.attempts.values() for a in made if a.outcome is Outcome.UNKNOWN]
    assert sorted(unknown) == sorted(doubtful)
    decided = {a.action for made in report.attempts.values() for a in made if a.outcome is Outcome.UNKNOWN}
    assert decided == {"retry", "done"}, "both agents were asked"


def test_nobody_was_rung_again_without_a_word_of_policy_or_agent(report: Report) -> None:
    assert unasked(report.attempts, report.lives) == []


def test_every_task_reached_one_outcome_and_the_report_adds_up(report: Report) -> None:
    assert [task.id for task in report.complete.tasks] == [task.id for task in report.sheet.tasks]
    assert unequal(report.complete, report.attempts) == []
