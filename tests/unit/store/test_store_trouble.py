# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks, damaged files, two phones on one directory, files from the future."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tests
from callsheet.core.events import FaultChanged, Saved, SaveFailed
from callsheet.core.ledger import Adopted, Ended, Intention, Postponed, Upload
from callsheet.ports import StoreError
from tests.unit.store.samples import NUMBER, START, Phone, document, ended, intention, sheet, signed_in

Start = Callable[[], Phone]
ROOT = Path(next(iter(tests.__path__))).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}"}
FULL_DISK = [sys.executable, "-m", "tests.unit.store.full_disk"]


def run(command: list[str]) -> list[str]:
    done = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_writes_that_fail_are_reported_and_undone(tmp_path: Path) -> None:
    first, failed, later, ledger = run([*FULL_DISK, str(tmp_path / "data"), "limit"])
    assert first.startswith("Saved")
    assert failed.startswith("SaveFailed")
    assert "card cannot be written" in failed
    assert later.startswith("Saved")
    assert ledger == "Intention Ended 0"


def test_full_disk(tmp_path: Path) -> None:
    tiny = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec",
            'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"', str(tmp_path)]
    if subprocess.run([*tiny, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here, so no tiny file system; the file size limit stands in for it above")
    _, failed, later, ledger = run([*tiny, *FULL_DISK, str(tmp_path / "data"), "fill"])
    assert "the disk is full" in failed
    assert later.startswith("Saved")
    assert ledger == "Intention Ended 0"


def test_one_phone_per_directory(phone: Start) -> None:
    p = phone()
    with pytest.raises(StoreError, match=rf"in use by another phone \(process {os.getpid()}\)"):
        Phone(p.directory)
    p.save(signed_in())
    p.close()
    Phone(p.directory).close()


def test_lock_ends_with_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.store.steps", str(tmp_path / "data"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=ROOT) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(StoreError, match=f"process {child.pid}"):
            Phone(tmp_path / "data")
        child.kill()
        child.stdout.read()
    Phone(tmp_path / "data").close()


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"data\.directory"):
        Phone(tmp_path / "file" / "data")


def test_newer_file_is_left_alone(phone: Start) -> None:
    p = phone()
    p.close()
    path = p.directory / "callsheet.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=999")
        db.execute("UPDATE meta SET value=999 WHERE key='reader'")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer callsheet"):
        Phone(p.directory)
    assert path.read_bytes() == before


def test_file_of_a_newer_firmware_that_only_has_more_is_gone_on_with(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    p.save(intention(1), ended(1), Upload("result", "kiosk-1"), documents=(document(1),))
    p.close()
    path = p.directory / "callsheet.db"
    with sqlite3.connect(path) as db:  # what a later step with this version as its reader would do
        db.execute("ALTER TABLE entry ADD COLUMN later TEXT NOT NULL DEFAULT 'x'")
        db.execute("PRAGMA user_version=999")
    db.close()
    older = Phone(p.directory)
    assert older.store.load().entries[:2] == (intention(1), ended(1))
    older.save(intention(2), ended(2), Upload("result", "kiosk-2"), documents=(document(2),))
    older.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (999,), "the newer firmware need not do its step again"
        assert db.execute("SELECT DISTINCT later FROM entry").fetchall() == [("x",)]
    db.close()


def lived(phone: Start, calls: int = 200) -> Phone:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    for n in range(1, calls + 1):
        p.save(intention(n), ended(n), Upload("result", f"kiosk-{n}"), documents=(document(n),))
    p.close()
    return p


def fault(p: Phone) -> str:
    faults = [event for event in p.faults() if isinstance(event, FaultChanged)]
    assert [event.part for event in faults] == ["store"]
    return faults[0].reason


def overwrite(path: Path, start: int, length: int) -> bytes:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)
    return path.read_bytes()


