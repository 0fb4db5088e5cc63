# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a Python the project runs on, with what a virtual environment needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import debian, say
from .reexec import supported

# The published pjsua2 wheels end with CPython 3.12.
NEWEST_PUBLISHED = (3, 12)


@dataclass(frozen=True)
class Python:
    """An interpreter that starts: its path, version, and whether it can make environments with pip."""

    path: Path
    version: tuple[int, int, int]
    can_venv: bool

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} ({self.path})"

    @property
    def has_published_pjsua2(self) -> bool:
        """Tell whether a published pjsua2 wheel may exist for it."""
        return self.version[:2] <= NEWEST_PUBLISHED


def look(path: str | Path) -> Python | None:
    """Ask an interpreter about itself; None if it does not start."""
    code = (
        "import json, sys, importlib.util as u;"
        "print(json.dumps([sys.executable, sys.version_info[:3], bool(u.find_spec('ensurepip'))]))"
    )
    try:
        reply = subprocess.run([str(path), "-c", code], text=True, capture_output=True, check=True)
        executable, version, can_venv = json.loads(reply.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return Python(Path(executable), (version[0], version[1], version[2]), can_venv)


def on_path() -> list[Python]:
    """Return the supported interpreters on PATH, the user's default one first."""
    names = ["python3", "python3.13", "python3.12", "python3.11", "/usr/bin/python3", sys.executable]
    found: dict[Path, Python] = {}
    for name in names:
        where = shutil.which(name)
        python = look(where) if where else None
        if python and supported(python.version):
            found.setdefault(python.path, python)
    return list(found.values())


def choose(pythons: Iterable[Python], *, published_first: bool) -> Python | None:
    """Return the interpreter to use: one that can make environments, if any can.

    `published_first` prefers one that a published pjsua2 exists for; otherwise the
    order given decides.
    """
    ranked = sorted(
        pythons,
        key=lambda one: (not one.can_venv, published_first and not one.has_published_pjsua2),
    )
    return ranked[0] if ranked else None


def get(asked: str | None, *, published_first: bool) -> Python:
    """Return an interpreter ready to make the environment; raise Failed with the remedy."""
    found = look(shutil.which(asked) or asked) if asked else None
    if asked and not (found and supported(found.version)):
        raise say.Failed(f"{asked} is not a Python 3.11, 3.12 or 3.13 that starts", 2)
    python = found or choose(on_path(), published_first=published_first)
    if python is None:
        raise say.Failed("no Python 3.11, 3.12 or 3.13 on PATH: apt-get install python3 python3-venv", 3)
    if python.can_venv:
        return python
    packages = debian.packages("venv")
    if not (debian.may_install() and python.path.is_relative_to("/usr/bin")):
        raise say.Failed(
            f"{python} cannot make environments: as root, apt-get install {' '.join(packages)}", 3
        )
    debian.install(packages)
    again = look(python.path)
    if again is None or not again.can_venv:
        raise say.Failed(f"{python} still cannot make environments after installing {packages}", 3)
    return again
