# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones' server, asked by the phone's own client over real connections, on both engines."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests
from msgspec.structs import replace
from sqlalchemy import select

from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    NameTaken,
    TransferError,
    Unchanged,
    open_client,
)
from callsheet.core.model import Attempt
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.lease import LeaseAnswer, LeaseRequest, read_answer, write_lease
from callsheet.formats.names import upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.settings import SheetSettings
from callsheet.formats.sheet import read_sheet
from callsheet.manager.phones.app import app
from callsheet.manager.phones.room import Room
from callsheet.manager.phones.tries import PER_PLACE
from callsheet.manager.settings import ManagerSettings, ServeSettings
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import campaign, sheets
from callsheet.ports import Origin
from tests.manager.served import PINS, fill, serving

AGENT = Credentials("101", PINS["101"])
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""By the phone's clock, which may be wrong."""


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    fill(database)
    settings = ManagerSettings(serve=ServeSettings(max_upload=100_000))
    with serving(app(database, settings)) as url:
        yield url


def client(url: str, credentials: Credentials = AGENT):
    return open_client(url, SheetSettings(), credentials)


def fetched(url: str, agent: str = "101", credentials: Credentials = AGENT, seen: Origin | None = None):
    return client(f"{url}sheets/{agent}.json", credentials).fetch(seen)


def sheet(url: str):
    found = fetched(url)
    assert isinstance(found, Fetched)
    return read_sheet(found.body, content_type=found.content_type).sheet


def failure(url: str, agent: str = "101", credentials: Credentials = AGENT) -> TransferError:
    with pytest.raises(TransferError) as caught:
        fetched(url, agent, credentials)
    return caught.value


