# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress in plain words, each line with the seconds since the start."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_START = time.monotonic()
_quiet = False


class Failed(Exception):
    """A step that cannot go on: what is wrong and the remedy, with the exit code to leave by."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def be_quiet(quiet: bool) -> None:
    """Leave out progress (never warnings or errors)."""
    global _quiet
    _quiet = quiet


def step(text: str) -> None:
    """Print what is being done now."""
    if not _quiet:
        print(f"[{time.monotonic() - _START:6.1f} s] {text}", flush=True)


def warn(text: str) -> None:
    """Print something the reader must know but need not act on at once."""
    print(f"[{time.monotonic() - _START:6.1f} s] note: {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command with its output in `log`; raise Failed with the log's end if it fails."""
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        out.write(f"$ {shlex.join(words)}\n".encode())
        out.flush()
        code = subprocess.call(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
    if code:
        raise Failed(f"{shlex.join(words)} failed ({code}); the end of {log}:\n{tail(log)}")


def tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text)
