# SPDX-License-Identifier: GPL-3.0-or-later
"""What the display says of an update while nobody is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callsheet.console.password import Password
from callsheet.core.events import AnyEvent, NoticeChanged
from callsheet.core.texts import en, zh
from callsheet.phone import notices
from callsheet.phone.notices import Notices
from callsheet.update import record
from callsheet.update.record import Record


class Glass:
    """The notices that stand there now."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}

    def __call__(self, event: AnyEvent) -> None:
        assert isinstance(event, NoticeChanged)
        if event.detail:
            self.shown[event.key] = event.detail
        else:
            self.shown.pop(event.key, None)

    def wait(self, wanted: dict[str, str]) -> None:
        end = time.monotonic() + 30
        while self.shown != wanted:
            assert time.monotonic() < end, f"{self.shown}, not {wanted}"
            time.sleep(0.02)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run/update.json"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Glass]]:
    monkeypatch.setattr(notices, "LOOK", 0.02)
    made: list[Notices] = []
    data = tmp_path / "data"
    data.mkdir()
    Password(data).set("known to the admin")

    def start(path: Path) -> Glass:
        glass = Glass()
        made.append(Notices(data, path))
        made[-1].start(glass)
        return glass

    yield start
    for one in made:
        one.close()


def test_each_step_takes_the_place_of_the_one_before(told: Path, started: Callable[[Path], Glass]) -> None:
    glass = started(told)
    for last, wanted in (
        (Record("offered", "1.1"), {"notice.update-offered": "1.1"}),
        (Record("installing", "1.1", percent=40), {"notice.update-installing": "1.1, 40 %"}),
        (Record("installing", "1.1", percent=60), {"notice.update-installing": "1.1, 60 %"}),
        (Record("failed", "1.1", reason="it is broken"), {"notice.update-failed": "it is broken"}),
        (Record("installed", "1.1"), {"notice.update-installed": "1.1"}),
        (Record("trial", "1.1"), {"notice.update-trial": "1.1"}),
        (Record("good", "1.1"), {}),
        (Record("taken-back", "1.1", reason="it did not start"), {"notice.update-taken-back": "1.1, it did not start"}),
    ):
        record.write(told, last)
        glass.wait(wanted)


def test_a_file_that_cannot_be_read_says_nothing(told: Path, started: Callable[[Path], Glass]) -> None:
    glass = started(told)
    record.write(told, Record("installed", "1.1"))
    glass.wait({"notice.update-installed": "1.1"})
    told.write_bytes(b"\xff{")
    glass.wait({})


def test_a_machine_that_is_no_appliance_is_not_looked_at_for_ever(tmp_path: Path, started: Callable[[Path], Glass]) -> None:
    before = {thread.name for thread in notices.threading.enumerate()}
    started(tmp_path / "nowhere/update.json")
    end = time.monotonic() + 30
    while "notices" in {thread.name for thread in notices.threading.enumerate()} - before:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_every_state_has_words_in_both_languages() -> None:
    for state in ("offered", "refused", "installing", "installed", "failed", "trial", "taken-back"):
        for texts in (en, zh):
            assert "{detail}" in texts.TEXTS[f"notice.update-{state}"]
