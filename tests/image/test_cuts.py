# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten times the power goes in the middle of a call: each time the phone comes back with all it knew, and asks."""

from __future__ import annotations

from collections import Counter

import pytest

from callsheet.core.model import Attempt, Disposition, Task
from callsheet.core.outcomes import Outcome
from callsheet.simulator.town.behaviours import Behaviour
from tests.image.desk import START, Desk
from tests.image.machine import Phone
from tests.kill.books import unequal, unpaired
from tests.support.workplace import number, sheet_of

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(7200)]
CUTS = 10
PEOPLE = ("Abe", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ivy", "Joe", "Ken", "Lea")
TASKS = tuple(Task(name.lower(), number(n), name=name) for n, name in enumerate(PEOPLE, 200))
KEYS = {"Please decide": "1", "Wrap-up": "1", "Paused": "A"}
"""The agent says that the call in doubt was made, and how it went."""


@pytest.fixture(scope="module")
def attempts(phone: Phone, desk: Desk) -> dict[str, list[Attempt]]:
    """All that the server has, after ten cuts and a last life in peace."""
    for task in TASKS:
        desk.town.assign(task.number, Behaviour(ring=0.3))
    desk.office.publish(sheet_of(*TASKS, max_attempts=1, wrap_up=60.0, dispositions=(
        Disposition("1", "agreed", "Agreed"), Disposition("2", "refused", "Refused"))))
    for cut in range(CUTS):
        desk.sign_in()
        calls = len(desk.town.calls)
        desk.work("Talking", KEYS, timeout=START)
        assert len(desk.town.calls) == calls + 1, f"life {cut}"
        phone.kill()
        phone.boot()
        desk.sit_down(phone)
    desk.sign_in()
    desk.work("Finished", KEYS, on_sight=desk.hang_up_on(PEOPLE))
    desk.office.wait(desk.office.complete, 120.0)
    return desk.office.attempts()


def test_nothing_was_lost_and_nothing_was_made_up(attempts: dict[str, list[Attempt]], desk: Desk) -> None:
    assert unpaired(desk.town.calls, attempts) == []
    complete = desk.office.complete()
    assert complete is not None
    assert unequal(complete, attempts) == []
    assert [task.id for task in complete.tasks] == [task.id for task in TASKS]


def test_every_call_in_doubt_was_put_to_the_agent(attempts: dict[str, list[Attempt]]) -> None:
    outcomes = Counter(made.outcome for task in attempts.values() for made in task)
    assert outcomes == {Outcome.UNKNOWN: CUTS, Outcome.ANSWERED: len(TASKS) - CUTS}
    assert {made.disposition for task in attempts.values() for made in task} == {"agreed"}


def test_nobody_was_rung_twice(attempts: dict[str, list[Attempt]], desk: Desk) -> None:
    assert Counter(call.number for call in desk.town.calls) == {task.number: 1 for task in TASKS}
    assert len(attempts) == len(TASKS)
