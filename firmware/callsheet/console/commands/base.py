# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callsheet.console.desk import Session
from callsheet.console.reply import Reply, usage


class Command:
    """One word that can be typed. Subclasses say which, how it is written, and what it does."""

    name = ""
    usage = ""
    """How it is written, without the name."""

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Do it. `words` come after the name; `rest` is the same as it was typed. Raises Trouble, Invalid."""
        raise NotImplementedError

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """What may be typed after the words `before`."""
        return ()

    def ends(self, words: Sequence[str]) -> str:
        """What ends the lines it wants after its own; empty: it wants none. They are in `rest` then."""
        return ""

    def follow(self, session: Session, words: Sequence[str]) -> Iterator[list[str]] | None:
        """Lines that go on coming until a key is pressed; an empty list means: nothing new, wait."""
        return None

    def wrong(self) -> Exception:
        """It was not written so."""
        return usage(f"{self.name} {self.usage}".strip())
