# SPDX-License-Identifier: GPL-3.0-or-later
"""What every measurement is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tests.bench import sound
from tests.bench.figures import Figure


class Bench(Struct, frozen=True):
    """A place to work in, and how thoroughly."""

    folder: Path
    quick: bool
    say: Callable[[str], None]

    def count(self, full: int, quick: int) -> int:
        """How many times."""
        return quick if self.quick else full

    def place(self, name: str) -> Path:
        """A folder that does not exist yet, on the disk the phone would use."""
        return self.folder / name

    def voice(self, rate: int, channels: int = 1) -> Path:
        """A WAV with the agent's voice, long enough for any call here."""
        path = self.folder / f"voice-{rate}-{channels}.wav"
        return path if path.exists() else sound.tone(path, rate, 90, channels)


Measure = Callable[[Bench], list[Figure]]
