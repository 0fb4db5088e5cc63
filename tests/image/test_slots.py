# SPDX-License-Identifier: GPL-3.0-or-later
"""U-Boot and boot.cmd: which slot is started, and when a new one is given up. Real U-Boot, real FAT, real Linux."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from image.boot.environment import SLOTS_SIZE, TornEnvironment, environment
from image.boot.files import SLOTS
from tests.image.small_card import BOOT_AT, BOOT_MB, MEBI, TOOLS, Card

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500), pytest.mark.xdist_group("vm")]


@pytest.fixture
def card(tmp_path: Path, request: pytest.FixtureRequest) -> Card:
    if os.geteuid():
        pytest.skip("root is needed, for a build tree")
    if lacking := [name for name in TOOLS if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(lacking)} (group vm of scripts/lib/debian-packages)")
    return Card(tmp_path, getattr(request, "param", "qemu_arm64"))


def boot_partition(card: Card) -> str:
    with card.path.open("rb") as file:
        file.seek(BOOT_AT * MEBI)
        return hashlib.sha256(file.read(BOOT_MB * MEBI)).hexdigest()


def test_without_an_update_the_same_slot_starts_and_nothing_is_written(card: Card) -> None:
    before = boot_partition(card)
    assert card.starts(2) == ["A", "A"]
    assert boot_partition(card) == before
    assert "root=PARTUUID=43414c4c-02 ro" in card.text()


@pytest.mark.parametrize("card", ["rpi_arm64"], indirect=True)
def test_the_pis_own_u_boot_does_the_same_from_an_sd_card(card: Card) -> None:
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="1")
    assert card.starts(2) == ["B", "A"]
    assert "Hit any key" not in card.text()


def test_a_new_slot_that_nobody_calls_good_is_given_up(card: Card) -> None:
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="2")
    assert card.starts(4) == ["B", "B", "A", "A"]
    assert card.left() == {"BOOT_ORDER": "B A", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "0"}


def test_a_new_slot_whose_kernel_panics_is_given_up(card: Card) -> None:
    options = card.get("boot-options.txt").replace(b"loglevel", b"payload=panic loglevel")
    card.put("boot-options.txt", options)
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="2")
    assert card.starts(3) == ["B", "B", "A"]
    assert "Attempted to kill init" in card.text()


def test_a_slot_called_good_stays(card: Card) -> None:
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="good")
    assert card.starts(2) == ["B", "B"]


def test_a_slot_that_cannot_be_read_is_passed_over(card: Card) -> None:
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="good")
    card.empty("B")
    assert card.starts(1) == ["A"]
    assert "slot B cannot be started" in card.text()


def test_a_state_torn_by_a_power_cut_is_taken_from_the_copy(card: Card) -> None:
    card.slots(BOOT_ORDER="B A", BOOT_B_LEFT="good")
    whole = card.get("slots.env")
    card.put("slots.env", whole[:512] + bytes(len(whole) - 512 - 1) + b"\1")
    with pytest.raises(TornEnvironment):
        card.left()
    assert card.starts(1) == ["B"]
    assert "from slots.bak" in card.text()


def test_with_both_torn_a_slot_is_found(card: Card) -> None:
    torn = environment(SLOTS, SLOTS_SIZE)[:-1] + b"\1"
    card.put("slots.env", torn)
    card.put("slots.bak", torn)
    card.empty("A")
    assert card.starts(1) == ["B"]
