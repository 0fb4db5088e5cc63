# SPDX-License-Identifier: GPL-3.0-or-later
"""The image, started by U-Boot as a card is: an update from a stick stays, one that panics and one that never registers do not.

An hour on a quiet machine, so it runs only when this file is named:
`scripts/test tests/image/nightly`.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.paths import ROOT
from image.boot.environment import variables
from image.steps import cpio
from image.update import bundle, keys
from tests.image import small_card
from tests.image.uboot_machine import Card, UBootMachine
from tests.image.variants import QUICK, variant

INSTALL = 3600.0
"""Seconds; the whole of a slot is written by an emulated processor."""
NO_ACCOUNT = b'[phone]\nid = "desk-7"\n'
NO_REGISTRAR = b'[phone]\nid = "desk-7"\n[sip]\nserver = "192.0.2.1"\nuser = "7"\npassword = "x"\n'  # RFC 5737
NO_HANDSET = ["lamps", "display", "keys", "hook"]
"""Checks that fail before the update already: nothing is soldered to these machines."""
PANICS = b"#!/bin/busybox sh\nexit 1\n"

pytestmark = [pytest.mark.nightly, pytest.mark.slow, pytest.mark.timeout(4 * 3600), pytest.mark.xdist_group("vm")]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, keys.Keys]]:
    """A card's image that trusts keys made here."""
    lacking = [name for name in (*small_card.TOOLS, "rauc", "mksquashfs", "mmdebstrap") if shutil.which(name) is None]
    if os.geteuid() or lacking:
        pytest.skip(f"root is needed, and {', '.join(lacking) or 'nothing else'} (scripts/lib/debian-packages)")
    folder = tmp_path_factory.mktemp("image")
    made = keys.make(folder / "keys")
    command = [sys.executable, ROOT / "image/build", "--raw", "--json", "--out", folder, "--keyring", made.keyring]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    yield Path(json.loads(done.stdout.splitlines()[-1])["image"]), made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def stick(image: tuple[Path, keys.Keys], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A USB stick with three newer versions: well, with a first root that ends at once, and well again."""
    folder = tmp_path_factory.mktemp("stick")
    card, made = image
    broken = (small_card.kept() / "initrd.img").read_bytes() + gzip.compress(cpio.archive({"init": PANICS}, (), {}))
    path = folder / "stick.img"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "STICK", path], check=True, stdout=subprocess.DEVNULL)
    for version, files in (("1.1", {}), ("1.2", {"/boot/initrd.img": broken}), ("1.3", {})):
        other = variant(card, folder / version, version, files)
        found = bundle.bundle(other, bundle.Signer(made.certificate, made.key), folder, QUICK, adaptive="")
        subprocess.run(["mcopy", "-i", path, found, "::"], check=True)
        found.unlink()
        shutil.rmtree(folder / version)
    return path


def install(machine: UBootMachine, version: str) -> None:
    """As the console does, from the stick; then start anew."""
    (folder,) = machine.run("ls -d /run/media/*", check=True).split()
    said = machine.ask("update", source=f"{folder}/callsheet-{version}-arm64.raucb", failing=NO_HANDSET)
    assert said.get("ok", {}).get("version") == version, said
    machine.until_record("installed", INSTALL)
    machine.run("systemctl --no-block reboot")


@pytest.mark.parametrize("board", ["virt", "raspi3b"])
def test_a_card_updates_itself_and_falls_back_by_itself(image: tuple[Path, keys.Keys], stick: Path, tmp_path: Path, board: str) -> None:
    card = Card(image[0], tmp_path)
    card.put("callsheet.toml", NO_ACCOUNT)
    machine = UBootMachine(tmp_path, card, board, stick=stick)
    machine.options("callsheet.patience=3000")
    with machine:
        assert machine.shell() == "A"
        # It is there without anybody asking; the newest by name is offered.
        assert machine.until_record("offered", 1200)["version"] == "1.3"
        install(machine, "1.1")
        assert machine.until_started(2, 600)[-1] == "B" and machine.shell() == "B"
        machine.until_record("good", 3600)
        install(machine, "1.2")
        # Three starts that panic, then the one that is good.
        assert machine.until_started(6, 3600)[2:] == ["A", "A", "A", "B"] and machine.shell() == "B"
        taken_back = machine.until_record("taken-back", 1200)
        assert taken_back["version"] == "1.2" and "did not start" in taken_back["reason"]
    assert variables(card.get("slots.env")) == {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "0", "BOOT_B_LEFT": "good"}


def test_a_version_on_which_the_phone_does_not_register_is_taken_back(image: tuple[Path, keys.Keys], stick: Path, tmp_path: Path) -> None:
    card = Card(image[0], tmp_path)
    card.put("callsheet.toml", NO_REGISTRAR)
    machine = UBootMachine(tmp_path, card, stick=stick)
    machine.options("callsheet.patience=300")
    with machine:
        assert machine.shell() == "A"
        machine.until_record("offered", 1200)
        install(machine, "1.3")
        assert machine.until_started(3, 3600) == ["A", "B", "A"] and machine.shell() == "A"
        taken_back = machine.until_record("taken-back", 1200)
        assert taken_back["version"] == "1.3" and "register" in taken_back["reason"]
