# SPDX-License-Identifier: GPL-3.0-or-later
"""Building pjsua2 for another processor, on a Debian that has its compilers and -dev packages (image/steps/pjsua2.py)."""

from __future__ import annotations

import platform
import subprocess
import zipfile
from pathlib import Path

from . import say, trial


def environment(host: str) -> dict[str, str]:
    """What compilers, and Python's build modules, need to be told; empty for this machine itself.

    `host` is a GNU triple, as aarch64-linux-gnu.
    """
    if not host:
        return {}
    processor = host.split("-")[0]
    return {
        "CC": f"{host}-gcc",
        "CXX": f"{host}-g++",
        "_PYTHON_HOST_PLATFORM": f"linux-{processor}",
        "_PYTHON_SYSCONFIGDATA_NAME": f"_sysconfigdata__{host}",
    }


def machine(host: str) -> str:
    """The processor the result is for."""
    return host.split("-")[0] if host else platform.machine()


def configure(host: str) -> list[str]:
    """More words for the SIP stack's configure, which gives up TLS without a word if --with-ssl is left out."""
    return [f"--host={host}", "--with-ssl=/usr"] if host else []


def check(wheel: Path, host: str, work: Path, code: int) -> None:
    """Raise Failed (with exit code `code`) unless the wheel is for `host` and linked with what the phone needs.

    It cannot be run here: tests/vm does that.
    """
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".so"))
        module = Path(archive.extract(name, work / "trial"))
    objdump = f"{host}-objdump"
    reply = subprocess.run([objdump, "-p", module], text=True, capture_output=True, check=False)
    lost = [feature for feature, library in trial.LIBRARIES.items() if library not in reply.stdout]
    lost += [] if f"file format elf64-little{machine(host)}" in reply.stdout else [f"code for {host}"]
    if lost:
        raise say.Failed(f"the new pjsua2 lacks {', '.join(lost)}", code)
    say.step(f"pjsua2 for {host}: ALSA, SRTP and TLS are linked")
