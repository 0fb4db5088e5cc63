# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox: durable, in order, one content per name."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from callsheet.core.ledger import Adopted, Upload
from callsheet.formats.names import parsed_name, upload_name
from callsheet.ports import Document, Origin, StoreError
from tests.unit.store.samples import START, Phone, document, ended, sheet, signed_in, signed_out

Start = Callable[[], Phone]


def put(p: Phone, *numbers: int, text: str = "") -> None:
    for n in numbers:
        p.save(Upload("result", f"kiosk-{n}"), documents=(document(n, text),))


def test_in_order_over_a_restart(phone: Start) -> None:
    put(phone(), 3, 1, 2)
    p = phone()
    waiting = p.store.waiting()
    assert [item.name for item in waiting] == [document(n).name for n in (3, 1, 2)]
    assert [p.store.body(item.id) for item in waiting] == [document(n).body for n in (3, 1, 2)]
    assert p.store.load().pending_uploads == 3


def test_confirmed_is_gone_and_is_not_queued_again(phone: Start) -> None:
    p = phone()
    put(p, 1)
    item = p.store.waiting()[0]
    p.store.confirmed(item.id)
    p = phone()
    put(p, 1)
    assert p.store.waiting() == ()
    with pytest.raises(StoreError):
        p.store.body(item.id)


def test_one_name_one_content(phone: Start) -> None:
    """A corrected result is another file; saying the same twice is not."""
    p = phone()
    put(p, 1)
    put(p, 1, text="corrected")
    put(p, 1, text="corrected")
    put(p, 1, text="once more")
    stem = document(1).name.removesuffix(".json")
    assert [item.name for item in p.store.waiting()] == [f"{stem}.json", f"{stem}.2.json", f"{stem}.3.json"]


def test_numbered_names_are_still_names_of_results(phone: Start) -> None:
    p = phone()
    name = upload_name("result", "101", "spring.v2", 3, "kiosk", 7)
    for body in (b"one", b"two"):
        p.save(Upload("result", "kiosk-7"), documents=(Document(name, body, "101"),))
    p.store.rename(p.store.waiting()[0].id)
    parsed = [parsed_name(item.name) for item in p.store.waiting()]
    assert parsed == [parsed_name(name)] * 2
    assert parsed[0] is not None


def test_rename_takes_the_next_free_name(phone: Start) -> None:
    p = phone()
    put(p, 1)
    put(p, 1, text="corrected")
    first = p.store.waiting()[0]
    stem = document(1).name.removesuffix(".json")
    assert p.store.rename(first.id) == f"{stem}.3.json"
    assert p.store.rename(first.id) == f"{stem}.4.json"
    assert phone().store.waiting()[0].name == f"{stem}.4.json"


def test_failures_are_counted_over_restarts(phone: Start) -> None:
    p = phone()
    put(p, 1)
    p.store.failed(p.store.waiting()[0].id, "HTTP 503")
    p = phone()
    p.store.failed(p.store.waiting()[0].id, "HTTP 507")
    item = phone().store.waiting()[0]
    assert (item.attempts, item.error) == (2, "HTTP 507")


def test_listener_is_woken_after_the_row_is_there(phone: Start) -> None:
    p = phone()
    seen: list[int] = []
    p.store.listen(lambda: seen.append(len(p.store.waiting())))
    put(p, 1)
    p.save(ended(1))
    put(p, 2)
    p.store.waiting()
    assert seen == [1, 2]


def test_origin_comes_with_the_adopted_sheet_only(phone: Start) -> None:
    p = phone()
    one = Origin("https://u:secret@files/101.json?key=secret", etag='"1"', modified="Mon", sha256="aa")
    p.save(signed_in())
    p.store.remember(sheet(), one)
    assert p.store.origin("101", one.url) is None, "fetched is not adopted"
    p.save(Adopted(sheet=sheet(), at=START))
    p = phone()
    assert p.store.origin("101", one.url) == one
    assert p.store.origin("101", "https://files/other.json") is None
    assert p.store.origin("102", one.url) is None
    assert b"secret" not in p.raw()


def test_origin_of_the_same_bytes_is_renewed_and_of_others_is_not(phone: Start) -> None:
    p = phone()
    one = Origin("https://files/101.json", etag='"1"', sha256="aa")
    p.store.remember(sheet(), one)
    p.save(signed_in(), Adopted(sheet=sheet(), at=START))
    touched = msgspec.structs.replace(one, etag='"2"')
    p.store.renew("101", touched)
    assert phone().store.origin("101", one.url) == touched
    p = phone()
    p.store.renew("101", msgspec.structs.replace(one, etag='"3"', sha256="bb"))
    p.store.renew("102", msgspec.structs.replace(one, etag='"3"'))
    p.store.remember(sheet(revision=2), msgspec.structs.replace(one, etag='"4"', sha256="bb"))
    assert p.store.origin("101", one.url) == touched
    p.save(Adopted(sheet=sheet(revision=3), at=START))
    assert p.store.origin("101", one.url) is None, "nobody knows where revision 3 came from"


def test_origin_ends_with_the_session(phone: Start) -> None:
    p = phone()
    one = Origin("https://files/101.json", etag='"1"', sha256="aa")
    p.store.remember(sheet(), one)
    p.save(signed_in(), Adopted(sheet=sheet(), at=START), signed_out())
    p.save(signed_in())
    assert p.store.origin("101", one.url) is None