def result(url: str, task: int = 0, number: int = 1, **changes: object) -> tuple[str, bytes]:
    """A results file for the sheet as it is served: its name and content."""
    served = sheet(url)
    attempt = Attempt(f"p1-000001-{number}", f"spring-{task}", f"+4420794600{task:02}", NOW, NOW, CallEnd(200),
                      Outcome.ANSWERED, answered=NOW, talk_seconds=12.0, action="done", disposition="agreed",
                      agent="101", phone="p1")
    document = result_document(served, served.tasks[task // 2], replace(attempt, **changes), "p1", NOW)
    return upload_name("result", "101", served.id, served.revision, "p1", number), write_results(document)


def test_a_phone_gets_its_sheet_with_everything_it_needs(url: str) -> None:
    found = sheet(url)
    assert [task.id for task in found.tasks] == ["spring-0", "spring-2"]
    assert found.tasks[1].extra == {"contract": "C-2"}
    assert (found.agent, found.title, found.revision) == ("101", "Spring", 1)
    assert found.upload == f"{url}results/101/"
    assert found.lease == f"{url}leases/101"
    assert found.pin.startswith("scrypt$")


def test_an_unchanged_sheet_is_not_sent_again_and_a_changed_one_is(url: str, database: Database) -> None:
    first = fetched(url)
    assert isinstance(first, Fetched)
    assert first.etag
    assert isinstance(fetched(url, seen=Origin("", first.etag, first.modified)), Unchanged)
    with database.write() as db:
        campaign.withdraw(db, db.scalars(select(tables.Task).where(tables.Task.key == "spring-2")), datetime.now(UTC))
    again = fetched(url, seen=Origin("", first.etag, first.modified))
    assert isinstance(again, Fetched)
    revised = read_sheet(again.body).sheet
    assert (revised.revision, [task.id for task in revised.tasks]) == (2, ["spring-0"])
    assert isinstance(fetched(url, seen=Origin("", again.etag, again.modified)), Unchanged)


def test_an_agent_without_work_signs_in_all_the_same(url: str, database: Database) -> None:
    with database.write() as db:
        rows = db.scalars(select(tables.Task)).all()
        for row in rows:
            db.delete(row)
        db.execute(tables.Sheet.__table__.delete())
    found = sheet(url)
    assert (found.id, found.tasks, found.revision) == (sheets.IDLE, (), 0)
    assert post(url, "claim", sheet=found.id, revision=0).granted
    fill(database, key="autumn")
    assert post(url, "renew", sheet=found.id, revision=0).revision == 1, "the phone is to fetch"
    assert sheet(url).id == "autumn"


def test_wrong_pins_and_other_agents(url: str) -> None:
    assert failure(url, credentials=Credentials("101", "0000")).kind == "credentials"
    assert failure(url, credentials=Credentials()).kind == "credentials"
    assert failure(url, agent="102").kind == "credentials"
    assert failure(url, agent="999", credentials=Credentials("999", "1")).kind == "credentials"
    assert requests.get(f"{url}sheets/102.json", auth=("101", PINS["101"]), timeout=30).status_code == 403


def test_a_guesser_has_to_wait_and_the_agents_phone_does_not(url: str) -> None:
    assert isinstance(fetched(url), Fetched)
    codes = [requests.get(f"{url}sheets/101.json", auth=("101", f"{n:04}"), timeout=30) for n in range(PER_PLACE + 1)]
    assert [answer.status_code for answer in codes] == [401] * PER_PLACE + [429]
    assert int(codes[-1].headers["Retry-After"]) > 0
    assert isinstance(fetched(url), Fetched)


def test_tokens(url: str, database: Database) -> None:
    with database.write() as db:
        for token, agent in (("for-101", "101"), ("for-all", None)):
            db.add(tables.DeviceToken(sha256=hashlib.sha256(token.encode()).hexdigest(), agent_id=agent, created=NOW))
    assert isinstance(fetched(url, "101", Credentials(token="for-101")), Fetched)
    assert isinstance(fetched(url, "102", Credentials(token="for-all")), Fetched)
    assert failure(url, "102", Credentials(token="for-101")).kind == "credentials"
    assert failure(url, "101", Credentials(token="made-up")).kind == "credentials"
    with database.read() as db:
        assert all(token.used for token in db.scalars(select(tables.DeviceToken)))


def test_a_file_is_taken_in_once_and_never_replaced(url: str, database: Database) -> None:
    folder = client(f"{url}results/101/")
    name, body = result(url)
    folder.put(name, body, "application/json")
    folder.put(name, body, "application/json")
    with pytest.raises(NameTaken):
        folder.put(name, body + b"\n", "application/json")
    got = requests.get(f"{url}results/101/{name}", auth=("101", PINS["101"]), timeout=30)
    assert got.content == body
    assert requests.get(f"{url}results/102/{name}", auth=("102", PINS["102"]), timeout=30).status_code == 404
    with database.read() as db:
        task = db.scalars(select(tables.Task).where(tables.Task.key == "spring-0")).one()
        assert (task.final, task.outcome, task.disposition, task.attempts) == (True, "answered", "agreed", 1)
        assert len(db.scalars(select(tables.Attempt)).all()) == len(db.scalars(select(tables.Delivery)).all()) == 1


def test_what_cannot_be_used_is_kept(url: str, database: Database) -> None:
    folder = client(f"{url}results/101/")
    folder.put(upload_name("result", "101", "gone", 1, "p1", 7), b"{", "application/json")
    name, body = result(url)
    folder.put(name, body.replace(b'"sheet":"spring"', b'"sheet":"summer"'), "application/json")
    with database.read() as db:
        kept = db.scalars(select(tables.Delivery).order_by(tables.Delivery.name)).all()
        assert [bool(row.body) for row in kept] == [True, True]
        assert "line 1" in kept[0].error
        assert "no list" in kept[1].error
        assert not db.scalars(select(tables.Attempt)).all()


def test_files_for_others_with_wrong_names_or_too_large(url: str, database: Database) -> None:
    name, body = result(url)
    for target, status in (
        (f"results/102/{name}", 403), (f"results/101/{name.replace('-101-', '-102-')}", 403),
        ("results/101/notes.txt", 400), ("results/101/..%2Fsheet.json", 404),
    ):
        assert requests.put(url + target, body, auth=("101", PINS["101"]), timeout=30).status_code == status, target
    other = body.replace(b'"agent":"101"', b'"agent":"102"')
    assert requests.put(f"{url}results/101/{name}", other, auth=("101", PINS["101"]), timeout=30).status_code == 403
    with pytest.raises(TransferError) as caught:
        client(f"{url}results/101/").put(name, body + b" " * 100_000, "application/json")
    assert caught.value.kind == "too-large"
    with database.read() as db:
        assert not db.scalars(select(tables.Delivery)).all()


def post(url: str, action: str, phone: str = "p1", agent: str = "101", **fields: object) -> LeaseAnswer:
    request = LeaseRequest("callsheet-lease", 1, action, agent, phone, **{"sheet": "spring", "revision": 1, **fields})  # type: ignore[arg-type]
    answer = requests.post(f"{url}leases/{agent}", write_lease(request), auth=(agent, PINS[agent]), timeout=30)
    assert answer.status_code == 200, answer.text
    return read_answer(answer.content)


def test_leases(url: str) -> None:
    mine = post(url, "claim")
    assert mine.granted
    assert mine.until is not None
    other = post(url, "claim", "p2")
    assert (other.granted, other.holder) == (False, "p1")
    assert not post(url, "take-over", "p2").granted
    assert post(url, "renew").asked_by == "p2"
    assert post(url, "release").granted
    assert post(url, "claim", "p2").granted
    assert not post(url, "renew").granted
    assert post(url, "force").granted
    assert not post(url, "renew", "p2").granted


def test_whom_there_is_no_room_for_comes_back_later_and_who_only_looks_goes_first(database: Database) -> None:
    fill(database)
    room = Room(most=2)
    with serving(app(database, ManagerSettings(), room=room)) as url, ThreadPoolExecutor(2) as phones:
        requests.get(f"{url}sheets/101.json", auth=("101", PINS["101"]), timeout=30)  # the slow hash is done with
        with database.write() as db:
            db.scalars(select(tables.Sheet).with_for_update()).all()
            first = phones.submit(post, url, "claim")
            until(lambda: room.inside == 1)
            assert (away := failure(url)).temporary
            assert 10 <= (away.retry_after or 0) <= 40
            second = phones.submit(post, url, "claim")
            until(lambda: room.inside == 2)
            assert requests.post(f"{url}leases/101", b"{}", auth=("101", PINS["101"]), timeout=30).status_code == 503
        assert first.result().granted
        assert second.result().granted
        assert isinstance(fetched(url), Fetched)
        assert room.inside == 0


def until(happened: Callable[[], bool], timeout: float = 30.0) -> None:
    end = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_lease_of_another_agent_or_nonsense(url: str) -> None:
    request = LeaseRequest("callsheet-lease", 1, "claim", "102", "p1", sheet="spring", revision=1)
    at = {"auth": ("101", PINS["101"]), "timeout": 30}
    assert requests.post(f"{url}leases/101", write_lease(request), **at).status_code == 403
    assert requests.post(f"{url}leases/102", write_lease(request), **at).status_code == 403
    assert requests.post(f"{url}leases/101", b"[]", **at).status_code == 400


def test_nothing_secret_or_personal_is_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        name, body = result(url)
        for content in (body, b"{"):
            requests.put(f"{url}results/101/{name}", content, auth=("101", PINS["101"]), timeout=30)
        requests.put(f"{url}results/101/{name.replace('000001', '000002')}", b'{"Callee 0": "+442079460000"}',
                     auth=("101", PINS["101"]), timeout=30)
        failure(url, credentials=Credentials("101", "secret-pin"))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("callsheet")]
    assert ours, "a file that cannot be used is worth a line"
    assert not any(word in line for line in ours for word in (PINS["101"], "secret-pin", "+4420", "Callee"))
