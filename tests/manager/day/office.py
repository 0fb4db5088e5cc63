# SPDX-License-Identifier: GPL-3.0-or-later
"""The day's people and machines: a manager at the command line, a server, a town, phones with their agents."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import func, select

from callsheet.manager.opened import Manager, open_manager
from callsheet.manager.storage.tables import Task
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.config import build_config
from tests.support.running import ROOT, toml

LIST = "renewals"
PINS = {"101": "4711", "102": "0815", "103": "5823", "104": "9640"}
MOST_CALLS = 3
BEHAVIOURS: dict[str, dict[str, Any]] = {
    "answer": {"share": 55, "ring": [0.05, 0.2]},
    "busy-then-answer": {"share": 12},
    "rings-out": {"share": 5},
    "no-answer-then-answer": {"share": 5},
    "unallocated": {"share": 6},
    "nowhere": {"share": 4},
    "declines": {"share": 6, "ring": [0.05, 0.2]},
    "hangs-up-first": {"share": 5, "ring": [0.05, 0.2], "talk": [0.1, 0.3]},
    "unavailable": {"share": 2, "ring": 0.1},
}
HEADER = f"""
mode = "progressive"
gap = 0.0
preview = 0.1
wrap_up = 8.0
ring_timeout = 0.8
max_attempts = {MOST_CALLS}
zone = "Europe/London"
rules = {{ caps = [{{ limit = {MOST_CALLS}, period = 86400.0 }}] }}
dispositions = [
    {{ key = "1", code = "agreed", label = "Appointment made" }},
    {{ key = "2", code = "later", label = "Not now" }},
    {{ key = "3", code = "refused", label = "Not interested" }},
]
[retry]
busy = {{ action = "retry", after = 2.0 }}
no-answer = {{ action = "retry", after = 2.0 }}
unavailable = {{ action = "retry", after = 2.0 }}
"""
DRAMA = ("+44207946", "+44113496", "+44114496", "+44115496", "+44116496")
"""With 0000 to 0999 behind them: set aside by Ofcom for drama."""


def spreadsheet(path: Path, rows: int) -> None:
    """That many callees, and some rows that nobody can call."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        page = book.add_worksheet("Customers")
        page.write_row(0, 0, ("Name", "Phone number", "City", "Contract", "Priority"))
        for n in range(rows):
            number = f"{DRAMA[n // 1000]}0{n % 1000:03}"
            page.write_row(n + 1, 0, (f"Customer {n:04}", number, ("London", "Leeds", "York")[n % 3], f"C-{n:05}", n % 3))
        page.write_row(rows + 1, 0, ("Twice", f"{DRAMA[0]}0000", "London", "C-again", 0))
        page.write_row(rows + 2, 0, ("Nobody", "call me", "London", "C-none", 0))


