# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox through the whole adapter: everything arrives, once, in order, whatever the server does meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from callsheet.core.events import OutboxChanged
from callsheet.core.ledger import Adopted, SignedOut, Upload
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.phones import NOW, Desk, document, sheet
from tests.contract.transport.servers import FaultServer, Handler, Nginx, wait_until
from tests.contract.transport.test_http_put import Shelf

Settings = Callable[..., SheetSettings]
Start = Callable[[SheetSettings], Desk]


def names(requests: list[object]) -> list[str]:
    return [request.path.rpartition("/")[2] for request in requests]  # type: ignore[attr-defined]


def test_arrives_in_order(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(settings(upload=f"{nginx.url}/up"))
    assert d.wait(OutboxChanged) == OutboxChanged(0)
    d.upload(*(document(n) for n in range(5)))
    d.wait_outbox(0)
    assert sorted(path.name for path in (nginx.root / "up").iterdir()) == [document(n).name for n in range(5)]
    assert all((nginx.root / "up" / document(n).name).read_bytes() == document(n).body for n in range(5))


def test_a_shift_without_server(desk: Start, nginx: Nginx, settings: Settings) -> None:
    """Network down, phone restarted twice: nothing is lost, nothing comes twice."""
    nginx.stop()
    of = settings(upload=f"{nginx.url}/up")
    d = desk(of)
    d.upload(*(document(n) for n in range(20)))
    d.wait_outbox(20, "refuses")
    for round in range(2):
        d = desk(of)
        d.upload(*(document(100 * (round + 1) + n) for n in range(20)))
        d.wait_outbox(20 * (round + 2), "refuses")
    nginx.start()
    d.wait_outbox(0)
    lines = [line.split('"')[1].split()[1] for line in (nginx.base / "access.log").read_text().splitlines() if '"PUT' in line]
    expected = [document(100 * (n // 20) + n % 20).name for n in range(60)]
    assert [line.rpartition("/")[2] for line in lines] == expected
    assert d.store.waiting() == ()
    assert desk(of).wait(OutboxChanged) == OutboxChanged(0)


def test_failures_are_counted_and_the_reason_is_told(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.on("PUT")(lambda handler: handler.reply(503))
    d = desk(settings(upload=server.url))
    d.upload(document(1))
    d.wait_outbox(1, "HTTP 503")
    wait_until(lambda: d.store.waiting()[0].attempts >= 3)
    Shelf(server)
    assert d.wait_outbox(0) == OutboxChanged(0)


def test_flush_does_not_wait_for_the_next_retry(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.on("PUT")(lambda handler: handler.reply(503))
    d = desk(settings(upload=server.url, retry_min=10_000.0, retry_max=10_000.0))
    d.upload(document(1))
    d.wait_outbox(1, "503")
    Shelf(server)
    d.transport.flush()
    d.wait_outbox(0)


def test_one_poisoned_file_does_not_stop_the_others(desk: Start, server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)
    server.on("PUT", f"/{document(1).name}")(lambda handler: handler.reply(413))
    d = desk(settings(upload=server.url, retry_max=10_000.0))
    d.upload(*(document(n) for n in range(4)))
    told = d.wait_outbox(1, "too large")
    assert told.error
    assert list(shelf.files) == [f"/{document(n).name}" for n in (0, 2, 3)]
    del server.acts["PUT", f"/{document(1).name}"]
    d.transport.flush()
    d.wait_outbox(0)


def test_many_poisoned_files_do_not_either(desk: Start, server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)
    for n in range(5):
        server.on("PUT", f"/{document(n).name}")(lambda handler: handler.reply(403))
    d = desk(settings(upload=server.url))
    d.upload(*(document(n) for n in range(9)))
    d.wait_outbox(5, "permit")
    assert list(shelf.files) == [f"/{document(n).name}" for n in (5, 6, 7, 8)]


@pytest.mark.parametrize("act", [lambda handler: handler.reply(500), Handler.stall], ids=["500", "stall"])
def test_file_that_trips_the_server(desk: Start, server: FaultServer, settings: Settings,
                                    act: Callable[[Handler], None]) -> None:
    """It is told from a server in trouble by its neighbours' luck."""
    shelf = Shelf(server)
    server.on("PUT", f"/{document(0).name}")(act)
    d = desk(settings(upload=server.url, read_timeout=0.1))
    d.upload(*(document(n) for n in range(3)))
    d.wait_outbox(1)
    assert len(shelf.files) == 2


def test_order_is_kept_through_trouble(desk: Start, server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)
    left = [30]

    @server.on("PUT")
    def often_down(handler: Handler) -> None:
        left[0] -= 1
        if left[0] > 0 and left[0] % 4:
            handler.reply(503)
        else:
            shelf.put(handler)

    d = desk(settings(upload=server.url, retry_max=0.06))
    d.upload(*(document(n) for n in range(12)))
    d.wait_outbox(0)
    assert list(shelf.files) == [f"/{document(n).name}" for n in range(12)]


def test_lost_replies_make_no_second_file(desk: Start, server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server, conditions=False)
    lose = [True]

    @server.on("PUT")
    def every_other_reply_is_lost(handler: Handler) -> None:
        lose[0] = not lose[0]
        if lose[0]:
            shelf.put(handler)
        else:
            shelf.files[handler.path] = handler.body
            handler.raw(b"")

    d = desk(settings(upload=server.url))
    d.upload(*(document(n) for n in range(6)))
    d.wait_outbox(0)
    assert shelf.files == {f"/{document(n).name}": document(n).body for n in range(6)}
    assert len(server.requests("PUT")) == 6


def test_foreign_file_of_that_name_stays(desk: Start, nginx: Nginx, settings: Settings) -> None:
    """A phone whose card was replaced counts its attempts from one again."""
    old = nginx.root / "up" / document(1).name
    old.write_bytes(b"the old phone's result")
    d = desk(settings(upload=f"{nginx.url}/up"))
    d.upload(document(1))
    d.wait_outbox(0)
    assert old.read_bytes() == b"the old phone's result"
    assert old.with_name(document(1).name.replace(".json", ".2.json")).read_bytes() == document(1).body


def test_large_file(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(settings(upload=f"{nginx.url}/up"))
    d.upload(document(1, size=900_000))
    d.wait_outbox(0)
    assert json.loads((nginx.root / "up" / document(1).name).read_bytes())


# Where it goes

def test_sheet_before_settings_before_beside_the_sheet(desk: Start, server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)
    d = desk(settings(url=f"{server.url}/sheets/{{agent}}.json?x=1", upload=f"{server.url}/set/{{agent}}/"))
    d.upload(document(1, upload=f"{server.url}/said/{{mac}}"), document(2))
    d.wait_outbox(0)
    d = desk(settings(url=f"{server.url}/sheets/{{agent}}.json?x=1"))
    d.upload(document(3))
    d.wait_outbox(0)
    assert sorted(path.rpartition("/")[0] for path in shelf.files) == ["/said/b8-27-eb-00-00-01", "/set/101", "/sheets"]


def test_nowhere_to_go(desk: Start, settings: Settings) -> None:
    d = desk(settings())
    d.upload(document(1))
    d.wait_outbox(1, "sheet.upload")
    assert d.store.waiting()[0].attempts == 0


def test_settings_corrected(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(settings(upload="http://no-such-host.invalid/up"))
    d.upload(document(1))
    d.wait_outbox(1, "DNS")
    desk(settings(upload=f"{nginx.url}/up")).wait_outbox(0)


def test_folders_do_not_wait_for_each_other(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(settings(upload=f"{nginx.url}/up"))
    d.upload(document(1, upload="http://no-such-host.invalid/up"), document(2))
    d.wait_outbox(1, "no-such-host")
    assert [path.name for path in (nginx.root / "up").iterdir()] == [document(2).name]


def test_a_sheet_cannot_collect_passwords(desk: Start, server: FaultServer, nginx: Nginx, settings: Settings) -> None:
    """Only servers that the settings name are told who we are."""
    Shelf(server)
    d = desk(settings(url=f"{nginx.url}/101.json", auth="basic", user="u", password="geheim"))
    d.upload(document(1, upload=f"{server.url}/theirs"),
             document(2, upload=server.url.replace("http://", "http://own:pass@") + "/own"))
    d.wait_outbox(0)
    theirs, own = server.requests("PUT")
    assert "authorization" not in theirs.headers
    assert own.headers["authorization"] == "Basic b3duOnBhc3M="


# Credentials

def test_pin_is_kept_until_all_is_delivered_and_no_longer(desk: Start, nginx: Nginx, settings: Settings) -> None:
    nginx.user("101", "1234")
    nginx.stop()
    d = desk(settings(upload=f"{nginx.url}/private", auth="agent-pin", retry_max=0.1))
    d.sign_in()
    d.save(Adopted(sheet(), NOW))
    d.save(Upload("remaining"), SignedOut(NOW), documents=(document(1),))
    d.transport.sign_out()
    d.wait_outbox(1, "refuses")
    nginx.start()
    d.wait_outbox(0)
    assert (nginx.root / "private" / document(1).name).exists()
    wait_until(lambda: d.transport._keyring.pin("101") == "")
    assert b"Name 1" not in b"".join(path.read_bytes() for path in Path(d.store._directory).iterdir())


def test_after_a_power_cut_the_agent_must_sign_in_first(desk: Start, nginx: Nginx, settings: Settings) -> None:
    nginx.user("101", "1234")
    nginx.user("102", "5678")
    of = settings(upload=f"{nginx.url}/private", auth="agent-pin")
    nginx.stop()
    d = desk(of)
    d.sign_in()
    d.upload(document(1))
    d.wait_outbox(1, "refuses")
    nginx.start()
    d.close()
    d = desk(of)
    d.wait_outbox(1, "agent 101 must sign in")
    d.sign_in("102", "5678")
    d.upload(document(2, agent="102"))
    d.wait_outbox(1, "agent 101 must sign in")
    assert [path.name for path in (nginx.root / "private").iterdir()] == [document(2, agent="102").name]
    d.sign_in("101", "1234")
    d.wait_outbox(0)


def test_wrong_password_holds_the_lane_without_hammering(desk: Start, nginx: Nginx, settings: Settings) -> None:
    nginx.user("101", "1234")
    d = desk(settings(upload=f"{nginx.url}/private", auth="basic", user="101", password="0", retry_max=10_000.0))
    d.upload(*(document(n) for n in range(5)))
    d.wait_outbox(5, "user or password")
    assert sum(item.attempts for item in d.store.waiting()) == 1


def test_damaged_bytes_are_not_sent(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(settings(upload=f"{nginx.url}/up"))
    d.wait(OutboxChanged)
    d.store._call(lambda: d.store._db.execute(
        "INSERT INTO outbox (session, name, agent, upload, content_type, sha256, size, body)"
        " VALUES (0, 'bad.json', '101', '', 'application/json', 'ff', 3, x'00')"))
    d.upload(document(1))
    d.wait_outbox(1, "damaged")
    assert [path.name for path in (nginx.root / "up").iterdir()] == [document(1).name]


def test_events_are_told_once(desk: Start, nginx: Nginx, settings: Settings) -> None:
    d = desk(msgspec.structs.replace(settings(upload=f"{nginx.url}/up")))
    d.upload(document(1))
    d.wait_outbox(0)
    for _ in range(5):
        d.transport.flush()
    d.upload(document(2))
    d.wait_outbox(0)
    told = [event for event in d.seen if isinstance(event, OutboxChanged)]
    assert all(one != other for one, other in pairwise(told))
