# SPDX-License-Identifier: GPL-3.0-or-later
"""A session at the console, run and written down: what stands in firmware/docs/console.md."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from callsheet.adapters.control import ControlClient, NoPhone
from callsheet.adapters.settings_files import SettingsFiles
from callsheet.console.password import Password
from callsheet.core.model import Task
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.config import build_config
from tests.support.cable import Cable
from tests.support.running import ROOT
from tests.support.workplace import AGENT, Workplace, number, sheet_of

PAGE = ROOT / "firmware" / "docs" / "console.md"
BEGIN, END = "<!-- transcript: made by scripts/make-console-page -->", "<!-- end of transcript -->"
PROMPT = "callsheet>"
PASSWORD = "correct horse"


def session() -> str:
    """Set a phone up, look at it, make a mistake. Takes half a minute."""
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(Path(folder) / "place")
        town = TownServer(build_config({"registrar": {"users": {AGENT: f"secret-{AGENT}"}}}),
                          log=Path(folder) / "town.jsonl")
        town.start()
        host, port = town.address
        try:
            place.publish(sheet_of(*(Task(f"c-{n}", number(n)) for n in range(80)), id="renewals"))
            phone = place.phone("", start=False, phone={"id": "desk-7", "auto_ready": False}, sip={"register": True},
                                sheet={"url": ""})
            (phone.folder / "data").mkdir()
            Password(phone.folder / "data").set(PASSWORD)
            with phone:
                lines = [
                    "status", "set sip.server pbx.example.com", f"set sheet.url {place.files}sheets/{{agent}}.jsom",
                    f"set sheet.url {place.files}sheets/{{agent}}.json", "set sip.transport tpc", "diff", "apply",
                    "*registered", "status", "queue 3", "show sheet.poll", "exit",
                ]
                text = _typed(phone.folder, phone.config, lines, {"pbx.example.com": f"{host}:{port}"})
        finally:
            place.stop_phones()
            place.close()
            town.stop()
    return _neutral(text, {f"{host}:{port}": "pbx.example.com", place.files: "https://files.example.com/"})


def _typed(folder: Path, config: Path, lines: list[str], real: dict[str, str]) -> str:
    with Cable() as cable, (folder / "console.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "callsheet", "console", "--config", str(config), "--port", cable.port], cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "firmware")}, stderr=log, stdin=subprocess.DEVNULL)
        try:
            said = [cable.until("Password:").strip("\n")]
            cable.type(f"{PASSWORD}\r")
            cable.until("\n")
            said.append(f"\n{cable.until(PROMPT)}")
            for line in lines:
                if line.startswith("*"):
                    _wait_settled(config)
                    continue
                sent = line
                for shown, meant in real.items():
                    sent = sent.replace(shown, meant)
                said.append(f" {line}\n{_answer(cable, sent)}")
            return "".join(said)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)


def _answer(cable: Cable, sent: str) -> str:
    """What comes up to the next prompt or the end, without the echo of what was sent."""
    cable.type(sent)
    cable.quiet(0.5)
    cable.type("\r")
    came = ""
    end = time.monotonic() + 60
    while not came.rstrip().endswith((PROMPT, "Password:")) or came.count("\n") < 2:
        came += cable.quiet(0.5)
        assert time.monotonic() < end, came
    if f"{sent}\n" in came:
        came = came.rpartition(f"{sent}\n")[2]
    came = came.lstrip("\n")
    return came.partition("\n\nCallsheet")[0] if "Password:" in came else came


def _wait_settled(config: Path) -> None:
    """Registered, with a sheet, and the trial over."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            found = ControlClient(config.parent / "data").ask("status")
            if found.get("blocker") == "paused" and SettingsFiles(config).left() is None:
                return
        except NoPhone:
            pass
        time.sleep(0.25)
    raise AssertionError("the phone did not take the settings")


def _neutral(text: str, names: dict[str, str]) -> str:
    """Without what is different every time."""
    for real, neutral in names.items():
        text = text.replace(real, neutral)
    text = re.sub(r"firmware \S+", "firmware 0.1.0", text)
    text = re.sub(r"20\d\d-\d\d-\d\dT[0-9:+]+", "2026-11-24T09:00:00+00:00", text)
    text = re.sub(r"^\* .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"not registered.*", "not registered", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def page_with(text: str) -> str:
    """The page with this session in it."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n```\n{text}\n```\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(session()), encoding="utf-8")
