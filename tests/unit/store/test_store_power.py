# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts and kills at any instant: what was confirmed is there, what was not is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tests
from tests.unit.store.disk_trace import Disk, Operation, record
from tests.unit.store.samples import Phone
from tests.unit.store.steps import Sight, long_life, look, short_life

ROOT = Path(next(iter(tests.__path__))).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}", "PYTHONDONTWRITEBYTECODE": "1"}
COMMAND = [sys.executable, "-m", "tests.unit.store.steps"]


def sights_of_short_life(directory: Path) -> list[Sight]:
    phone = Phone(directory)
    sights = [look(phone)]
    for step in short_life():
        step(phone)
        sights.append(look(phone))
    phone.close()
    return sights


def check(files: dict[str, bytes], directory: Path, allowed: list[Sight]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for name, content in files.items():
        (directory / name).write_bytes(content)
    phone = Phone(directory)
    try:
        assert phone.faults() == []
        assert look(phone) in allowed
        next(iter(long_life()))(phone)  # it goes on working, too
    finally:
        phone.close()


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> list[Operation]:
    base = tmp_path_factory.mktemp("trace")
    return record([*COMMAND, str(base / "data")], base / "data", base / "log", env=ENVIRONMENT, cwd=ROOT)


@pytest.mark.slow
@pytest.mark.parametrize("share", [None, 0.0, 0.5, 0.95], ids=["kill", "nothing-unsynced", "half", "most"])
def test_cut_at_every_write(trace: list[Operation], tmp_path: Path, share: float | None) -> None:
    sights = sights_of_short_life(tmp_path / "reference")
    rng = random.Random(4711)
    disk, done, seen = Disk(), 0, set()
    for op in trace:
        disk.apply(op)
        done += op.kind == "mark"
        files = disk.after_kill() if share is None else disk.after_power_cut(rng, share)
        digest = hashlib.sha256(repr((done, sorted(files.items()))).encode()).digest()
        if digest not in seen:
            seen.add(digest)
            check(files, tmp_path / "cut", sights[done:done + 2])
    assert done == len(short_life())
    assert len(seen) > 2 * done


def test_a_key_is_safe_before_its_data_and_goes_after_it(trace: list[Operation]) -> None:
    """In the order of the disk: key synced, then the first transaction; last transaction, key overwritten, then unlinked."""
    whole = [(op.kind, op.name) for op in trace]
    ours = [(n, op) for n, op in enumerate(trace) if op.name == "session-1.key"]
    assert [op.kind for _, op in ours] == ["write", "sync", "write", "sync", "unlink"]
    (made, first), (safe, _), (gone, second), _, _ = ours
    assert first.offset == second.offset == 0
    assert len(first.data) == len(second.data) == 32
    assert first.data != second.data
    assert ("sync", "callsheet.db-wal") not in whole[made:safe]
    log = [n for n, one in enumerate(whole) if one == ("write", "callsheet.db-wal") and made < n < gone]
    assert log, "the session was written between the two"
    emptied = [n for n, op in enumerate(trace) if op.kind == "truncate" and op.name == "callsheet.db-wal" and n < gone]
    assert emptied, "the log with the session's pages and the key's other half went first"
    assert emptied[-1] > log[-1]


def test_kill_minus_nine(tmp_path: Path) -> None:
    rng = random.Random(42)
    for trial in range(8):
        directory = tmp_path / str(trial)
        with subprocess.Popen([*COMMAND, str(directory), "0"], stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=ROOT) as child:
            assert child.stdout is not None
            done = rng.randrange(1, 60)
            for _ in range(done):
                child.stdout.readline()
            for _ in range(rng.randrange(20_000)):
                pass
            os.kill(child.pid, signal.SIGKILL)
            done += child.stdout.read().count(b"\n")
        compare_with_prefix(directory, tmp_path / f"{trial}-reference", done)


def compare_with_prefix(directory: Path, reference: Path, at_least: int) -> None:
    """The ledger must be that of the life lived up to some step not before the last confirmed one."""
    phone = Phone(directory)
    found = look(phone)
    phone.close()
    life, number = Phone(reference), 0
    try:
        for step in long_life():
            step(life)
            number += 1
            if number >= at_least and look(life) == found:
                return
            assert life.store.load().next_attempt <= found[0].next_attempt, "a state that never was"
    finally:
        life.close()
