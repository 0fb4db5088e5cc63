# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything around the phone: the town, the file server, the settings file; started and ended together."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from callsheet.core.model import Sheet
from callsheet.formats.sheet import write_sheet
from callsheet.simulator.demo.sheet import PIN
from callsheet.simulator.fileserver import FileServer
from callsheet.simulator.town import TownServer, load_config
from callsheet.simulator.town.config import demo_path

SIP_USER = "101"
PHONE_ENDS_WITHIN = 10.0


class Office:
    """A working place for one phone. Use as a context manager."""

    def __init__(self, sheet: Sheet, folder: Path | None = None, *, autopilot: bool, language: str = "en",
                 auto_ready: bool = False, auth: bool = True) -> None:
        """`auth`: the file server asks for the agent's PIN. `unknown` is what the autopilot answers after a power cut."""
        self.unknown = "#"
        self._auth = auth
        self._own = tempfile.TemporaryDirectory(prefix="callsheet-") if folder is None else None
        self.folder = Path(self._own.name) if self._own is not None else folder or Path()
        self._sheet, self._autopilot, self._language = sheet, autopilot, language
        self._auto_ready = auto_ready
        self.results = self.folder / "files" / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        (self.folder / "files" / "sheets").mkdir(exist_ok=True)
        self.publish(sheet)
        self.town = TownServer(load_config(demo_path()), log=self.folder / "town.jsonl")
        self.server = FileServer(self.folder / "files", {sheet.agent: PIN} if auth else None)
        self.phone: subprocess.Popen[str] | None = None
        self.page = ""

    def __enter__(self) -> Office:
        """Start town, server and phone."""
        host, port = self.town.start()
        self._sip = f"{host}:{port}"
        self.server.start()
        try:
            self.start_phone()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them, the phone first."""
        self.stop_phone()
        self.server.close()
        self.town.stop()
        if self._own is not None:
            self._own.cleanup()

    def publish(self, sheet: Sheet) -> None:
        """Put a sheet, or a revision of it, onto the server."""
        path = self.folder / "files" / "sheets" / f"{sheet.agent}.json"
        part = path.with_suffix(".part")
        part.write_bytes(write_sheet(sheet))
        part.replace(path)

    def start_phone(self) -> None:
        """The phone itself, as a process of its own. Raises RuntimeError with its last words if it does not start."""
        config = self.folder / "phone.toml"
        config.write_text(self._settings(), encoding="utf-8")
        self.phone = subprocess.Popen(
            [sys.executable, "-m", "callsheet", "phone", "--config", str(config)],
            stdout=subprocess.PIPE, stderr=(self.folder / "phone.log").open("a"), text=True,
        )
        assert self.phone.stdout is not None
        for line in self.phone.stdout:
            if line.startswith("page "):
                self.page = line.split()[1]
                threading.Thread(target=self._drain, args=(self.phone.stdout,), daemon=True).start()
                return
        raise RuntimeError("the phone did not start: " + (self.folder / "phone.log").read_text()[-2000:])

    def stop_phone(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """End the phone; with SIGKILL as a power cut would. Returns its exit code."""
        phone, self.phone = self.phone, None
        if phone is None:
            return None
        if phone.poll() is None:
            phone.send_signal(how)
        try:
            return phone.wait(PHONE_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            phone.kill()
            return phone.wait()

    @staticmethod
    def _drain(stream: object) -> None:
        for _ in stream:  # type: ignore[attr-defined]
            pass

    def _settings(self) -> str:
        """The phone's settings file, as an admin would write it."""
        quote = json.dumps
        user = self.town.town.config.registrar.users
        lines = [
            "[phone]", 'id = "demo"', f"language = {quote(self._language)}", 'zone = "Europe/London"',
            f"auto_ready = {quote(self._auto_ready)}",
            "[sheet]", f"url = {quote(self.server.url + 'sheets/{agent}.json')}",
            f"upload = {quote(self.server.url + 'results/')}", f'auth = "{"agent-pin" if self._auth else "none"}"', "poll = 30.0",
            "[calls]", "wrap_up_failed = 3.0",
            "[sip]", f"server = {quote(self._sip)}", f"user = {quote(SIP_USER)}",
            f"password = {quote(user[SIP_USER])}", 'codecs = ["PCMU", "PCMA"]', "rtp_port = 0",
            "[audio]", 'device = "null"',
            "[simulator]", "enabled = true",
        ]
        if self._autopilot:
            lines += ["autopilot = true", "talk = [0.2, 0.5]", f"agent = {quote(self._sheet.agent)}", f"pin = {quote(PIN)}",
                      f"unknown = {quote(self.unknown)}"]
        return "\n".join(lines) + "\n"
