# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots' state: the image's script writes it with U-Boot's tools, the firmware reads it, boot.cmd obeys it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bootstrap.paths import ROOT
from callsheet.update.slots import Slots, slots
from image.boot.environment import SLOTS_SIZE, environment, variables
from image.boot.files import SLOTS

SCRIPT = ROOT / "image/system/usr/lib/callsheet/slots"


class Boot:
    """A boot partition in a folder."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("fw_setenv"):
            pytest.skip("fw_setenv is not installed (Debian package libubootenv-tool)")
        self.folder, self.words = folder, folder / "cmdline"
        for name in ("slots.env", "slots.bak"):
            (folder / name).write_bytes(environment(SLOTS, SLOTS_SIZE))
        self.words.write_text("root=PARTUUID=43414c4c-02 ro rauc.slot=A quiet\n")

    def say(self, *words: str, code: int = 0) -> str:
        done = subprocess.run([SCRIPT, *words], env={**os.environ, "CALLSHEET_BOOT": str(self.folder)}, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout.strip()

    def tear(self, name: str) -> None:
        data = bytearray((self.folder / name).read_bytes())
        data[20] ^= 0xFF
        (self.folder / name).write_bytes(data)

    def both(self) -> list[dict[str, str]]:
        return [variables((self.folder / name).read_bytes()) for name in ("slots.env", "slots.bak")]

    @property
    def read(self) -> Slots:
        return slots(self.folder, self.words)


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    return Boot(tmp_path)


def test_as_flashed_a_runs_and_b_is_empty(boot: Boot) -> None:
    assert (boot.say("get-primary"), boot.say("get-state", "A"), boot.say("get-state", "B")) == ("A", "good", "bad")
    assert (boot.read.running, boot.read.other, boot.read.on_trial, boot.read.state("B")) == ("A", "B", False, "bad")


def test_an_update_as_rauc_says_it(boot: Boot) -> None:
    boot.say("set-state", "B", "bad")
    boot.say("set-primary", "B")
    assert boot.both() == [{"BOOT_ORDER": "B A", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "3"}] * 2
    assert boot.read.state("B") == "trial" and boot.say("get-primary") == "B"
    boot.words.write_text("rauc.slot=B")
    assert boot.read.on_trial
    boot.say("set-state", "B", "good")
    assert not boot.read.on_trial and boot.both()[0]["BOOT_B_LEFT"] == "good"


def test_a_slot_that_is_good_stays_good_when_it_becomes_the_first(boot: Boot) -> None:
    boot.say("set-state", "B", "good")
    boot.say("set-primary", "B")
    assert boot.both()[0] == {"BOOT_ORDER": "B A", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "good"}


def test_without_need_nothing_is_written(boot: Boot) -> None:
    before = [(path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(boot.folder.iterdir())]
    boot.say("set-state", "A", "good")
    assert [(path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(boot.folder.iterdir())] == before


@pytest.mark.parametrize("torn", ["slots.env", "slots.bak"])
def test_one_torn_file_loses_nothing_and_is_mended(boot: Boot, torn: str) -> None:
    boot.say("set-primary", "B")
    boot.tear(torn)
    assert boot.read.order == ("B", "A") and boot.say("get-primary") == "B"
    boot.say("set-state", "B", "good")
    assert boot.both() == [{"BOOT_ORDER": "B A", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "good"}] * 2


def test_both_torn_or_gone_leave_two_slots_to_try(boot: Boot) -> None:
    boot.tear("slots.env")
    (boot.folder / "slots.bak").unlink()
    assert boot.read.state("A") == boot.read.state("B") == "good"
    boot.say("set-state", "B", "bad")
    assert boot.both() == [{"BOOT_ORDER": "A B", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "0"}] * 2


@pytest.mark.parametrize("words", [(), ("set-primary",), ("set-primary", "C"), ("set-state", "A", "fine"), ("get-state", "A B")])
def test_nonsense_changes_nothing(boot: Boot, words: tuple[str, ...]) -> None:
    before = boot.both()
    boot.say(*words, code=2)
    assert boot.both() == before


def test_a_machine_without_slots_is_no_appliance(tmp_path: Path) -> None:
    words = tmp_path / "cmdline"
    words.write_text("root=/dev/sda1 ro")
    assert slots(tmp_path, words) == Slots("")
    assert not slots(tmp_path, tmp_path / "nothing").on_trial
