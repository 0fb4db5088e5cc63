# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments of their own for the generators, in the cache: made on demand from a lock with hashes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say, trial
from bootstrap.paths import ROOT, cache_dir

HARDWARE = ROOT / "hardware"


@dataclass(frozen=True)
class Tool:
    """A generator: the module to run, the lock it needs, programs that must be on PATH with their Debian package."""

    name: str
    module: str
    lock: Path
    programs: tuple[tuple[str, str], ...] = ()


DRAWINGS = Tool("drawings", "hardware.workshop.drawings", HARDWARE / "requirements.lock", (("dot", "graphviz"),))
CASE = Tool("case", "hardware.enclosure", HARDWARE / "requirements-case.lock")


class LeftOut(Exception):
    """A generator cannot run here: why, and the remedy."""


def home_of(tool: Tool) -> Path:
    """Where the tool's environment is, or would be."""
    return cache_dir() / "hardware" / f"{tool.name}-{_key(tool.lock)}"


def python_of(tool: Tool) -> Path:
    """The interpreter of the tool's environment, made if it is not there yet. Raises LeftOut."""
    for program, package in tool.programs:
        if not shutil.which(program):
            raise LeftOut(f"{program} is not installed (Debian: apt-get install {package})")
    home = home_of(tool)
    python = home / "bin" / "python"
    if not python.exists():
        _make(tool, home)
    return python


def run(tool: Tool, words: list[str | Path]) -> None:
    """Run the generator. Raises LeftOut if its environment cannot be had, say.Failed if it fails."""
    python = python_of(tool)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([python, "-m", tool.module, *map(str, words)], env=env, text=True, capture_output=True,
                          check=False, cwd=ROOT)
    if done.returncode:
        raise say.Failed(f"{tool.name}: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}")
    for line in done.stdout.splitlines():
        say.step(line)


def _make(tool: Tool, home: Path) -> None:
    say.step(f"make the environment for {tool.name}: {home}")
    log = cache_dir() / "log" / "hardware.log"
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{tool.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if home.exists():
            return  # another run made it meanwhile
        # Beside its place, then renamed: a run that is cut off leaves nothing that looks finished.
        part = Path(tempfile.mkdtemp(prefix=f"{tool.name}-", dir=home.parent))
        try:
            say.run([sys.executable, "-m", "venv", "--clear", part], log=log)
            trial.pip(part / "bin" / "python",
                      ["install", "--require-hashes", "--only-binary", ":all:", "-r", tool.lock], log)
            part.rename(home)
        except say.Failed as problem:
            raise LeftOut(f"its packages could not be installed: {problem}") from problem
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _key(lock: Path) -> str:
    digest = hashlib.sha256(lock.read_bytes())
    digest.update(f"{sys.version_info[:2]} {sys.implementation.name} {os.uname().machine}".encode())
    return digest.hexdigest()[:12]


def lock(upgrade: bool) -> None:
    """Write the lock files anew, as scripts/lock does for the project's own. Raises say.Failed."""
    log = cache_dir() / "log" / "hardware.log"
    with tempfile.TemporaryDirectory() as scratch:
        uv = shutil.which("uv") or _get_uv(Path(scratch), log)
        env = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
        for tool in (DRAWINGS, CASE):
            new = Path(scratch) / "lock"
            new.write_bytes(tool.lock.read_bytes() if tool.lock.exists() else b"")
            say.run([uv, "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11",
                     "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url",
                     "--no-emit-find-links", "--output-file", new, *(["--upgrade"] if upgrade else []),
                     tool.lock.with_suffix(".in")], log=log, env=env)
            rows = [line for line in new.read_text().splitlines() if not line.startswith("#")]
            tool.lock.write_text("# SPDX-License-Identifier: GPL-3.0-or-later\n"
                                 f"# What {tool.module} runs on. Made by scripts/make-hardware --lock; do not edit.\n"
                                 + "\n".join(rows) + "\n")
            say.step(f"{tool.lock.name}: {sum('==' in row for row in rows)} packages")


def _get_uv(scratch: Path, log: Path) -> str:
    say.run([sys.executable, "-m", "venv", scratch / "uv"], log=log)
    trial.pip(scratch / "uv" / "bin" / "python", ["install", "uv"], log)
    return str(scratch / "uv" / "bin" / "uv")
