# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command answers: the same facts as lines for people and as data for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import east_asian_width

from msgspec import Struct

OK, FAILED, USAGE = 0, 1, 2
"""Exit status of a command: done; could not be done, or a check failed; not understood."""


class Reply(Struct, frozen=True):
    """An answer."""

    lines: tuple[str, ...] = ()
    data: Any = None
    """What `--json` gives."""
    status: int = OK


class Trouble(Exception):
    """A command that could not be done; one line, and what would help."""

    def __init__(self, reason: str, remedy: str = "", status: int = FAILED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.status = status

    def reply(self) -> Reply:
        """As an answer."""
        line = self.reason + (f" ({self.remedy})" if self.remedy else "")
        return Reply((line,), {"error": self.reason, "remedy": self.remedy}, self.status)


def usage(words: str) -> Trouble:
    """A command that was written wrongly; `words` is how to write it."""
    return Trouble("not understood", f"write: {words}", USAGE)


WIDTH = 80
"""Columns of a terminal that nobody asked: a serial line cannot tell."""


def columns(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Rows with their cells below each other, two spaces apart; wide characters count twice (UAX #11)."""
    table = [[printable(cell) for cell in row] for row in rows]
    widths = [max((_width(row[i]) for row in table if i < len(row)), default=0)
              for i in range(max(map(len, table), default=0))]
    return tuple("  ".join(cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row)).rstrip()
                 for row in table)


def entries(rows: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Words, and what each is, folded to a terminal's width; below words that are long, the text begins anew."""
    table = [(printable(word), printable(text)) for word, text in rows]
    indent = min(22, max((_width(word) for word, _ in table), default=0) + 2)
    lines = []
    for word, text in table:
        parts = folded(text, WIDTH - 1 - indent)
        if _width(word) + 2 > indent:
            lines.append(word)
        else:
            lines.append(word + " " * (indent - _width(word)) + parts.pop(0))
        lines += [" " * indent + rest for rest in parts]
    return tuple(line.rstrip() for line in lines)


def folded(text: str, width: int = WIDTH - 1) -> list[str]:
    """Broken at spaces, and where there are none, as in Chinese, between any two characters."""
    lines = [""]
    for piece in re.findall(r"[ -~]+? |[ -~]+|.", text):
        if _width(lines[-1]) + _width(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
    return lines


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters are escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
