# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone under measurement, as a process of its own, with all that it does in an office."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from callsheet.core.model import Sheet, Task
from callsheet.formats.sheet import write_sheet
from callsheet.simulator.fileserver import FileServer
from tests.bench.callee import Callee

AGENT, PIN = "101", "4711"
ENDS_WITHIN = 15.0


def sheet(count: int, mode: str = "progressive") -> Sheet:
    """Callees with numbers of a country code that is not assigned (ITU-T E.164 list: +999), called without a pause."""
    tasks = tuple(Task(f"t{i}", f"+999{i:08d}", name=f"Callee {i}", service="Annual check", region="North",
                       zone="Europe/London", extra={"contract": i}) for i in range(count))
    return Sheet("bench", AGENT, 1, tasks, mode=mode, gap=0.0, preview=0.0, wrap_up=0.0)  # type: ignore[arg-type]


def settings(folder: Path, callee: Callee, files: FileServer, *, microphone: Path | None, auto_ready: bool,
             codec: str = "PCMU", signed_in: bool = True, wrap_up_failed: float = 0.0) -> Path:
    """The phone's settings file, with everything at its default that a measurement does not need otherwise."""
    quote = json.dumps
    lines = ["[phone]", 'id = "bench"', 'zone = "Europe/London"', f"auto_ready = {quote(auto_ready)}"]
    if signed_in:
        lines += [f"agent = {quote(AGENT)}", f"pin = {quote(PIN)}"]
    lines += [
        "[sheet]", f"url = {quote(files.url + 'sheets/{agent}.json')}", f"upload = {quote(files.url + 'results/')}",
        'auth = "agent-pin"',
        "[calls]", f"wrap_up_failed = {wrap_up_failed}",
        "[sip]", f"server = {quote(callee.address)}", 'user = "101"', 'password = "secret"', f"codecs = [{quote(codec)}]",
        "rtp_port = 0",
        "[audio]",
    ]
    if microphone is None:
        lines += ['device = "null"']
    else:
        lines += ['device = "file"', f"microphone_file = {quote(str(microphone))}",
                  f"speaker_file = {quote(str(folder / 'ear.wav'))}"]
    lines += ["[simulator]", "enabled = true"]
    path = folder / "phone.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Office:
    """File server and phone beside a callee. Use as a context manager."""

    def __init__(self, folder: Path, callee: Callee, work: Sheet, *, microphone: Path | None = None,
                 auto_ready: bool = True, codec: str = "PCMU", signed_in: bool = True) -> None:
        folder.mkdir(parents=True)
        (folder / "files" / "sheets").mkdir(parents=True)
        self.results = folder / "files" / "results"
        self.results.mkdir()
        (folder / "files" / "sheets" / f"{AGENT}.json").write_bytes(write_sheet(work))
        self.folder, self.callee = folder, callee
        self.files = FileServer(folder / "files", {AGENT: PIN})
        self._config = settings(folder, callee, self.files, microphone=microphone, auto_ready=auto_ready, codec=codec,
                                signed_in=signed_in)
        self.phone: subprocess.Popen[str] | None = None
        self.started = 0.0
        """Wall time at which the phone's process was begun."""

    def __enter__(self) -> Office:
        self.files.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.files.close()

    @property
    def pid(self) -> int:
        """Of the phone."""
        assert self.phone is not None
        return self.phone.pid

    def start(self) -> None:
        """Begin the phone and wait until it is registered. Raises RuntimeError with its last words."""
        before = len(self.callee.registrations)
        log = self.folder / "phone.log"
        self.started = time.time()
        self.phone = subprocess.Popen([sys.executable, "-m", "callsheet", "phone", "--config", str(self._config)],
                                      stdout=subprocess.PIPE, stderr=log.open("a"), text=True)
        threading.Thread(target=_drain, args=(self.phone.stdout,), daemon=True).start()
        try:
            self.callee.wait(lambda: len(self.callee.registrations) > before, 30)
        except TimeoutError as error:
            self.stop()
            raise RuntimeError(f"the phone did not register: {error}; {log.read_text()[-1500:]}") from None

    def stop(self) -> None:
        """End the phone."""
        phone, self.phone = self.phone, None
        if phone is None:
            return
        phone.terminate()
        try:
            phone.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            phone.kill()
            phone.wait()


def _drain(stream: IO[str] | None) -> None:
    for _ in stream or ():
        pass
