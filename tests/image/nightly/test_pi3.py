# SPDX-License-Identifier: GPL-3.0-or-later
"""The very image as a Pi 3B starts it in QEMU, by U-Boot and with the board's own device tree: from either slot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from image.boot.environment import environment, variables
from image.steps.layout import MEBI, SLOT_A, SLOT_B
from tests.image import small_card
from tests.image.uboot_machine import Card, UBootMachine

pytestmark = [pytest.mark.nightly, pytest.mark.slow, pytest.mark.timeout(7200), pytest.mark.xdist_group("vm")]


@pytest.fixture
def card(image: Path, tmp_path: Path) -> Card:
    """As flashed, but with the same version in both slots."""
    lacking = [name for name in small_card.TOOLS if shutil.which(name) is None]
    if os.geteuid() or lacking:
        pytest.skip(f"root is needed, and {', '.join(lacking) or 'nothing else'} (scripts/lib/debian-packages)")
    made = Card(image, tmp_path)
    with made.path.open("r+b") as file:
        for part in range(SLOT_A.size):
            file.seek((SLOT_A.begin + part) * MEBI)
            data = file.read(MEBI)
            file.seek((SLOT_B.begin + part) * MEBI)
            file.write(data)
    return made


def test_a_pi_3_starts_from_either_slot_and_switches_when_it_is_told_to(card: Card, tmp_path: Path) -> None:
    card.put("slots.env", environment({"BOOT_ORDER": "A B", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "good"}, 0x1000))
    machine = UBootMachine(tmp_path, card, "raspi3b")
    machine.options("")
    with machine:
        assert machine.shell() == "A"
        assert machine.run("cat /proc/device-tree/model").startswith("Raspberry Pi 3 Model B")
        for count, (slot, device) in enumerate((("A", "/dev/mmcblk0p2"), ("B", "/dev/mmcblk0p3")), 1):
            assert machine.until_started(count, 900)[-1] == slot == machine.shell()
            assert machine.run("findmnt -no SOURCE /") == device
            # The shell is there long before the bus is.
            machine.run("until rauc status mark-active other; do sleep 5; done", 900)
            machine.run("systemctl --no-block reboot")
        assert machine.until_started(3, 900) == ["A", "B", "A"]
    assert variables(card.get("slots.env"))["BOOT_ORDER"] == "A B"
