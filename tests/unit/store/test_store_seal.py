# SPDX-License-Identifier: GPL-3.0-or-later
"""Callee data is sealed on the card, with a key that is destroyed when the server has everything."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from callsheet.adapters.store import schema
from callsheet.core.events import FaultChanged, Saved
from callsheet.core.ledger import Adopted, AnyEntry, Decided, Postponed, Upload
from callsheet.ports import StoreError
from tests.unit.store.samples import (
    NAME,
    NUMBER,
    START,
    Phone,
    document,
    ended,
    intention,
    sheet,
    signed_in,
    signed_out,
)
from tests.unit.store.steps import short_life

Start = Callable[[], Phone]
TRACES = (NAME.encode(), NUMBER.encode(), b"Wilhelmine", b"12345678", b"Mustermann", b'"number"', b'"name"')
"""Of a callee, in JSON or out of it; what is compressed is looked for in what it decompresses to."""


def traces(p: Phone) -> list[bytes]:
    """What can be found in the files, also behind zlib."""
    raw = p.raw()
    found = [raw]
    place = -1
    while (place := raw.find(b"\x78", place + 1)) >= 0:
        try:
            found.append(zlib.decompressobj().decompress(raw[place:]))
        except zlib.error:
            continue
    return [trace for trace in TRACES if any(trace in content for content in found)]


def keys(p: Phone) -> list[str]:
    """The key files that are there."""
    return sorted(path.name for path in p.directory.iterdir() if path.name.startswith("session-"))


def fault(p: Phone) -> str:
    """What it says of itself; one fault."""
    (found,) = (event for event in p.faults() if isinstance(event, FaultChanged))
    return found.reason


def working(phone: Start) -> Phone:
    """In the middle of a session."""
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(tasks=400), at=START))
    p.save(intention(1))
    p.save(ended(1), Decided("kiosk-1", "t1", note=f"wants {NAME}"), Upload("result", "kiosk-1"), intention(2),
           documents=(document(1, text="x" * 5000),))
    return p


def test_nothing_of_a_callee_is_ever_in_the_clear(phone: Start) -> None:
    p = phone()
    for step in short_life():
        step(p)
        assert traces(p) == []
    p.save(Postponed("t1", START, START), ended(5, NUMBER))
    assert traces(p) == []
    p = phone()
    assert p.store.load().sheet == sheet("b", agent="102")
    assert traces(p) == []


def test_what_is_looked_for_would_be_found(phone: Start) -> None:
    """The search above finds the same data as it was kept by the first version."""
    p = plain(phone().directory)
    assert {NAME.encode(), NUMBER.encode(), b'"name"'} <= set(traces(p))


def test_the_key_goes_with_the_last_confirmation(phone: Start) -> None:
    p = working(phone)
    assert keys(p) == ["session-1.key"]
    p.save(Upload("remaining"), signed_out(), documents=(document(1000),))
    p = phone()
    waiting = p.store.waiting()
    assert [p.store.body(item.id) for item in waiting] == [document(1, text="x" * 5000).body, document(1000).body]
    p.store.confirmed(waiting[0].id)
    assert keys(p) == ["session-1.key"], "one upload still waits"
    p.store.confirmed(waiting[1].id)
    p.store.waiting()
    assert keys(p) == []
    assert traces(p) == []


def test_a_copy_of_the_database_is_worth_nothing_afterwards(phone: Start, tmp_path: Path) -> None:
    """What a card may keep in blocks that were not erased yet: everything but the key."""
    p = working(phone)
    p.save(signed_out())
    remnant = tmp_path / "remnant"
    remnant.mkdir()
    for path in p.directory.glob("callsheet.db*"):
        shutil.copy(path, remnant)
    p.store.confirmed(p.store.waiting()[0].id)
    p.store.waiting()
    for path in (*p.directory.glob("*.key"),):
        shutil.copy(path, remnant)
    again = Phone(remnant)
    try:
        assert "key of what was stored is lost" in fault(again)
        assert again.store.load().sheet is None
        assert again.store.load().entries == ()
        assert again.store.waiting() == ()
        assert traces(again) == []
    finally:
        again.close()


def test_either_half_alone_opens_nothing(phone: Start) -> None:
    p = working(phone)
    half = (p.directory / "session-1.key").read_bytes()
    p.close()
    db = sqlite3.connect(p.directory / "callsheet.db")
    stored = db.execute("SELECT value FROM meta WHERE key='key 1'").fetchone()[0]
    db.close()
    assert len(half) == 32
    assert half not in stored
    assert stored[:32] != half


def test_each_session_has_its_own_key(phone: Start) -> None:
    p = working(phone)
    p.save(Upload("remaining"), signed_out(), documents=(document(1000),))
    first = (p.directory / "session-1.key").read_bytes()
    p.save(signed_in("102"), Adopted(sheet=sheet("b", agent="102"), at=START))
    assert keys(p) == ["session-1.key", "session-2.key"]
    assert (p.directory / "session-2.key").read_bytes() != first
    for item in p.store.waiting():
        p.store.confirmed(item.id)
    p.store.waiting()
    assert keys(p) == ["session-2.key"]
    assert phone().store.load().sheet == sheet("b", agent="102")


def test_a_call_of_nobodys_is_sealed_too(phone: Start) -> None:
    p = phone()
    p.save(intention(1))
    assert keys(p) == ["session-0.key"]
    assert traces(p) == []
    p.save(ended(1))
    p.store.waiting()
    assert keys(p) == []


def lose(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    path.write_bytes(bytes(range(32)))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:31])


@pytest.mark.parametrize("harm", [lose, replaced, truncated])
def test_a_lost_key_is_said_and_the_phone_works_on(phone: Start, harm: Callable[[Path], None]) -> None:
    p = working(phone)
    p.close()
    harm(p.directory / "session-1.key")
    p = phone()
    said = fault(p)
    assert "fetched again" in said
    assert "1 uploads cannot be sent" in said
    assert NAME not in said
    kept = p.directory / "callsheet.db.unreadable-1"
    assert kept.stat().st_mode & 0o777 == 0o600
    snapshot = p.store.load()
    assert (snapshot.agent, snapshot.sheet, snapshot.entries, snapshot.pending_uploads) == ("101", None, (), 0)
    assert snapshot.next_attempt == 3, "no attempt's id is used twice"
    assert isinstance(p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(3)), Saved)
    p = phone()
    assert p.faults() == []
    assert p.store.load().sheet == sheet()
    assert p.store.load().entries == (intention(3),)


def test_a_key_that_is_found_again_opens_what_was_kept(phone: Start, tmp_path: Path) -> None:
    """Somebody forgot to move a file along with the others: nothing is lost."""
    p = working(phone)
    p.close()
    shutil.copy(p.directory / "session-1.key", tmp_path)
    (p.directory / "session-1.key").unlink()
    phone().close()
    found = tmp_path / "found"
    found.mkdir()
    shutil.copy(p.directory / "callsheet.db.unreadable-1", found / "callsheet.db")
    shutil.copy(tmp_path / "session-1.key", found)
    again = Phone(found)
    try:
        assert again.faults() == []
        assert again.store.load().sheet == sheet(tasks=400)
        assert again.store.body(again.store.waiting()[0].id) == document(1, text="x" * 5000).body
    finally:
        again.close()


def test_the_lost_key_of_another_session_costs_the_present_one_nothing(phone: Start) -> None:
    p = working(phone)
    p.save(Upload("remaining"), signed_out(), documents=(document(1000),))
    p.save(signed_in("102"), Adopted(sheet=sheet("b", agent="102"), at=START), Upload("result", "kiosk-9"),
           documents=(document(9),))
    p.close()
    (p.directory / "session-1.key").unlink()
    p = phone()
    assert "2 uploads cannot be sent" in fault(p)
    assert p.store.load().sheet == sheet("b", agent="102")
    assert [p.store.body(item.id) for item in p.store.waiting()] == [document(9).body]


def test_no_row_can_be_put_in_anothers_place(phone: Start) -> None:
    p = working(phone)
    p.close()
    db = sqlite3.connect(p.directory / "callsheet.db")
    first, second = (row[0] for row in db.execute("SELECT body FROM entry ORDER BY seq LIMIT 2"))
    db.execute("UPDATE entry SET body=? WHERE seq=1", (second,))
    db.execute("UPDATE outbox SET body=?", (first,))
    db.commit()
    db.close()
    p = phone()
    assert "entry 1 of the ledger cannot be read" in (p.store.load() and fault(p))
    with pytest.raises(StoreError, match="damaged on this phone's card"):
        p.store.body(p.store.waiting()[0].id)


def test_every_bit_of_a_sealed_row_counts(phone: Start) -> None:
    p = working(phone)
    p.close()
    db = sqlite3.connect(p.directory / "callsheet.db", isolation_level=None)
    (whole,) = db.execute("SELECT body FROM sheet").fetchone()
    for place in random.Random(1).sample(range(len(whole)), 12):
        broken = bytearray(whole)
        broken[place] ^= 1
        db.execute("UPDATE sheet SET body=?", (bytes(broken),))
        p = phone()
        assert p.store.load().sheet is None
        p.close()
    db.execute("UPDATE sheet SET body=?", (whole,))
    db.close()
    assert phone().store.load().sheet == sheet(tasks=400)


def test_a_key_without_data_is_destroyed_at_the_next_start(phone: Start) -> None:
    """The power failed between the key and the transaction it was made for."""
    p = phone()
    (p.directory / "session-77.key").write_bytes(bytes(32))
    assert keys(phone()) == []
    assert p.faults() == []


def test_what_a_rollback_took_back_is_not_used_again(phone: Start) -> None:
    """The key was made for a transaction that failed."""
    p = phone()
    p.save(signed_in(), Postponed("\ud800", START, START))
    assert isinstance(p.save(signed_in(), Adopted(sheet=sheet(), at=START)), Saved)
    p = phone()
    assert p.faults() == []
    assert p.store.load().sheet == sheet()


# Databases of the first version


ENTRIES: tuple[AnyEntry, ...] = (intention(1), ended(1), Decided("kiosk-1", "t1", note=NAME), intention(2))


def plain(directory: Path) -> Phone:
    """A data directory as the first version left it: a session in progress, and one that waits for the server."""
    directory.mkdir(exist_ok=True)
    for path in directory.glob("callsheet.db*"):
        path.unlink()
    db = sqlite3.connect(directory / "callsheet.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    for statement in schema.STEPS[0].statements:
        db.execute(statement)
    db.execute("PRAGMA user_version=1")
    db.execute("INSERT INTO session VALUES (1, '101', ?, ?), (2, '101', ?, NULL)", (START.isoformat(),) * 3)
    db.execute("INSERT INTO meta VALUES ('next_attempt', 3)")
    body = zlib.compress(msgspec.json.encode(sheet(tasks=400)), 3)
    db.execute("INSERT INTO sheet (session, id, revision, body) VALUES (2, 'spring', 1, ?)", (body,))
    for entry in ENTRIES:
        db.execute("INSERT INTO entry (session, body) VALUES (2, ?)", (msgspec.json.encode(entry),))
    for session, n in ((1, 8), (2, 9)):
        made = document(n)
        db.execute("INSERT INTO outbox (session, name, agent, upload, content_type, sha256, size, body)"
                   " VALUES (?, ?, '101', '', 'application/json', ?, ?, ?)",
                   (session, made.name, _sha256(made.body), len(made.body), zlib.compress(made.body, 6)))
    db.close()
    idle = Phone.__new__(Phone)
    idle.directory = directory
    return idle


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def check_taken_over(p: Phone) -> None:
    snapshot = p.store.load()
    assert (snapshot.sheet, snapshot.entries, snapshot.pending_uploads) == (sheet(tasks=400), ENTRIES, 2)
    assert [p.store.body(item.id) for item in p.store.waiting()] == [document(8).body, document(9).body]
    assert keys(p) == ["session-1.key", "session-2.key"]


def test_an_older_database_is_sealed_when_it_is_opened(phone: Start) -> None:
    p = phone()
    p.close()
    plain(p.directory)
    p = phone()
    check_taken_over(p)
    assert traces(p) == []
    p = phone()
    check_taken_over(p)
    assert p.faults() == []


def test_an_older_database_that_is_damaged_is_taken_over_and_sealed(phone: Start) -> None:
    p = phone()
    p.close()
    plain(p.directory)
    with (p.directory / "callsheet.db").open("r+b") as file:
        file.write(b"\xa5" * 100)
    p = phone()
    assert "damaged" in fault(p)
    check_taken_over(p)
    kept = p.directory / "callsheet.db.damaged-1"
    kept.unlink()
    assert traces(p) == [], "but for the damaged file itself"


def test_sealing_costs_no_attempt_id(phone: Start) -> None:
    """Ids of attempts stay readable, so that a hopeless file still tells the last one."""
    p = phone()
    p.close()
    plain(p.directory)
    p = phone()
    p.save(replace(intention(2), attempt="kiosk-123456"))
    p.close()
    path = p.directory / "callsheet.db"
    content = path.read_bytes()
    path.write_bytes(b"".join(reversed([content[n:n + 4096] for n in range(0, len(content), 4096)])))
    p = phone()
    assert p.store.load().next_attempt > 123456
