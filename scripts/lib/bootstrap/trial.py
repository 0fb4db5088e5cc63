# SPDX-License-Identifier: GPL-3.0-or-later
"""Try a fresh pjsua2 wheel in a throw-away environment: does it load, and can it do what we need?"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from . import say
from .paths import LIB

CODECS = ("PCMU", "PCMA", "G722", "opus")
# Linked libraries that stand for a feature no loopback trial can show.
LIBRARIES = {"ALSA": "libasound.so", "SRTP": "libsrtp2.so", "TLS": "libssl.so.3"}


def environment(python: Path, place: Path, log: Path) -> Path:
    """Make a virtual environment and return its interpreter."""
    say.run([python, "-m", "venv", place], log=log)
    return place / "bin" / "python"


def pip(python: Path, words: list[str | Path], log: Path) -> None:
    """Run pip quietly; raise Failed with its log's end."""
    command = [python, "-m", "pip", "-q", "--disable-pip-version-check", "--no-input", *words]
    say.run(command, log=log)


def run(wheel: Path, python: Path, work: Path, log: Path, code: int) -> None:
    """Raise Failed (with exit code `code`) if the wheel cannot do what the phone needs."""
    own = environment(python, work / "trial", log)
    pip(own, ["install", "--no-index", "--no-deps", wheel], log)
    script = LIB / "pjsua2_trial.py"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    reply = subprocess.run([own, script], text=True, capture_output=True, cwd=work, env=env, check=False)
    log.open("a").write(reply.stdout + reply.stderr)
    rows = [line for line in reply.stdout.splitlines() if line.startswith("FACTS ")]
    if reply.returncode or not rows:
        raise say.Failed(f"the new pjsua2 does not run:\n{say.tail(log)}", code)
    facts = json.loads(rows[-1].removeprefix("FACTS "))
    module = next((work / "trial").glob("lib/python3*/site-packages/_pjsua2*.so"))
    if wrong := shortcomings(facts, needed_libraries(module)):
        raise say.Failed(f"the new pjsua2 lacks {', '.join(wrong)}: see {log}", code)
    say.step(f"pjsua2 {facts['version']}: {', '.join(facts['codecs'])}; UDP, TCP, TLS; ALSA, SRTP")


def shortcomings(facts: dict[str, Any], libraries: str) -> list[str]:
    """Return what is missing, judged by the trial's facts and the libraries linked."""
    have = {codec.split("/")[0].lower() for codec in facts["codecs"]}
    wrong = [name for name in CODECS if name.lower() not in have]
    wrong += [f"{name} transport" for name, works in facts["transports"].items() if works is not True]
    wrong += [name for name, library in LIBRARIES.items() if library not in libraries]
    return wrong


def needed_libraries(module: Path) -> str:
    """Return the dynamic section of a shared object, as objdump (binutils, with the compiler) prints it."""
    reply = subprocess.run(["objdump", "-p", module], text=True, capture_output=True, check=False)
    return "\n".join(line for line in reply.stdout.splitlines() if "NEEDED" in line)
