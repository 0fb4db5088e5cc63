# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new version stays: the phone's word, the self-test's, and patience."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsheet.adapters.control import NoPhone
from callsheet.update.check import CheckTrouble
from callsheet.update.record import Record
from callsheet.update.trial import Trial

WELL = {"registered": True, "registration": "", "headset": True, "activity": "idle"}


class Desk:
    """A phone, a system and a clock that runs when somebody sleeps."""

    def __init__(self, *statuses: dict[str, Any] | None, failing: tuple[str, ...] = ()) -> None:
        self.statuses, self.failing, self.now, self.tested = list(statuses), failing, 0.0, ()
        self.said: list[tuple[str, dict[str, Any]]] = []

    def ask(self, question: str, **more: Any) -> Any:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise NoPhone("the phone does not run")
        return status

    def system(self, verb: str, **more: Any) -> dict[str, Any]:
        self.said.append((verb, more))
        return {}

    def selftest(self, config: Path, names: tuple[str, ...]) -> tuple[str, ...]:
        self.tested = names
        return tuple(name for name in self.failing if name in names)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def decide(self, last: Record | None = None, *, account: bool = True) -> bool:
        return Trial(self, self.system, Path("x.toml"), self.selftest, account, patience=60.0,
                     clock=lambda: self.now, sleep=self.sleep).run(last or Record())

    @property
    def reason(self) -> str:
        return str(self.said[0][1]["reason"])


def test_registered_and_well_stays() -> None:
    desk = Desk(None, None, {**WELL, "registered": False}, WELL)
    assert desk.decide()
    assert desk.said == [("update-settle", {"good": True, "reason": ""})]


@pytest.mark.parametrize(("desk", "part"), [
    (Desk(None), "does not run"),
    (Desk({**WELL, "registered": False, "registration": "403 Forbidden"}), "not registered (403 Forbidden)"),
    (Desk(WELL, failing=("display",)), "fails: display"),
])
def test_anything_else_is_taken_back_with_its_reason(desk: Desk, part: str) -> None:
    assert not desk.decide()
    assert desk.now >= 60.0 and part in desk.reason
    assert [verb for verb, _ in desk.said] == ["update-settle", "reboot"] and desk.said[0][1]["good"] is False


def test_what_failed_before_does_not_count() -> None:
    assert Desk(WELL, failing=("hook",)).decide(Record("trial", failing=("hook",)))


def test_a_headset_in_a_drawer_does_not_count() -> None:
    desk = Desk({**WELL, "headset": False}, failing=("sound", "buttons"))
    assert desk.decide() and "sound" not in desk.tested
    assert not Desk(WELL, failing=("sound",)).decide()


def test_a_phone_without_an_account_need_not_register() -> None:
    assert Desk({**WELL, "registered": False}).decide(account=False)


def test_a_self_test_that_does_not_run_counts() -> None:
    desk = Desk(WELL)

    def broken(config: Path, names: tuple[str, ...]) -> tuple[str, ...]:
        raise CheckTrouble("the self-test does not run")

    desk.selftest = broken  # type: ignore[method-assign]
    assert not desk.decide() and "does not run" in desk.reason


def test_a_call_is_not_broken_off() -> None:
    talking = {**WELL, "activity": "talking"}
    desk = Desk(*[talking] * 40, WELL, failing=("display",))
    desk.decide()
    # 20 looks until its time was up, 20 more until the call was over.
    assert desk.said[-1][0] == "reboot" and desk.now >= 60.0 + 19 * 3.0
