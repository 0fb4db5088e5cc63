# SPDX-License-Identifier: GPL-3.0-or-later
"""What U-Boot goes by: two slots, and for each how often it may still be tried (image/boot/boot.cmd)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from msgspec import Struct

BOOT = Path("/boot/firmware")
COMMAND_LINE = Path("/proc/cmdline")
FILES = ("slots.env", "slots.bak")
GOOD = "good"


class Slots(Struct, frozen=True):
    """The slots as they are now."""

    running: str
    """"A" or "B"; empty: this machine has no slots."""
    order: tuple[str, ...] = ()
    left: dict[str, str] = {}
    """For each slot "good", or the number of tries left."""

    @property
    def other(self) -> str:
        """The one that is not running."""
        return {"A": "B", "B": "A"}.get(self.running, "")

    @property
    def on_trial(self) -> bool:
        """Nobody has called the running one good yet."""
        return bool(self.running) and self.left.get(self.running, GOOD) != GOOD

    def state(self, slot: str) -> str:
        """"good", "trial" or "bad"."""
        left = self.left.get(slot, GOOD)
        return {GOOD: "good", "0": "trial" if slot == self.running else "bad"}.get(left, "trial")


def slots(boot: Path = BOOT, command_line: Path = COMMAND_LINE) -> Slots:
    """Read them. A state that a power cut has torn is taken from its copy; with none, both slots count as good."""
    try:
        words = command_line.read_text().split()
    except OSError:
        words = []
    running = next((word.removeprefix("rauc.slot=") for word in words if word.startswith("rauc.slot=")), "")
    for name in FILES:
        found = _variables(boot / name)
        if "BOOT_ORDER" in found:
            return Slots(running, tuple(found["BOOT_ORDER"].split()), {one: found.get(f"BOOT_{one}_LEFT", GOOD) for one in "AB"})
    return Slots(running)


def _variables(path: Path) -> dict[str, str]:
    """U-Boot's environment format (doc/usage/environment.rst): CRC-32, then NAME=value, each ended by a zero byte."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    if len(data) < 5 or struct.unpack("<I", data[:4])[0] != zlib.crc32(data[4:]):
        return {}
    rows = data[4:].partition(b"\0\0")[0].decode(errors="replace").split("\0")
    return dict(row.partition("=")[::2] for row in rows)
