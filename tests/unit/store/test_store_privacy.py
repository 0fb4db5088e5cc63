# SPDX-License-Identifier: GPL-3.0-or-later
"""No personal data is left once the agent has gone and the server has everything."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from datetime import timedelta

from callsheet.core.ledger import Adopted, Upload
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

Start = Callable[[], Phone]
TRACES = (NAME.encode(), NUMBER.encode(), b"Wilhelmine", b"12345678")


def work_a_day(p: Phone) -> None:
    p.save(signed_in(), Adopted(sheet=sheet(tasks=400), at=START))
    for n in range(1, 60):
        p.save(intention(n))
        p.save(ended(n), Upload("result", f"kiosk-{n}"), documents=(document(n, text="x" * 5000),))
    p.save(Upload("remaining"), signed_out(), documents=(document(1000, text="y" * 50_000),))


def rows(p: Phone) -> int:
    """With a callee's data, as another program finds them."""
    db = sqlite3.connect(p.directory / "callsheet.db")
    try:
        return sum(db.execute(f"SELECT count(body) FROM {table}").fetchone()[0] for table in ("entry", "sheet", "outbox"))
    finally:
        db.close()


def test_erased_with_the_last_confirmation(phone: Start) -> None:
    p = phone()
    work_a_day(p)
    for item in p.store.waiting():
        assert len(p.raw()) > 200_000, "there is something to be erased"
        p.store.confirmed(item.id)
    p.store.waiting()
    assert not any(trace in p.raw() for trace in TRACES)
    assert rows(p) == 0
    assert p.store.load().next_attempt == 60


def test_erased_at_sign_out_if_all_was_confirmed_before(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(1), ended(1))
    assert rows(p) == 3
    p.save(signed_out())
    p.store.waiting()
    assert rows(p) == 0
    assert not any(trace in p.raw() for trace in TRACES)


def test_other_agents_work_is_not_touched(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), Upload("remaining"), signed_out(), documents=(document(1),))
    p.save(signed_in("102"), Adopted(sheet=sheet("b", agent="102"), at=START), intention(5))
    p.store.confirmed(p.store.waiting()[0].id)
    snapshot = phone().store.load()
    assert (snapshot.agent, snapshot.sheet, snapshot.entries) == ("102", sheet("b", agent="102"), (intention(5),))


def test_calls_are_remembered_without_the_number(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), ended(1, "+49 30 12345678"), ended(2), ended(3, rang=False),
           ended(4, "+81312345678"))
    p.save(signed_out())
    p.store.waiting()
    assert not any(trace in p.raw() for trace in TRACES)
    at = START.timestamp()
    assert phone().store.recent([NUMBER, "+1"]) == {NUMBER: (at + 60, at + 120)}


def test_memory_lasts_sixty_days(phone: Start) -> None:
    p = phone()
    day = timedelta(days=1)
    p.save(ended(1, at=START), ended(2, at=START + 40 * day), ended(3, at=START + 61 * day))
    assert len(p.store.recent([NUMBER])[NUMBER]) == 2


def test_one_wrong_clock_does_not_wipe_the_memory(phone: Start) -> None:
    p = phone()
    p.save(ended(1))
    p.save(ended(2, at=START.replace(year=2099)))
    p.save(ended(3))
    assert len(p.store.recent([NUMBER])[NUMBER]) == 3


def test_files_are_the_owners_only(phone: Start) -> None:
    p = phone()
    p.save(signed_in())
    for path in p.directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE(p.directory.stat().st_mode) == 0o700
