# SPDX-License-Identifier: GPL-3.0-or-later
"""`sheet plan`: order, times, reasons and sources."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsheet.core.model import Cap, OrderKey, Rules, Sheet, Task, Window
from callsheet.core.plan import Plan, Value, plan
from callsheet.core.presets import PRESETS
from callsheet.core.queue import Blocker, SheetRefused
from callsheet.core.settings import CallSettings, NumberSettings

T0 = datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp()
HOUR = 3600.0


def when(offset: float) -> datetime:
    return datetime.fromtimestamp(T0 + offset, UTC)


def planned(*tasks: Task, **fields: object) -> Plan:
    sheet = Sheet("s", "101", 1, tasks, **fields)  # type: ignore[arg-type]
    return plan(sheet, CallSettings(), NumberSettings(), T0, call_seconds=55.0, gap=5.0)


def order(made: Plan) -> list[tuple[str, float]]:
    return [(item.task, item.at - T0) for item in made.items]


def test_one_call_after_the_other() -> None:
    made = planned(*(Task(id, f"+4930000000{n}", priority=n) for n, id in enumerate("abc")), order=(OrderKey("priority"),))
    assert order(made) == [("c", 0), ("b", 60), ("a", 120)]
    assert all(item.waited is None for item in made.items)
    assert made.blocked == ()


def test_what_is_due_later_is_woven_in_and_pauses_are_explained() -> None:
    made = planned(
        Task("a", "+49300000001"), Task("b", "+49300000002", not_before=when(90), callback=True),
        Task("c", "+49300000003"), Task("d", "+49300000004"), Task("e", "+49300000005", windows=(
            Window(when(1000), when(2000)),)),
    )  # fmt: skip
    assert order(made) == [("a", 0), ("c", 60), ("b", 120), ("d", 180), ("e", 1000)]
    assert made.items[2].callback
    assert made.items[4].waited == Blocker("window", T0 + 1000)


def test_calling_hours_and_caps_shape_the_plan() -> None:
    made = planned(
        Task("a", "+13050000001", zone="America/New_York"), Task("b", "+33100000001", zone="Europe/Paris", region="F"),
        Task("c", "+33100000001", zone="Europe/Paris", region="F"),
        rules=PRESETS["us"], region_rules={"F": Rules(caps=(Cap(1, HOUR),))},
    )
    assert order(made) == [("b", 0), ("c", HOUR), ("a", 2 * HOUR)]
    assert made.items[1].waited == Blocker("cap", T0 + HOUR)
    assert made.items[2].waited == Blocker("hours", T0 + 2 * HOUR, "America/New_York")


def test_what_is_never_dialled_says_why() -> None:
    made = planned(
        Task("a", "112"), Task("b", "+49300000002", held="wait"), Task("c", "+49300000003"),
        Task("d", "+49300000004", zone="Europe/Paris"), Task("e", "+49300000005", attempts=5, zone="Europe/Paris"),
        Task("f", "+49300000006", zone="Europe/Paris", windows=(Window(when(-60), when(0)),)),
        Task("g", "+49300000007"), do_not_call=("+49300000007",), rules=PRESETS["us"], window_policy="strict",
    )
    assert order(made) == [("d", 0)]
    assert {item.task: item.blocker for item in made.blocked} == {
        "a": Blocker("number-refused", detail="emergency"), "b": Blocker("held", detail="wait"),
        "c": Blocker("unknown-zone"), "e": Blocker("attempts-limit", detail="5"), "f": Blocker("window-missed"),
        "g": Blocker("do-not-call"),
    }  # fmt: skip


def test_an_expiring_sheet_is_cut_short() -> None:
    made = planned(*(Task(str(n), f"+4930000000{n}") for n in range(3)), expires=when(61))
    assert order(made) == [("0", 0), ("1", 60)]
    assert [(item.task, item.blocker.kind) for item in made.blocked] == [("2", "expired-sheet")]


def test_each_task_is_planned_once_or_blocked_once() -> None:
    tasks = tuple(
        Task(str(n), "112" if n % 7 == 0 else f"+4930{n % 50:07d}", priority=n % 3,
             zone=["Europe/Paris", "Asia/Tokyo", ""][n % 3], region="F" if n % 2 else "")
        for n in range(300)
    )  # fmt: skip
    made = planned(*tasks, rules=PRESETS["cn"], region_rules={"F": PRESETS["us-fl"]}, order=(OrderKey("priority"),))
    told = [item.task for item in made.items] + [item.task for item in made.blocked]
    assert sorted(told) == sorted(task.id for task in tasks)
    assert [item.at for item in made.items] == sorted(item.at for item in made.items)


def test_sources_of_the_settings() -> None:
    made = plan(Sheet("s", "101", 1, (), gap=3.0), CallSettings(wrap_up=9.0), NumberSettings(), T0)
    assert made.sources["gap"] == Value(3.0, "sheet")
    assert made.sources["wrap_up"] == Value(9.0, "settings")
    assert made.sources["ring_timeout"] == Value(30.0, "default")
    assert planned(rules=PRESETS["fr"]).sources["rules"].source == "sheet"
    assert planned().sources["gap"] == Value(5.0, "agent")


def test_a_broken_sheet() -> None:
    with pytest.raises(SheetRefused, match="twice"):
        planned(Task("a", "+49300000001"), Task("a", "+49300000002"))
