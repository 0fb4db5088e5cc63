# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a running phone works: a folder with sheets and results behind a real file server."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from callsheet.core.model import Attempt, Sheet, Task
from callsheet.formats.results import Results, read_results
from callsheet.formats.sheet import write_sheet
from callsheet.simulator.fileserver import FileServer
from tests.support.running import PATIENCE, RunningPhone, Section

AGENT, PIN = "101", "4711"
FIRST_NUMBER = 442079460000
"""+44 20 7946 0000 to 0999 are set aside by Ofcom for drama."""


def number(n: int) -> str:
    """The n-th of the numbers that nobody has."""
    return f"+{FIRST_NUMBER + n}"


def sheet_of(*tasks: Task, **fields: Any) -> Sheet:
    """A sheet that is worked without waiting; `fields` say otherwise."""
    quick: dict[str, Any] = {"mode": "progressive", "gap": 0.0, "preview": 0.0, "wrap_up": 20.0}
    return Sheet(**{"id": "s1", "agent": AGENT, "revision": 1, "tasks": tasks, "zone": "Europe/London",
                    **quick, **fields})


def revised(sheet: Sheet, *tasks: Task, **fields: Any) -> Sheet:
    """The next revision with these tasks."""
    return replace(sheet, revision=sheet.revision + 1, tasks=tasks, **fields)


class Workplace:
    """A file server on loopback and the phones of one agent. Use as a context manager."""

    def __init__(self, folder: Path, *, files: str = "") -> None:
        """`files`: URL of another server, with a slash at its end; then none is started here."""
        self.folder = folder
        self.results = folder / "files" / "results"
        self.results.mkdir(parents=True)
        (folder / "files" / "sheets").mkdir()
        self._url = files
        self._port = 0
        self._server: FileServer | None = None
        self._phones: list[RunningPhone] = []
        if not files:
            self.open()

    # The server

    @property
    def files(self) -> str:
        """Its URL, which stays the same when it is closed and opened again."""
        return self._url

    def open(self) -> None:
        """Begin to serve."""
        self._server = FileServer(self.folder / "files", {AGENT: PIN}, ("127.0.0.1", self._port)).start()
        self._url = self._server.url
        self._port = int(self._url.rstrip("/").rpartition(":")[2])

    def close(self) -> None:
        """Serve no more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def publish(self, sheet: Sheet, agent: str = AGENT) -> None:
        """Put a sheet, or a revision of it, where the agent's phone looks."""
        path = self.folder / "files" / "sheets" / f"{agent}.json"
        part = path.with_suffix(".part")
        part.write_bytes(write_sheet(sheet))
        part.replace(path)

    # Phones

    def phone(self, server: str, *, spoken: bool = True, start: bool = True, **sections: Section) -> RunningPhone:
        """A phone bound to the agent, which begins to dial by itself; `sections` add settings, or change them."""
        made = RunningPhone(self.folder / f"phone-{len(self._phones)}", self.settings(server, **sections), spoken=spoken)
        self._phones.append(made)
        return made.start() if start else made

    def settings(self, server: str, **sections: Section) -> dict[str, Section]:
        """What `phone` gives it."""
        usual: dict[str, dict[str, Any]] = {
            "phone": {"id": f"phone{len(self._phones)}", "zone": "Europe/London", "agent": AGENT, "pin": PIN,
                      "auto_ready": True},
            "sheet": {"url": f"{self._url}sheets/{{agent}}.json", "upload": f"{self._url}results/",
                      "auth": "agent-pin", "retry_min": 0.1, "retry_max": 1.0},
            "calls": {"wrap_up_failed": 0.0},
            "sip": {"server": server, "user": AGENT, "password": "secret-101", "codecs": ["PCMU", "PCMA"],
                    "rtp_port": 0, "local_address": "127.0.0.1", "register": False, "retry_min": 0.2,
                    "retry_max": 0.4},
            "audio": {"device": "null"},
            "simulator": {"enabled": True},
        }
        for name, section in sections.items():
            usual[name] = {**usual.get(name, {}), **section}
        return usual

    def stop_phones(self) -> None:
        """Switch all of them off."""
        for phone in self._phones:
            phone.stop()

    @property
    def config(self) -> Path:
        """Settings file of the first phone."""
        return self._phones[0].config

    # What came back

    def names(self, kind: str = "") -> list[str]:
        """Of the files on the server, of one kind or all, in order. Lease files are no results: only if asked for."""
        hidden = (".",) if kind.startswith("lease-") else (".", "lease-")
        return sorted(path.name for path in self.results.glob(f"{kind}*.json") if not path.name.startswith(hidden))

    def uploads(self, kind: str = "") -> dict[str, bytes]:
        """The files by name."""
        return {name: (self.results / name).read_bytes() for name in self.names(kind)}

    def result_files(self) -> list[Results]:
        """One for each word on an attempt."""
        return [read_results(body) for body in self.uploads("result-").values()]

    def attempts(self) -> dict[str, list[Attempt]]:
        """All attempts by task in the order of dialling, each as its last result file has it."""
        last: dict[str, tuple[Results, Attempt]] = {}
        for results in self.result_files():
            (task,) = results.tasks
            (attempt,) = task.attempts
            if attempt.id not in last or results.issued >= last[attempt.id][0].issued:
                last[attempt.id] = results, attempt
        by_task: dict[str, list[Attempt]] = defaultdict(list)
        for _, attempt in sorted(last.values(), key=lambda pair: pair[1].dialled):
            by_task[attempt.task].append(attempt)
        return by_task

    def complete(self) -> Results | None:
        """The file about the finished sheet, once it is there; of several the latest."""
        found = [read_results(body) for body in self.uploads("complete-").values()]
        return max(found, key=lambda results: results.issued, default=None)

    def wait(self, what: Callable[[], object], patience: float = PATIENCE, message: str = "did not come") -> Any:
        """Until `what()` is true of what came back; returns that."""
        end = time.monotonic() + patience
        while not (found := what()):
            if time.monotonic() > end:
                screens = "\n".join(f"{phone.folder.name}: {phone.screen}" for phone in self._phones)
                raise AssertionError(f"{message}; {len(self.uploads())} files\n{screens}")
            time.sleep(0.05)
        return found

    def wait_attempt(self, task: str, count: int = 1, patience: float = PATIENCE) -> Attempt:
        """The count-th attempt of a task, once the server has it."""
        self.wait(lambda: len(self.attempts().get(task, ())) >= count, patience, f"no attempt {count} of {task}")
        return self.attempts()[task][count - 1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_phones()
        self.close()


def merged(settings: Mapping[str, Section], **sections: Section) -> dict[str, Section]:
    """Settings with some changed."""
    return {name: {**settings.get(name, {}), **sections.get(name, {})} for name in {*settings, *sections}}
