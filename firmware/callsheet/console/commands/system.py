# SPDX-License-Identifier: GPL-3.0-or-later
"""log, test, time, network, password, label, reboot, power-off, factory-reset: the machine itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from callsheet.adapters.identity import identity
from callsheet.adapters.privileged import ask_system
from callsheet.console.commands.base import Command
from callsheet.console.desk import Session
from callsheet.console.reply import FAILED, OK, Reply, Trouble, columns, printable
from callsheet.formats.sections import masked

SELFTEST_SECONDS = 180.0
PHONE_UNIT = "callsheet.service"


class Log(Command):
    """log."""

    name = "log"
    usage = "[LINES] [-f]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """The last lines; with -f those that come, until a key is pressed."""
        numbers = [word for word in words if word != "-f"]
        if len(numbers) > 1 or (numbers and not numbers[0].isdecimal()):
            raise self.wrong()
        most = int(numbers[0]) if numbers else 20
        try:
            found = session.desk.ask("log", most=most)
        except Trouble as trouble:
            # A phone that does not run cannot say why; the system's journal can.
            found = _journal(most)
            if not found:
                raise Trouble(trouble.reason) from None
        lines = tuple(printable(line["text"]) for line in found)
        return Reply(lines or ("the phone has nothing to say since its start",), found)

    def follow(self, session: Session, words: Sequence[str]) -> Iterator[list[str]] | None:
        """New lines."""
        return self._new(session) if "-f" in words else None

    def _new(self, session: Session) -> Iterator[list[str]]:
        last = session.desk.ask("log", most=1)
        number = last[-1]["number"] if last else 0
        while True:
            try:
                found = session.desk.ask("log", since=number)
            except Trouble:
                # It restarts, and counts from 1 again.
                number, found = 0, []
            if found:
                number = found[-1]["number"]
            yield [printable(line["text"]) for line in found]


def _journal(most: int) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(["journalctl", "--unit", PHONE_UNIT, "--lines", str(min(most, 1000)), "--output", "short-iso",
                               "--no-pager", "--quiet"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [{"number": number, "text": line} for number, line in enumerate(done.stdout.splitlines(), 1)]


class Test(Command):
    """test."""

    name = "test"
    usage = "[CHECK …]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """The part of the self-test that needs no hands; exit status 1 if a check fails."""
        if any(not re.fullmatch(r"[a-z][a-z-]*", word) for word in words):
            raise self.wrong()
        command = [sys.executable, "-m", "callsheet", "selftest", "--config", str(session.desk.config),
                   "--non-interactive", "--json", *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SELFTEST_SECONDS, check=False)
            found = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise Trouble(f"the self-test did not end within {SELFTEST_SECONDS:.0f} s") from None
        except ValueError:
            raise Trouble("the self-test did not run", printable(done.stderr.strip()[-200:])) from None
        if "error" in found:
            raise Trouble(str(found["error"].get("reason", found["error"])))
        rows = [(str(one["result"]).upper(), one["name"], one.get("text", "")) for one in found["checks"]]
        return Reply(columns(rows), found, OK if found["passed"] else FAILED)


class Time(Command):
    """time."""

    name = "time"
    usage = "[YYYY-MM-DDTHH:MM:SS+HH:MM]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """The clock, and whether it is known to be right; or set it, with its offset from UTC."""
        if len(words) > 1:
            raise self.wrong()
        if words:
            try:
                at = datetime.fromisoformat(words[0])
            except ValueError:
                raise self.wrong() from None
            if at.tzinfo is None:
                raise Trouble("a time without its offset from UTC", "write 2026-11-24T09:00:00+01:00")
            ask_system("set-clock", posix=at.timestamp())
        now = datetime.now(UTC).astimezone()
        try:
            trusted: bool | None = bool(session.desk.ask("status")["clock_trusted"])
        except Trouble:
            trusted = None
        said = {True: "known to be right", False: "not known to be right", None: "the phone does not run"}[trusted]
        return Reply((f"{now.isoformat(timespec='seconds')}, {said}",),
                     {"now": now.isoformat(timespec="seconds"), "trusted": trusted})


class Network(Command):
    """network."""

    name = "network"
    usage = "[show]"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What the machine has now, and what the settings want; `set network.…` and `apply` change it."""
        if list(words) not in ([], ["show"]):
            raise self.wrong()
        wanted = msgspec.to_builtins(masked(session.desk.settings(session.candidate)).network)
        found = _interfaces()
        rows = [(one["name"], one["state"], one["mac"], ", ".join(one["addresses"]) or "no address") for one in found]
        rows += [(f"network.{name}", str(value), "", "") for name, value in wanted.items() if value]
        return Reply(columns(rows), {"interfaces": found, "settings": wanted})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Its word."""
        return () if before else ("show",)


class PasswordCommand(Command):
    """password."""

    name = "password"
    usage = "OLD NEW"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Change the console's password."""
        if len(words) != 2:
            raise self.wrong()
        if not session.desk.password.check(words[0]):
            raise Trouble("the old password is wrong")
        session.desk.password.set(words[1])
        return Reply(("changed",), {"changed": True})


class Label(Command):
    """label."""

    name = "label"

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """What goes on the sticker: name, MAC address, serial number."""
        if words:
            raise self.wrong()
        who, settings = identity(), session.desk.usable()
        name = settings.phone.id if settings.phone.id != "phone" else f"phone-{who.serial[-8:]}"
        mac = ":".join(who.mac[i : i + 2] for i in range(0, 12, 2))
        return Reply((f"Callsheet  {name}", f"MAC {mac}", f"S/N {who.serial}"),
                     {"name": name, "mac": mac, "serial": who.serial})


class _Verb(Command):
    """A word to the system, after it was said twice."""

    verb = ""
    said = ""

    def run(self, session: Session, words: Sequence[str], rest: str) -> Reply:
        """Do it if the word `yes` follows."""
        if list(words) != ["yes"]:
            raise Trouble(f"this {self.said}", f"write {self.name} yes to do it")
        ask_system(self.verb)
        return Reply(("doing it",), {"done": self.verb})

    def complete(self, session: Session, before: Sequence[str]) -> Iterable[str]:
        """Never `yes`: it is to be typed."""
        return ()


class Reboot(_Verb):
    """reboot."""

    name, verb, usage, said = "reboot", "reboot", "yes", "ends every call"


class PowerOff(_Verb):
    """power-off."""

    name, verb, usage, said = "power-off", "power-off", "yes", "ends every call and switches the phone off"


class FactoryReset(_Verb):
    """factory-reset."""

    name, verb, usage = "factory-reset", "factory-reset", "yes"
    said = "erases settings, the sheet being worked and results that were not sent yet"


def _interfaces(net: Path = Path("/sys/class/net")) -> list[dict[str, Any]]:
    addresses: dict[str, list[str]] = {}
    try:
        done = subprocess.run(["ip", "-j", "address"], capture_output=True, text=True, timeout=5, check=True)
        for one in json.loads(done.stdout):
            addresses[one["ifname"]] = [f"{a['local']}/{a['prefixlen']}" for a in one["addr_info"] if a["scope"] != "link"]
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        addresses = {}
    found = []
    for _, name in socket.if_nameindex():
        folder = net / name
        if name == "lo" or not folder.exists():
            continue
        found.append({"name": name, "state": _line(folder / "operstate"), "mac": _line(folder / "address"),
                      "wireless": (folder / "wireless").exists(), "addresses": addresses.get(name, [])})
    return found


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return os.strerror(2)
