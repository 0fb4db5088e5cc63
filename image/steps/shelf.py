# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of steps, kept in the cache under a key of everything that went in."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bootstrap import say
from bootstrap.paths import cache_dir

KEPT = 3
"""How many results of one step stay; older ones go when a new one is made."""


def place() -> Path:
    """The folder of all steps; losing it costs only time."""
    return cache_dir() / "image"


def log(name: str) -> Path:
    """Where a step's tools write what they have to say."""
    return cache_dir() / "log" / f"image-{name}.log"


def key(facts: Mapping[str, Any]) -> str:
    """A short name that changes whenever a fact does."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def digest(paths: Iterable[Path]) -> str:
    """A hash of the contents of files, in their order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def kept(name: str, facts: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
    """The folder with the result of a step for these facts, made by `make(folder)` if it is not there.

    It appears whole or not at all. Raises what `make` raises.
    """
    folder = place() / name / key(facts)
    with one_at_a_time(name):
        if folder.exists():
            os.utime(folder)
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix="part-", dir=folder.parent))
        part.chmod(0o755)
        try:
            make(part)
            (part / "facts.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        _forget_old(folder.parent)
        return folder


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let two runs of one step wait for each other."""
    place().mkdir(parents=True, exist_ok=True)
    with (place() / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say.step(f"{name}: another run makes it; wait")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old(folder: Path) -> None:
    results = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in results[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
