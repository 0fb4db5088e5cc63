# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings on disk: whatever instant the power fails at, the phone starts with settings somebody meant."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from callsheet.adapters.settings_files import SettingsError, SettingsFiles

OLD, NEW, NEWER = b'[sip]\nserver = "old"\n', b'[sip]\nserver = "new"\n', b'[sip]\nserver = "newer"\n'


class Power:
    """The machine: time since boot, and which boot it is."""

    def __init__(self) -> None:
        self.now, self.boot = 100.0, "boot-1"

    def files(self, folder: Path) -> SettingsFiles:
        return SettingsFiles(folder / "callsheet.toml", lambda: self.now, lambda: self.boot)

    def cycle(self) -> None:
        self.now, self.boot = 5.0, self.boot + "+"


@pytest.fixture
def power() -> Power:
    return Power()


@pytest.fixture
def files(power: Power, tmp_path: Path) -> SettingsFiles:
    files = power.files(tmp_path)
    files.apply(OLD)
    return files


def test_the_previous_settings_are_kept_and_can_be_had_back_and_forth(files: SettingsFiles) -> None:
    files.apply(NEW)
    assert (files.current(), files.previous()) == (NEW, OLD)
    assert files.revert() and files.current() == OLD
    assert files.revert() and files.current() == NEW


def test_a_trial_goes_back_when_its_time_is_over(files: SettingsFiles, power: Power) -> None:
    files.apply(NEW, trial=60.0)
    assert files.current() == NEW and files.left() == 60.0
    power.now += 59.0
    assert not files.settle()
    power.now += 2.0
    assert files.settle() and files.current() == OLD and files.left() is None


def test_a_confirmed_trial_stays(files: SettingsFiles, power: Power) -> None:
    files.apply(NEW, trial=60.0)
    assert files.confirm() and not files.confirm()
    power.now += 100.0
    assert not files.settle() and files.current() == NEW


def test_a_restart_ends_a_trial(files: SettingsFiles, power: Power) -> None:
    files.apply(NEW, trial=3600.0)
    power.cycle()
    assert files.settle() and files.current() == OLD


def test_a_second_change_during_a_trial_goes_back_to_what_was_before_the_first(
    files: SettingsFiles, power: Power
) -> None:
    files.apply(NEW, trial=60.0)
    files.apply(NEWER, trial=60.0)
    power.now += 61.0
    assert files.settle() and files.current() == OLD


def test_a_trial_that_cannot_be_read_goes_back(files: SettingsFiles, tmp_path: Path) -> None:
    files.apply(NEW, trial=60.0)
    (tmp_path / "callsheet.toml.trial").write_bytes(b"\xff{")
    assert files.settle() and files.current() == OLD


def test_nobody_else_can_read_the_file(files: SettingsFiles, tmp_path: Path) -> None:
    files.apply(NEW, trial=60.0)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "callsheet.toml": 0o600, "callsheet.toml.previous": 0o600, "callsheet.toml.trial": 0o600}


class Cut(BaseException):
    """The power fails."""


class Fuse:
    """Blows at the so-manieth call that changes the disk."""

    def __init__(self, after: int) -> None:
        self.left = after

    def guard(self, patch: pytest.MonkeyPatch) -> None:
        for module, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "open")):
            patch.setattr(module, name, self._guarded(getattr(module, name)))

    def _guarded(self, real):
        def call(*args, **kwargs):
            if self.left == 0:
                raise Cut
            self.left -= 1
            return real(*args, **kwargs)

        return call


DOINGS = {
    "apply": lambda files: files.apply(NEW),
    "trial": lambda files: files.apply(NEW, trial=60.0),
    "revert": lambda files: files.revert(),
    "second trial": lambda files: files.apply(NEWER, trial=60.0),
}


def cut_after(steps: int, doing: str, folder: Path) -> tuple[bool, SettingsFiles]:
    """Whether it was done before the power failed, and the files as the next start finds them."""
    folder.mkdir()
    power = Power()
    files = power.files(folder)
    files.apply(OLD)
    if doing in ("revert", "second trial"):
        files.apply(NEW, trial=60.0)
    whole = False
    with pytest.MonkeyPatch.context() as patch, suppress(Cut):
        Fuse(steps).guard(patch)
        DOINGS[doing](files)
        whole = True
    power.cycle()
    return whole, power.files(folder)


@pytest.mark.parametrize("doing", DOINGS)
def test_power_cut_at_every_step_leaves_settings_somebody_meant(doing: str, tmp_path: Path) -> None:
    for steps in range(100):
        whole, files = cut_after(steps, doing, tmp_path / f"{doing}-{steps}")
        files.settle()
        assert files.current() in ((OLD, NEW) if doing == "apply" else (OLD,))
        assert files.left() is None
        if whole:
            assert steps > 3
            return
    raise AssertionError("it never ends")


def test_a_full_or_read_only_card_is_named(files: SettingsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match=r"callsheet\.toml.*No space left on device; nothing was changed"):
        files.apply(NEW)
    assert files.current() == OLD
