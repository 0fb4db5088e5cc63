# SPDX-License-Identifier: GPL-3.0-or-later
"""help: what can be typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.reply import USAGE, Reply, Trouble, entries, folded
from callsheet.console.texts import language
from callsheet.formats.errors import nearest


class Help(Command):
    """help."""

    name = "help"
    usage = "[COMMAND]"

    def __init__(self) -> None:
        self.others: tuple[Command, ...] = ()
        """All commands; set by whoever knows them."""

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """All commands in a line each, or one with how it is written."""
        if len(words) > 1:
            raise self.wrong()
        texts = language(session)
        if not words:
            rows = [(f"{one.name} {one.usage}".strip(), texts[f"help.{one.name}"]) for one in self.others]
            return Reply((*entries(rows), "", texts["help.more"]),
                         [{"name": one.name, "usage": one.usage, "text": texts[f"help.{one.name}"]}
                          for one in self.others])
        found = next((one for one in self.others if one.name == words[0]), None)
        if found is None:
            raise Trouble(f"no command {words[0][:40]!r}", nearest(words[0], (one.name for one in self.others)), USAGE)
        return Reply((f"{found.name} {found.usage}".strip(), *folded(texts[f"help.{found.name}"])),
                     {"name": found.name, "usage": found.usage, "text": texts[f"help.{found.name}"]})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """The commands."""
        return () if before else [one.name for one in self.others]
