# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent reads on the glass: words are looked for as pixels, wherever on it they stand.

The released phone tells nobody its screens, so there is nothing to compare a picture with
but what must be on it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import Image

from callsheet.adapters.display.text import CELL, Face, strip
from tests.vm.channel import PATIENCE
from tests.vm.handset import SIZE, Glass

FACES: tuple[Face, ...] = ("title", "small", "text", "tall")
WIDTH, HEIGHT = SIZE


class Eyes:
    """On one display."""

    def __init__(self, glass: Glass, album: Path) -> None:
        """`album`: a folder for what was looked at."""
        self.glass, self._album = glass, album
        album.mkdir(parents=True, exist_ok=True)
        self._pictures = 0
        self._last = b""

    def look(self) -> Sight:
        """What is there now; "now.png" in the album is always the last that was seen."""
        sight = Sight(self.glass.look())
        if sight.picture.tobytes() != self._last:
            self._last = sight.picture.tobytes()
            _save(sight, self._album / "now.png")
        return sight

    def wait(self, *words: str, timeout: float = PATIENCE) -> Sight:
        """Until all of these stand on the glass at once; else what is there is kept as a picture."""
        end = time.monotonic() + timeout
        while not all(map((sight := self.look()).reads, words)):
            if time.monotonic() > end:
                raise AssertionError(f"the glass does not say {words}: see {self.keep(sight, 'instead')}")
            time.sleep(0.1)
        return sight

    def gone(self, words: str, timeout: float) -> bool:
        """Wait until these stand there no more; False if they still do."""
        end = time.monotonic() + timeout
        while there := self.look().reads(words):
            if time.monotonic() > end:
                break
            time.sleep(0.1)
        return not there

    def keep(self, sight: Sight, name: str) -> Path:
        """Put a picture into the album, four times as large."""
        self._pictures += 1
        path = self._album / f"{self._pictures:02}-{name}.png"
        _save(sight, path)
        return path


def _save(sight: Sight, path: Path) -> None:
    sight.picture.resize((WIDTH * 4, HEIGHT * 4)).save(path)


class Sight:
    """One picture of the glass."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        data = picture.convert("L").point(lambda value: 255 if value else 0).tobytes()
        rows = [data[y * WIDTH : (y + 1) * WIDTH] for y in range(HEIGHT)]
        self._columns = [sum(1 << y for y in range(HEIGHT) if rows[y][x]) for x in range(WIDTH)]

    def reads(self, words: str) -> bool:
        """Whether these words stand somewhere, light on dark or dark on light, in one of the phone's faces."""
        return any(self._has(*pattern) for pattern in _patterns(words))

    def _has(self, columns: tuple[int, ...], rows: int) -> bool:
        mask = (1 << rows) - 1
        dark = tuple(column ^ mask for column in columns)
        for y in range(HEIGHT - rows + 1):
            band = tuple(column >> y & mask for column in self._columns)
            for x in range(WIDTH - len(columns) + 1):
                if band[x] in (columns[0], dark[0]) and band[x : x + len(columns)] in (columns, dark):
                    return True
        return False


@lru_cache(maxsize=256)
def _patterns(words: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    return tuple(dict.fromkeys(_pattern(words)))


def _pattern(words: str) -> Iterator[tuple[tuple[int, ...], int]]:
    """Columns of only those rows that hold ink, and how many rows they are."""
    for face in FACES:
        columns = strip(words, face).columns
        ink = 0
        for column in columns:
            ink |= column
        first = (ink & -ink).bit_length() - 1
        last = min(ink.bit_length(), CELL)
        yield tuple(column >> first for column in columns), last - first
