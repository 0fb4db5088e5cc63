# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails fifty times in one day; the phone's results are held against the callees' own log."""

from __future__ import annotations

import random
import signal
import time
from collections import defaultdict
from pathlib import Path

import pytest

from callsheet.adapters.store import SqliteStore
from callsheet.core.ledger import Ended, Intention, Withdrawn
from callsheet.core.model import Attempt, OrderKey, RetryRule, Sheet, Task
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.memory import counts
from callsheet.formats.results import Results, read_results
from callsheet.simulator.demo.office import Office

pytestmark = [pytest.mark.kill, pytest.mark.timeout(900)]

KILLS = 54
TASKS = 90
SLACK = 0.5
"""Seconds by which the phone's and the callee's clocks may differ: they are the same one, read in two processes."""
ASSIGNED = ("answer", "busy-then-answer", "hangs-up-first", "answer", "declines", "unallocated")


def day() -> Sheet:
    """Short waits, so that most of the day is spent in calls."""
    waits = {o: RetryRule("retry", after=1.0) for o in (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED_UNKNOWN)}
    return Sheet(
        id="cuts", agent="101", revision=1, mode="progressive", gap=0.0, preview=0.0, wrap_up=2.0, ring_timeout=2.0,
        max_attempts=60, order=(OrderKey("file"),), retry=waits,
        tasks=tuple(Task(f"t{n:02}", f"+4420794600{n:02}", name=f"Callee {n}") for n in range(TASKS)),
    )


def between(data: Path) -> bool:
    """Whether the store holds an intention without a result: the power failed in a call, or just before it."""
    store = SqliteStore(data, "demo", canonical, counts)
    store.start(lambda event: None)
    try:
        waiting: set[str] = set()
        for entry in store.load().entries:
            match entry:
                case Intention():
                    waiting.add(entry.attempt)
                case Withdrawn():
                    waiting.discard(entry.attempt)
                case Ended():
                    waiting.discard(entry.attempt.id)
        return bool(waiting)
    finally:
        store.close()


def until_a_call(office: Office, before: int) -> None:
    """Wait until the town has seen one more INVITE."""
    deadline = time.monotonic() + 30
    while len(office.town.calls) <= before:
        assert time.monotonic() < deadline, "the phone came back and rang nobody"
        time.sleep(0.005)


def complete_file(office: Office) -> Path | None:
    return next(iter(sorted(office.results.glob("complete-*.json"), reverse=True)), None)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Office, int, int]:
    """The results after a day of power cuts, the office they came from, and how many cuts there were, and in calls."""
    dice = random.Random(20261123)
    folder = tmp_path_factory.mktemp("cuts")
    office = Office(day(), folder, autopilot=True, auth=False)
    kills = in_call = 0
    with office:
        for n in range(TASKS):
            office.town.assign(f"+4420794600{n:02}", ASSIGNED[n % len(ASSIGNED)])
        while kills < KILLS:
            if kills % 4:
                until_a_call(office, len(office.town.calls))
                time.sleep(dice.uniform(0.0, 0.5))
            else:
                time.sleep(dice.uniform(0.2, 2.5))
            assert complete_file(office) is None, "the sheet was finished before the day was over: more tasks, please"
            assert office.phone is not None
            assert office.phone.poll() is None, (folder / "phone.log").read_text()[-2000:]
            office.stop_phone(signal.SIGKILL)
            kills += 1
            in_call += between(folder / "data")
            office.unknown = dice.choice("##1")
            office.start_phone()
        deadline = time.monotonic() + 400
        while complete_file(office) is None and time.monotonic() < deadline:
            time.sleep(0.2)
        path = complete_file(office)
        assert path is not None, "the sheet was never finished"
        time.sleep(1.0)
        results = read_results(path.read_bytes())
    return results, office, kills, in_call


def rung(office: Office) -> dict[str, list[float]]:
    """When each number was rung, by the callees' own log."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for call in office.town.calls:
        if call.direction == "to-town":
            found[canonical(call.number)].append(call.at)
    return found


def attempts(results: Results) -> dict[str, list[Attempt]]:
    return {canonical(t.number): sorted(t.attempts, key=lambda a: a.dialled) for t in results.tasks}


def test_there_were_enough_cuts_and_most_of_them_in_calls(evening: tuple[Results, Office, int, int]) -> None:
    results, office, kills, in_call = evening
    doubtful = sum(a.outcome is Outcome.UNKNOWN for t in results.tasks for a in t.attempts)
    print(f"{kills} power cuts, {in_call} between intention and result; {results.totals.attempts} attempts, "
          f"{doubtful} doubtful; the town was rung {sum(map(len, rung(office).values()))} times")
    assert kills >= 50
    assert in_call >= kills / 2


def test_every_task_has_one_final_outcome(evening: tuple[Results, Office, int, int]) -> None:
    results = evening[0]
    assert sorted(t.id for t in results.tasks) == sorted(t.id for t in day().tasks)
    assert all(t.final and t.outcome for t in results.tasks)
    ids = [a.id for t in results.tasks for a in t.attempts]
    assert len(ids) == len(set(ids))


def test_no_call_that_was_made_is_missing_in_the_results(evening: tuple[Results, Office, int, int]) -> None:
    results, office, _, _ = evening
    told = attempts(results)
    for number, times in rung(office).items():
        left = list(told[number])
        for at in times:
            fits = [a for a in left if a.dialled.timestamp() - SLACK <= at <= a.ended.timestamp() + SLACK]
            assert fits, f"a call to …{number[-2:]} is in the callees' log and in no result"
            left.remove(fits[0])
        assert all(a.outcome is Outcome.UNKNOWN for a in left), "an attempt was reported that nobody saw"


def test_nobody_was_rung_twice_without_a_reason(evening: tuple[Results, Office, int, int]) -> None:
    """After each attempt but the last stands a retry: by the policy, or by the agent's word on a doubtful call."""
    results, office, _, _ = evening
    for number, made in attempts(results).items():
        for attempt in made[:-1]:
            assert attempt.action == "retry", f"…{number[-2:]}: {attempt.outcome} and then another call"
        doubtful = sum(a.outcome is Outcome.UNKNOWN for a in made)
        policy = sum(a.outcome is not Outcome.UNKNOWN for a in made)
        assert len(rung(office).get(number, [])) <= policy + doubtful


def test_every_attempt_was_uploaded_as_it_was_told_in_the_end(evening: tuple[Results, Office, int, int]) -> None:
    results, office, _, _ = evening
    uploaded: defaultdict[str, list[Attempt]] = defaultdict(list)
    for path in sorted(office.results.glob("result-*.json")):
        for task in read_results(path.read_bytes()).tasks:
            for attempt in task.attempts:
                uploaded[attempt.id].append(attempt)
    for task in results.tasks:
        for attempt in task.attempts:
            assert attempt in uploaded[attempt.id], f"{attempt.id} was not uploaded, or otherwise"
