# SPDX-License-Identifier: GPL-3.0-or-later
"""Which drives may be written to, on computers made of files: a sysfs as the kernel lays it out."""

from __future__ import annotations

from pathlib import Path

import pytest

from flash.drives import Drive, drives, find
from flash.trouble import Trouble


class Computer:
    """A sysfs and what is mounted. Root is /dev/nvme0n1p2 unless something else is mounted there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._number = 0
        self._mounts = ["21 1 0:5 / /proc rw - proc proc rw"]
        (root / "proc/self").mkdir(parents=True)
        self.drive("nvme0n1", 500, parts=("nvme0n1p1", "nvme0n1p2"), model="Samsung SSD")
        self.mount("nvme0n1p2", "/")

    def drive(self, name: str, giga: float, /, *, parts: tuple[str, ...] = (), bus: str = "pci0000:00", **files: str) -> None:
        real = self.root / "sys/devices" / bus / name
        (self.root / "sys/block").mkdir(parents=True, exist_ok=True)
        device = self.root / "sys/devices" / bus / "host" / name
        device.mkdir(parents=True)
        self._block(real, name)
        (real / "device").symlink_to(device)
        for key in ("model", "vendor", "type", "name"):
            if key in files:
                (device / key).write_text(files[key] + "\n")
        (real / "size").write_text(f"{int(giga * 10**9 / 512)}\n")
        (real / "removable").write_text(files.get("removable", "0") + "\n")
        (real / "ro").write_text(files.get("ro", "0") + "\n")
        (self.root / "sys/block" / name).symlink_to(real)
        for number, part in enumerate(parts, 1):
            self._block(real / part, part)
            (real / part / "partition").write_text(f"{number}\n")

    def _block(self, path: Path, name: str) -> None:
        self._number += 1
        path.mkdir(parents=True)
        (path / "holders").mkdir()
        (path / "dev").write_text(f"8:{self._number}\n")
        (self.root / "sys/class/block").mkdir(parents=True, exist_ok=True)
        (self.root / "sys/class/block" / name).symlink_to(path)

    def on_top(self, name: str, of: str) -> None:
        """A device-mapper device made of another."""
        self._block(self.root / "sys/devices/virtual/block" / name, name)
        (self.root / "sys/class/block" / of / "holders" / name).symlink_to(self.root / "sys/class/block" / name)

    def mount(self, name: str, where: str) -> None:
        number = (self.root / "sys/class/block" / name / "dev").read_text().strip()
        self._mounts.append(f"30 1 {number} / {where} rw shared:1 - ext4 /dev/{name} rw")
        (self.root / "proc/self/mountinfo").write_text("\n".join(self._mounts) + "\n")

    def __getitem__(self, name: str) -> Drive:
        return find(f"/dev/{name}", self.root)


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_a_card_in_a_reader_a_card_in_a_slot_and_a_stick_may_be_written_to(computer: Computer) -> None:
    computer.drive("sda", 32, parts=("sda1",), bus="usb1", removable="1", vendor="Generic", model="SD Reader")
    computer.drive("mmcblk0", 16, type="SD", name="SC16G")
    computer.drive("sdb", 64, bus="usb2", model="Stick")
    assert [computer[name].refusal for name in ("sda", "mmcblk0", "sdb")] == ["", "", ""]
    assert computer["sda"].name == "Generic SD Reader"
    assert {one.path for one in drives(computer.root)} == {"/dev/nvme0n1", "/dev/sda", "/dev/mmcblk0", "/dev/sdb"}


def test_what_the_computer_runs_from_is_refused_even_on_usb(computer: Computer) -> None:
    assert "runs from (/)" in computer["nvme0n1"].refusal
    computer.drive("sda", 64, parts=("sda1",), bus="usb1", removable="1")
    computer.mount("sda1", "/home")
    assert "runs from (/home)" in computer["sda"].refusal


def test_it_is_found_through_encryption_and_lvm(computer: Computer) -> None:
    computer.drive("sda", 64, parts=("sda1",), bus="usb1", removable="1")
    computer.on_top("dm-0", "sda1")
    computer.on_top("dm-1", "dm-0")
    computer.mount("dm-1", "/var")
    assert computer["sda"].system


def test_swap_is_the_systems(computer: Computer) -> None:
    computer.drive("sda", 64, parts=("sda1",), bus="usb1", removable="1")
    (computer.root / "proc/swaps").write_text("Filename Type Size Used Priority\n/dev/sda1 partition 1 0 -2\n")
    assert computer["sda"].system


@pytest.mark.parametrize(("files", "reason"), [
    ({"model": "WD Blue"}, "built into this computer"),
    ({"removable": "1", "ro": "1"}, "write-protected"),
])
def test_others_are_refused_with_a_reason(computer: Computer, files: dict[str, str], reason: str) -> None:
    computer.drive("sdc", 64, **files)
    assert reason in computer["sdc"].refusal


def test_soldered_memory_is_no_card(computer: Computer) -> None:
    computer.drive("mmcblk1", 64, type="MMC", name="eMMC")
    assert "built into" in computer["mmcblk1"].refusal


def test_an_empty_reader_says_so(computer: Computer) -> None:
    computer.drive("sdc", 0, removable="1")
    assert "no card" in computer["sdc"].refusal


def test_a_mounted_card_is_refused_until_it_is_ejected(computer: Computer) -> None:
    computer.drive("sda", 32, parts=("sda1",), bus="usb1", removable="1")
    computer.mount("sda1", "/media/me/CALL\\040SHEET")
    assert "/media/me/CALL SHEET" in computer["sda"].refusal and "eject" in computer["sda"].refusal


def test_a_part_and_a_wrong_name_are_explained(computer: Computer) -> None:
    computer.drive("sda", 32, parts=("sda1",), bus="usb1", removable="1")
    with pytest.raises(Trouble, match="the whole drive is /dev/sda"):
        find("/dev/sda1", computer.root)
    with pytest.raises(Trouble, match="--list"):
        find("/dev/sdz", computer.root)