def test_one_broken_page_costs_little(phone: Start) -> None:
    p = lived(phone)
    path = p.directory / "callsheet.db"
    damaged = overwrite(path, 4096 * (path.stat().st_size // 4096 // 2), 4096)
    p = phone()
    assert "damaged" in fault(p)
    assert (p.directory / "callsheet.db.damaged-1").read_bytes() == damaged
    snapshot = p.store.load()
    assert snapshot.agent == "101"
    assert snapshot.sheet == sheet()
    assert len(snapshot.entries) > 300
    assert len(p.store.waiting()) > 150
    assert snapshot.next_attempt >= 201
    assert isinstance(p.save(intention(5000)), Saved)


def test_broken_first_page(phone: Start) -> None:
    p = lived(phone)
    overwrite(p.directory / "callsheet.db", 0, 4096)
    p = phone()
    assert "damaged" in fault(p)
    snapshot = p.store.load()
    assert snapshot.sheet == sheet()
    assert len(snapshot.entries) == 400
    assert len(p.store.recent([NUMBER])[NUMBER]) == 200


def test_hopeless_file_still_tells_the_last_attempt(phone: Start) -> None:
    """Attempt ids must not be used twice, even if nothing else can be read."""
    p = lived(phone)
    path = p.directory / "callsheet.db"
    content = path.read_bytes()
    pages = [content[n:n + 4096] for n in range(0, len(content), 4096)]
    path.write_bytes(b"".join(reversed(pages)))
    p = phone()
    assert "damaged" in fault(p)
    assert p.store.load().next_attempt > 200


def test_second_damage_keeps_the_first_file(phone: Start) -> None:
    p = lived(phone, 3)
    for _ in range(2):
        overwrite(p.directory / "callsheet.db", 0, 100)
        p = phone()
        fault(p)
        p.close()
    assert {path.name for path in p.directory.glob("*damaged-*") if path.name[-1].isdigit()} == {
        "callsheet.db.damaged-1", "callsheet.db.damaged-2"}


def test_card_that_goes_bad_under_a_running_phone(phone: Start) -> None:
    """What has been read is in the page cache (2 MB), so the file must be larger."""
    p = phone()
    noise = "".join(random.Random(1).choices("0123456789abcdef", k=6_000_000))
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(1))
    for n in range(600):
        p.save(Postponed(task=noise[n * 9000:][:9000], until=START, at=START))
    p = phone()
    path = p.directory / "callsheet.db"
    pages = path.stat().st_size // 4096
    for page in range(3, pages):
        overwrite(path, 4096 * page, 4096)
    for n in range(2, 300):
        assert isinstance(p.save(ended(n), Upload("result", ""), documents=(document(n, noise[n * 99:][:9000]),)), Saved)
        if p.faults():
            break
    assert "damaged" in fault(p)
    assert p.store.load().next_attempt > n
    assert any(isinstance(entry, Ended) and entry.attempt.id == f"kiosk-{n}" for entry in p.store.load().entries)


def test_unreadable_row_is_named_and_the_rest_is_kept(phone: Start) -> None:
    p = lived(phone, 3)
    db = sqlite3.connect(p.directory / "callsheet.db")
    db.execute("UPDATE entry SET body=x'ff00' WHERE seq=3")
    db.execute("UPDATE sheet SET body=x'ff00'")
    db.commit()
    db.close()
    p = phone()
    snapshot = p.store.load()
    assert "entry 3" in fault(p)
    assert "fetched again" in fault(p)
    assert snapshot.sheet is None
    assert snapshot.lost_sheet == "spring"
    assert sum(isinstance(entry, Intention) for entry in snapshot.entries) == 2


def test_nothing_is_written_past_what_failed(phone: Start) -> None:
    """The phone has handed over the next transactions before it hears that one failed."""
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    unwritable = Postponed(task="\ud800", until=START, at=START)
    for number, entries in enumerate(((intention(1), unwritable), (ended(1),), (intention(1),), (ended(1),))):
        p.store.save(1000 + number, entries)
    p.store.recent(())  # waits for the store's thread
    p.faults()
    told = [(event.id, type(event).__name__) for event in p.seen if isinstance(event, Saved | SaveFailed)]
    assert told[-4:] == [(1000, "SaveFailed"), (1001, "SaveFailed"), (1002, "Saved"), (1003, "Saved")]
    assert p.store.load().entries == (intention(1), ended(1))