class Phone:
    """A handset and whoever sits at it."""

    def __init__(self, folder: Path, name: str, agent: str, sip: str, files: str, seed: int) -> None:
        folder = folder / name
        folder.mkdir()
        self.name, self.agent, self.log = name, agent, folder / "phone.log"
        (folder / "phone.toml").write_text(toml({
            "phone": {"id": name, "zone": "Europe/London"},
            "sheet": {"url": f"{files}sheets/{{agent}}.json", "auth": "agent-pin", "poll": 10.0, "retry_min": 0.5,
                      "retry_max": 5.0},
            "calls": {"wrap_up_failed": 0.5},
            "sip": {"server": sip, "user": agent, "password": f"secret-{agent}", "codecs": ["PCMU"], "rtp_port": 0,
                    "local_address": "127.0.0.1"},
            "audio": {"device": "null"},
            "simulator": {"enabled": True, "autopilot": True, "agent": agent, "pin": PINS[agent], "talk": [0.1, 0.3],
                          "seed": seed},
        }))
        path = f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.manager.day.phone", "--config", str(folder / "phone.toml")], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=self.log.open("a"), env={**os.environ, "PYTHONPATH": path})
        threading.Thread(target=self._read, daemon=True).start()
        self.page = self._await("page ").split()[1]

    def leave(self) -> None:
        """The agent signs out; returns when all that was done is on the server."""
        self.child.send_signal(signal.SIGUSR1)
        self._await("gone", 900.0)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Switch it off."""
        if self.child.poll() is None:
            self.child.send_signal(how)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def _await(self, word: str, patience: float = 120.0) -> str:
        while True:
            try:
                line = self._lines.get(timeout=patience)
            except queue.Empty:
                raise RuntimeError(f"{self.name} did not say {word!r}: {self.log.read_text()[-2000:]}") from None
            if line.startswith(word):
                return line

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self._lines.put(line)


class Office:
    """All of it. Use as a context manager."""

    def __init__(self, folder: Path, rows: int, say: Callable[[str], None]) -> None:
        self.folder, self.rows, self.say = folder, rows, say
        self.manager_folder = folder / "manager"
        self.phones: dict[str, Phone] = {}
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Office:
        self.prepare()
        config = build_config({"seed": "day", "registrar": {"users": {a: f"secret-{a}" for a in PINS}},
                               "behaviours": BEHAVIOURS})
        self.town = TownServer(config, log=self.folder / "town.jsonl")
        host, port = self.town.start()
        self.sip = f"{host}:{port}"
        try:
            self.serve()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for phone in self.phones.values():
            phone.end()
        self.close()
        self.town.stop()

    # The manager ----------------------------------------------------------------

    def command(self, *words: str, feed: str = "") -> Any:
        """`callsheet manager …`, which must succeed; what it prints as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "callsheet", "manager", *words, "--folder", str(self.manager_folder), "--json"],
            cwd=ROOT / "firmware", input=feed, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"callsheet manager {' '.join(words)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def prepare(self) -> None:
        """From nothing to sheets."""
        self.command("init", "--country", "GB", "--zone", "Europe/London")
        settings = self.manager_folder / "manager.toml"
        settings.write_text(settings.read_text() + "\n[leases]\nseconds = 60.0\nrenew = 3.0\n")
        for agent, pin in PINS.items():
            self.command("agent", "add", agent, "--pin", feed=f"{pin}\n{pin}\n")
        header = self.folder / "list.toml"
        header.write_text(HEADER)
        self.command("list", "create", LIST, "--title", "Renewals", "--header", str(header))
        clients = self.folder / "clients.xlsx"
        spreadsheet(clients, self.rows)
        told = self.command("import", str(clients), "--list", LIST, "--agents", ",".join(PINS))
        self.imported = told["report"]

    def serve(self) -> None:
        """The server for phones."""
        self._server = subprocess.Popen(
            [sys.executable, "-m", "callsheet", "manager", "serve", "--folder", str(self.manager_folder),
             "--listen", "127.0.0.1:0"], cwd=ROOT / "firmware", text=True, stdout=subprocess.PIPE,
            stderr=(self.folder / "server.log").open("a"))
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line.startswith("serving "):
            raise RuntimeError((self.folder / "server.log").read_text()[-2000:])
        self.url = line.split()[1]

    def close(self) -> None:
        """Stop serving."""
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(signal.SIGTERM)
            server.wait(30)

    def open(self) -> Manager:
        """The database, to look into."""
        return open_manager(self.manager_folder)

    # Phones ---------------------------------------------------------------------

    def phone(self, name: str, agent: str) -> Phone:
        """One more handset, at which an agent signs in and works."""
        made = Phone(self.folder, name, agent, self.sip, f"{self.url}phones/", len(self.phones) + 1)
        self.phones[name] = made
        return made

    # Waiting --------------------------------------------------------------------

    def until(self, manager: Manager, true: Callable[[dict[str, int], int], bool], what: str, patience: float) -> None:
        """Wait for something to be true of (done by agent, all done); fails if nothing is done for so many seconds."""
        last, since = -1, time.monotonic()
        while True:
            done = self.done(manager)
            total = sum(done.values())
            if true(done, total):
                return
            if total != last:
                last, since = total, time.monotonic()
            if time.monotonic() - since > patience:
                raise RuntimeError(f"{what}: nothing happens any more; {total} of {self.rows} done, {done}")
            for phone in self._running():
                if phone.child.poll() is not None:
                    raise RuntimeError(f"{phone.name} ended by itself: {phone.log.read_text()[-2000:]}")
            time.sleep(0.5)

    def done(self, manager: Manager) -> dict[str, int]:
        """Tasks that are final, by agent."""
        with manager.database.read() as db:
            return {str(agent): count for agent, count in db.execute(
                select(Task.agent_id, func.count()).where(Task.final.is_(True)).group_by(Task.agent_id))}

    def _running(self) -> Iterable[Phone]:
        return [phone for phone in self.phones.values() if phone.child.returncode is None]
