# SPDX-License-Identifier: GPL-3.0-or-later
"""What is saved is there after a restart; what is over is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from callsheet.core.events import Saved
from callsheet.core.ledger import Adopted, Closed, Decided, PinFailed, Postponed, Snapshot, Upload, Withdrawn
from tests.unit.store.samples import START, Phone, document, ended, intention, sheet, signed_in, signed_out

Start = Callable[[], Phone]


def known(snapshot: Snapshot) -> Snapshot:
    """Without what is drawn by lot, once per store."""
    assert snapshot.installation > 0
    return replace(snapshot, installation=0)


def test_the_installation_is_drawn_once(phone: Start) -> None:
    drawn = phone().store.load().installation
    assert phone().store.load().installation == drawn


def test_new_phone_is_empty(phone: Start) -> None:
    assert known(phone().store.load()) == Snapshot()


def test_everything_survives_a_restart(phone: Start) -> None:
    p = phone()
    others = (
        Decided(attempt="kiosk-1", task="t1", disposition="sale", note="ruft zurück 🙂", action="retry",
                until=START + timedelta(hours=1), callback=True),
        Postponed(task="t2", until=START, at=START, callback=True),
        Closed(task="t0", outcome="dnc", at=START),
        Withdrawn(attempt="kiosk-2"),
    )
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    assert p.save(intention(1)) == Saved(2)
    p.save(ended(1), Upload("result", "kiosk-1"), intention(2), documents=(document(1),))
    p.save(*others)
    expected = Snapshot("101", sheet(), (intention(1), ended(1), intention(2), *others), 3, 1)
    assert known(p.store.load()) == expected
    assert known(phone().store.load()) == expected


def test_intention_without_end_survives(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(41))
    snapshot = phone().store.load()
    assert snapshot.entries == (intention(41),)
    assert snapshot.next_attempt == 42


def test_higher_revision_keeps_entries(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    p.save(intention(1), ended(1))
    p.save(Adopted(sheet=sheet(revision=2, tasks=5), at=START))
    snapshot = phone().store.load()
    assert snapshot.sheet == sheet(revision=2, tasks=5)
    assert snapshot.entries == (intention(1), ended(1))


def test_another_sheet_starts_anew_but_forgets_no_open_call(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    p.save(intention(1), ended(1), intention(2), Withdrawn("kiosk-2"), intention(3))
    p.save(Adopted(sheet=sheet("summer"), at=START), intention(4))
    snapshot = phone().store.load()
    assert snapshot.sheet == sheet("summer")
    assert snapshot.entries == (intention(3), intention(4))


def test_next_attempt_never_goes_back(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(17), ended(17), signed_out())
    p.save(signed_in("102"), Adopted(sheet=sheet("other", agent="102"), at=START), intention(3))
    snapshot = phone().store.load()
    assert snapshot.next_attempt == 18
    assert snapshot.agent == "102"


def test_calls_while_nobody_is_signed_in(phone: Start) -> None:
    """An emergency call is in the ledger like any other, and stays as long as it may have gone out."""
    p = phone()
    p.save(intention(1))
    assert phone().store.load().entries == (intention(1),)
    phone().save(ended(1))
    assert known(phone().store.load()) == Snapshot(next_attempt=2)


def test_same_agent_again_goes_on(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(1))
    p = phone()
    p.save(signed_in(), ended(1))
    assert phone().store.load().entries == (intention(1), ended(1))


def test_another_agent_sees_nothing_of_the_first(phone: Start) -> None:
    p = phone()
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), intention(1), ended(1), Upload("remaining"), signed_out(),
           documents=(document(1),))
    p.save(signed_in("102"))
    assert known(phone().store.load()) == Snapshot(agent="102", next_attempt=2, pending_uploads=1)


def test_documents_must_match_uploads(phone: Start) -> None:
    with pytest.raises(ValueError, match="one document"):
        phone().store.save(1, (Upload("result", "kiosk-1"),))


def test_large_sheet_comes_back_whole(phone: Start) -> None:
    big = sheet(tasks=20_000)
    phone().save(signed_in(), Adopted(sheet=big, at=START))
    assert phone().store.load().sheet == big


def test_wrong_pins_are_counted_until_the_right_one(phone: Start) -> None:
    p = phone()
    p.save(PinFailed(START))
    p.save(PinFailed(START))
    assert phone().store.load().pin_failures == 2
    p = phone()
    p.save(signed_in())
    assert phone().store.load().pin_failures == 0
