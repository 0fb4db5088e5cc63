# SPDX-License-Identifier: GPL-3.0-or-later
"""From a line to a command, and from a command to its answer."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Iterator

from callsheet.console.commands import COMMANDS, Command
from callsheet.console.desk import Session
from callsheet.console.reply import USAGE, Reply, Trouble, printable
from callsheet.formats.errors import FormatError, Invalid, nearest
from callsheet.ports import PortError

log = logging.getLogger("callsheet.console")

LONGEST = 4096
"""Characters of a line; a pasted certificate is taken line by line by the command that asks for it."""


class Shell:
    """The commands of one session."""

    def __init__(self, session: Session, commands: tuple[Command, ...] = COMMANDS) -> None:
        self.session = session
        self._commands = {command.name: command for command in commands}

    def run(self, line: str) -> Reply:
        """Do what the line says; whatever is wrong with it is an answer too."""
        try:
            words = _words(line)
            if not words:
                return Reply()
            command = self._find(words[0])
            return command.run(self.session, words[1:], line.lstrip().partition(words[0])[2].lstrip(" "))
        except Trouble as trouble:
            return trouble.reply()
        except FormatError as fault:
            return Trouble(str(fault), "revert brings the settings from before back; import takes others").reply()
        except Invalid as fault:
            return Trouble(fault.reason, fault.remedy).reply()
        except (PortError, OSError) as error:
            return Trouble(str(error)).reply()
        except Exception as error:  # the console must not end over a fault of ours
            log.exception("a command failed")
            return Trouble(f"internal error ({type(error).__name__})", "log shows where").reply()

    def follow(self, line: str) -> Iterator[list[str]] | None:
        """Lines that go on coming, if the command is one of that kind. Raises Trouble."""
        words = _words(line)
        return self._find(words[0]).follow(self.session, words[1:]) if words else None

    def asks_for_more(self, line: str) -> str:
        """What ends the lines that a command wants after this one; empty: nothing more is wanted."""
        try:
            words = _words(line)
            return self._find(words[0]).ends(words[1:]) if words else ""
        except Trouble:
            return ""

    def complete(self, line: str) -> Iterator[str]:
        """What the last word of the line may become."""
        words = line.split(" ")
        last = words[-1]
        if len(words) == 1:
            yield from (name for name in self._commands if name.startswith(last))
            return
        command = self._commands.get(words[0])
        if command is not None:
            yield from (one for one in command.complete(self.session, words[1:-1]) if one.startswith(last))

    def _find(self, name: str) -> Command:
        command = self._commands.get(name)
        if command is None:
            raise Trouble(f"unknown command {json.dumps(printable(name[:40]), ensure_ascii=False)}",
                          nearest(name, self._commands) or "help lists them", USAGE)
        return command


def _words(line: str) -> list[str]:
    """Of the first line; what was pasted below it is the command's own business."""
    line = line.partition("\n")[0]
    if len(line) > LONGEST:
        raise Trouble(f"a line has at most {LONGEST} characters", status=USAGE)
    try:
        return shlex.split(line, comments=False)
    except ValueError:
        raise Trouble("a quotation mark is not closed", "end the text with the mark it began with", USAGE) from None
