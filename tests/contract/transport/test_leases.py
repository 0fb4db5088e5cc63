# SPDX-License-Identifier: GPL-3.0-or-later
"""Two phones of one agent on real servers: who may dial is decided by lease files, wherever the server lets it be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from callsheet.adapters.transport.client import NameTaken, TransferError, open_client
from callsheet.core.events import LeaseFailed, LeaseGranted, LeaseRefused, LeaseWaived
from callsheet.core.ledger import Upload
from callsheet.core.model import Progress
from callsheet.formats.lease import LeaseFile, LeaseRequest, read_file, write_lease
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Document
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.daemons import SERVERS, Site, listing
from tests.contract.transport.phones import Desk

WRITABLE = [server for server in SERVERS if server.puts]
Answer = LeaseGranted | LeaseRefused | LeaseWaived | LeaseFailed


class Phone:
    """One of them, without its core."""

    def __init__(self, name: str, folder: Path, settings: SheetSettings) -> None:
        self.name = name
        self.desk = Desk(folder / name, settings)
        self.desk.sign_in()
        self.installation = self.desk.store.load().installation
        self._id = 1000

    def ask(self, action: str, progress: Progress | None = None) -> Answer:
        self._id += 1
        self.desk.transport.lease(self._id, LeaseRequest("callsheet-lease", 1, action, "101", self.name,
                                                         self.installation, "spring", 1, progress=progress), "", "")
        answer = self.desk.wait(Answer)  # type: ignore[type-var]
        assert answer.id == self._id
        return answer

    def holds(self, action: str = "claim") -> LeaseGranted:
        """It may dial; where two could have created one file, after a second look."""
        answer = self.ask(action)
        assert isinstance(answer, LeaseGranted), answer
        if answer.until <= datetime.now(UTC):
            time.sleep(answer.renew)
            second = self.ask("renew", Progress("spring", 1, "101"))
            assert isinstance(second, LeaseGranted), second
            assert second.until > datetime.now(UTC)
            return replace(second, progress=answer.progress)
        return answer

    def releases(self, since: datetime, progress: Progress) -> None:
        """By the outbox, as a phone that signs out does."""
        now = datetime.now(UTC)
        last = LeaseFile("callsheet-lease-file", 1, "released", "101", self.name, self.installation, since, now, now,
                         progress=progress)
        document = Document(f"release-101-spring-r1-{self.name}-000001.json", write_lease(last), "101")
        self.desk.save(Upload("release", since=since), documents=(document,))
        self.desk.wait_outbox(0)


@pytest.fixture
def site(request: pytest.FixtureRequest, office: Certificates) -> Iterator[Site]:
    made = Site(request.param, office.issue(request.param.name, "localhost", "127.0.0.2"), office.ca_file)
    try:
        yield made.start()
    finally:
        made.leave()


@pytest.fixture
def phone(site: Site, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    made: list[Phone] = []

    def start(name: str, **fields: object) -> Phone:
        made.append(Phone(name, tmp_path, site.settings(poll=5.0, **fields)))
        return made[-1]

    yield start
    for one in made:
        one.desk.close()


def each(servers: list[object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("site", servers, indirect=True, ids=lambda server: server.name)


@each(WRITABLE)
def test_files_are_read_created_once_and_replaced(site: Site) -> None:
    client = open_client(site.link("up/"), site.settings(), _credentials())
    try:
        assert client.get("lease-a.json") is None
        client.create("lease-a.json", b'{"one": 1}\n')
        assert client.get("lease-a.json") == b'{"one": 1}\n'
        with pytest.raises(NameTaken):
            client.create("lease-a.json", b'{"two": 2}\n')
        client.replace("lease-a.json", b'{"three": "' + b"3" * 100_000 + b'"}\n')
        client.replace("lease-a.json", b'{"four": 4}\n')
        assert client.get("lease-a.json") == b'{"four": 4}\n'
    finally:
        client.close()
    left = [name for name in listing(site.room.home / "up") if not name.endswith(".sha256")]
    assert left == ["lease-a.json"]


@each([server for server in WRITABLE if server.scheme != "https"])
def test_only_the_web_has_requests_with_answers(site: Site) -> None:
    client = open_client(site.link("up/"), site.settings(), _credentials())
    with pytest.raises(TransferError, match="http"):
        client.post(b"{}")
    client.close()


@each(WRITABLE)
def test_one_dials_the_other_asks_and_takes_over(site: Site, phone: Callable[..., Phone]) -> None:
    first, second = phone("p1"), phone("p2")
    since = first.holds().since
    told = second.ask("claim")
    assert isinstance(told, LeaseRefused)
    assert (told.holder, told.waiting) == ("p1", False)
    asked = second.ask("take-over")
    assert isinstance(asked, LeaseRefused)
    assert asked.waiting
    going = first.ask("renew", Progress("spring", 1, "101", final=("t1",)))
    assert isinstance(going, LeaseGranted)
    assert going.asked_by == "p2"
    first.releases(since, Progress("spring", 1, "101", final=("t1", "t2")))
    taken = second.holds("take-over")
    assert taken.progress is not None
    assert taken.progress.final == ("t1", "t2")
    again = first.ask("claim")
    assert isinstance(again, LeaseRefused)
    assert again.holder == "p2"


@each(WRITABLE)
def test_forced_and_then_the_first_comes_back(site: Site, phone: Callable[..., Phone]) -> None:
    first, second = phone("p1"), phone("p2")
    first.holds()
    assert isinstance(second.ask("take-over"), LeaseRefused)
    second.holds("force")
    lost = first.ask("renew", Progress("spring", 1, "101"))
    assert isinstance(lost, LeaseRefused)
    assert lost.holder == "p2"
    assert isinstance(second.ask("renew", Progress("spring", 1, "101")), LeaseGranted)


@each([server for server in SERVERS if not server.puts])
def test_a_server_that_takes_nothing_keeps_no_leases(site: Site, phone: Callable[..., Phone],
                                                     caplog: pytest.LogCaptureFixture) -> None:
    first = phone("p1")
    assert isinstance(first.ask("claim"), LeaseWaived)
    assert isinstance(first.ask("claim"), LeaseWaived)
    assert caplog.text.count("no leases here") == 1
    strict = phone("p2", lease_mode="required").ask("claim")
    assert isinstance(strict, LeaseFailed)
    assert strict.kind == "unsupported"
    assert isinstance(phone("p3", lease_mode="off").ask("claim"), LeaseWaived)


@each([server for server in WRITABLE if server.name in ("nginx", "vsftpd-explicit")])
def test_a_server_that_is_away_is_waited_for(site: Site, phone: Callable[..., Phone]) -> None:
    first = phone("p1")
    first.holds()
    site.room.stop()
    away = first.ask("renew", Progress("spring", 1, "101"))
    assert isinstance(away, LeaseFailed)
    assert away.kind == "unreachable"
    site.start()
    assert isinstance(first.ask("renew", Progress("spring", 1, "101")), LeaseGranted)


@each([server for server in WRITABLE if server.name == "openssh-sftp-only"])
def test_what_is_not_sent_yet_is_waited_for(site: Site, phone: Callable[..., Phone]) -> None:
    """A claim right after signing out must see what was done before: the release goes first."""
    first = phone("p1")
    since = first.holds().since
    first.desk.sign_out()
    now = datetime.now(UTC)
    last = LeaseFile("callsheet-lease-file", 1, "released", "101", "p1", first.installation, since, now, now,
                     progress=Progress("spring", 1, "101", final=("t9",)))
    first.desk.save(Upload("release", since=since),
                    documents=(Document("release-101-spring-r1-p1-000001.json", write_lease(last), "101"),))
    first.desk.transport.sign_in("101", "1234")
    again = first.holds()
    assert again.progress is not None
    assert again.progress.final == ("t9",)
    files = [read_file((site.room.home / "up" / name).read_bytes()) for name in listing(site.room.home / "up")]
    assert [file.state for file in files] == ["held"]


def _credentials() -> object:
    from callsheet.adapters.transport.client import Credentials
    from tests.contract.transport.room import PASSWORD, USER

    return Credentials(USER, PASSWORD)
