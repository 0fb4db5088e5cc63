# SPDX-License-Identifier: GPL-3.0-or-later
"""update: a signed bundle from a link or a stick goes into the other slot; what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import to_builtins

from callsheet.adapters.privileged import ask_system
from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.reply import Reply, Trouble, columns, printable
from callsheet.ports import PortError
from callsheet.update import record
from callsheet.update.check import ALWAYS, HEADSET, CheckTrouble, failing
from callsheet.update.rauc import INSPECTS
from callsheet.update.record import Record

LONGEST = 7200.0
"""Seconds after which a program is no longer kept waiting; the update itself goes on."""


class Update(Command):
    """update."""

    name = "update"
    usage = "[status] | URL [older] | stick [older] | back"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Install a signed bundle into the other slot; it is started at the next reboot, and taken back if it fails."""
        if list(words) in ([], ["status"]):
            found = ask_system("update-status")
            return Reply(_lines(found), found)
        if list(words) == ["back"]:
            found = ask_system("update-back")
            return Reply((f"slot {found['slot']} starts from now on; reboot starts it",), found)
        *_, last = (last for last in self._steps(session, words) if last is not None)
        return Reply((_said(last),), to_builtins(last))

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Its words."""
        return ("status", "stick", "back", "https://") if not before else ("older",) if before[0] not in ("status", "back") else ()

    def follow(self, session: Session, words: Sequence[str]) -> Iterator[list[str]] | None:
        """How far it is; a key ends the looking on, not the update."""
        if not words or words[0] in ("status", "back"):
            return None
        return ([_said(last)] if last is not None else [] for last in self._steps(session, words))

    def _steps(self, session: Session, words: Sequence[str]) -> Iterator[Record | None]:
        """What is new about it, or None, each second until it is over. Raises Trouble."""
        if len(words) > 2 or (len(words) == 2 and words[1] != "older"):
            raise self.wrong()
        try:
            before = failing(session.desk.config, ALWAYS + HEADSET)
        except CheckTrouble:
            before = ()
        try:
            ask_system("update", patience=2 * INSPECTS + 30.0, source=words[0], older="older" in words[1:], failing=list(before))
        except PortError as error:
            raise Trouble(str(error)) from None
        last, until = None, time.monotonic() + LONGEST
        while time.monotonic() < until:
            now = record.present()
            yield now if now != last else None
            last = now
            if now.state != "installing":
                if now.state == "failed":
                    raise Trouble(now.reason, now.remedy)
                return
            time.sleep(1.0)
        raise Trouble(f"it is not over after {LONGEST / 3600:.0f} hours", "update status shows how far it is")


def _said(last: Record) -> str:
    if last.state == "installing":
        return f"{last.percent:3} %  {printable(last.doing)}"
    return f"{printable(last.version)} is in slot {last.slot}; reboot starts it, and it stays if the phone is well then"


def _lines(found: dict[str, Any]) -> tuple[str, ...]:
    """The slots, then the last update."""
    last = found["update"]
    rows = [(f"slot {name}", found["version"] if name == found["running"] else "", state,
             "running" if name == found["running"] else "starts if that fails" if state == "good" else "")
            for name, state in found["states"].items()]
    said = {
        "offered": f"a stick has {last['version']}: update stick installs it", "refused": f"the stick's update is refused: {last['reason']}",
        "installing": f"installing {last['version']}: {last['percent']} %, {last['doing']}",
        "installed": f"{last['version']} is installed; reboot starts it", "failed": f"{last['version']} was not installed: {last['reason']}",
        "trial": f"{last['version']} is on trial: it stays if the phone registers and its self-test passes",
        "good": f"{last['version']} was found good", "taken-back": f"{last['version']} was taken back: {last['reason']}",
    }.get(last["state"], "no update yet")
    lines = [*columns(rows), printable(said)]
    return (*lines, printable(last["remedy"])) if last["remedy"] else tuple(lines)
