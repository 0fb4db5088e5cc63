# SPDX-License-Identifier: GPL-3.0-or-later
"""The quick look at a task never lets through what the rules would refuse or change."""

from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callsheet.core.model import HistoryEntry, Task
from callsheet.formats import tasks
from callsheet.formats.errors import Invalid
from tests.unit.formats.strategies import tasks as valid_tasks

any_text = st.text(max_size=8) | st.sampled_from(["", " ", "a ", "\x1b", "x" * 600, "\u2028", "　", "Mars", "UTC"])
changes = st.fixed_dictionaries({}, optional={
    "id": any_text, "number": any_text, "name": any_text, "service": any_text, "region": any_text, "zone": any_text,
    "held": any_text, "caller_id": any_text, "priority": st.integers(), "attempts": st.integers(0, 2000),
    "extra": st.dictionaries(any_text, any_text | st.integers() | st.floats() | st.none(), max_size=2),
    "history": st.lists(st.builds(HistoryEntry, text=any_text, by=any_text), max_size=2).map(tuple),
})


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(valid_tasks("id-1"), changes)
def test_it_agrees_with_the_rules(task: Task, changed) -> None:
    task = replace(task, **changed)
    assert outcome(task) == outcome(task, quick=False)


def outcome(task: Task, quick: bool = True):
    with mock.patch.object(tasks, "_is_ordinary", tasks._is_ordinary if quick else lambda _: False):
        try:
            return tasks.checked_task(task)
        except Invalid as fault:
            return fault.reason, fault.path
