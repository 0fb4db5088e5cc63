# SPDX-License-Identifier: GPL-3.0-or-later
"""The released image as a card in a reader: everything written to it goes into a layer of its own."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from image.steps.layout import BOOT, MEBI, SLOT_A

TOOLS = ("qemu-img", "qemu-io", "mcopy", "debugfs")
CLUSTER = 64 * 1024
"""Bytes that are compared and written at a time."""


class Card:
    """One copy of the image, as flashed: `layer` is what QEMU is given."""

    def __init__(self, image: Path, folder: Path, megabytes: int = 4096) -> None:
        """`megabytes`: the card's size, more than the image's, as real ones are."""
        folder.mkdir(parents=True, exist_ok=True)
        self.image, self._folder, self.layer = image, folder, folder / "card.qcow2"
        _run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image, self.layer, f"{megabytes}M")

    def put(self, name: str, data: bytes) -> None:
        """A file on the boot partition, as somebody's computer would write it. The machine must be off."""
        before, after = self._folder / "boot.old", self._folder / "boot.new"
        self._boot(before)
        after.write_bytes(before.read_bytes())
        subprocess.run(["mcopy", "-o", "-i", after, "-", f"::{name}"], input=data, check=True)
        old, new = before.read_bytes(), after.read_bytes()
        places = [at for at in range(0, len(new), CLUSTER) if old[at : at + CLUSTER] != new[at : at + CLUSTER]]
        piece = self._folder / "piece"
        for at in places:
            piece.write_bytes(new[at : at + CLUSTER])
            _run("qemu-io", "-f", "qcow2", "-c", f"write -q -s {piece} {BOOT.begin * MEBI + at} {CLUSTER}", self.layer)
        before.unlink()
        after.unlink()

    def get(self, name: str) -> bytes:
        """A file from there. Raises FileNotFoundError. The machine must be off."""
        boot = self._folder / "boot.now"
        self._boot(boot)
        done = subprocess.run(["mcopy", "-i", boot, f"::{name}", "-"], capture_output=True, check=False)
        if done.returncode:
            raise FileNotFoundError(name)
        return done.stdout

    def boot_bytes(self) -> bytes:
        """The whole boot partition as it is now."""
        boot = self._folder / "boot.now"
        self._boot(boot)
        return boot.read_bytes()

    def _boot(self, target: Path) -> None:
        # The machine may be running; what it has not flushed is not seen.
        _run("qemu-img", "dd", "-U", "-f", "qcow2", "-O", "raw", f"bs={MEBI}", f"skip={BOOT.begin}",
             f"count={BOOT.begin + BOOT.size}", f"if={self.layer}", f"of={target}")


def from_slot(image: Path, name: str, target: Path) -> Path:
    """Copy a file out of the image's slot A."""
    _run("debugfs", "-R", f"dump {name} {target}", f"{image}?offset={SLOT_A.begin * MEBI}")
    assert target.stat().st_size, f"{name} is not in slot A"
    return target


def listed(image: Path, folder: str) -> list[str]:
    """Names in a folder of the image's slot A."""
    rows = _run("debugfs", "-R", f"ls -p {folder}", f"{image}?offset={SLOT_A.begin * MEBI}").splitlines()
    return [name for row in rows if len(words := row.split("/")) > 5 and (name := words[5]) not in (".", "..")]


def sha256(path: Path) -> str:
    """Of a file, however large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(*words: str | Path) -> str:
    done = subprocess.run([*words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout
