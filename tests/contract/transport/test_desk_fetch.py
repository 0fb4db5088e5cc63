# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets through the whole adapter: events out, validators kept over a restart, agents told apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from callsheet.core.events import FetchDue, SheetArrived, SheetFailed, SheetUnchanged
from callsheet.core.ledger import Ended
from callsheet.core.model import Attempt
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.phones import NOW, Desk, sheet, sheet_file
from tests.contract.transport.servers import FaultServer, Handler, Nginx

Settings = Callable[..., SheetSettings]
Start = Callable[[SheetSettings], Desk]


def test_fetch_adopt_unchanged_restart_revised(desk: Start, nginx: Nginx, settings: Settings) -> None:
    of = settings(url=f"{nginx.url}/{{agent}}.json")
    (nginx.root / "101.json").write_bytes(sheet_file())
    d = desk(of)
    d.sign_in()
    first = d.fetch()
    assert first == SheetArrived(first.id, sheet())
    second = d.fetch()
    assert isinstance(second, SheetArrived), "it has not been adopted yet: the phone must not rely on it"
    d.adopt(sheet())
    assert isinstance(d.fetch(), SheetUnchanged)
    assert isinstance(d.fetch(force=True), SheetArrived)
    d = desk(of)
    assert isinstance(d.fetch(), SheetUnchanged)
    (nginx.root / "101.json").write_bytes(sheet_file(2))
    revised = d.fetch()
    assert revised == SheetArrived(revised.id, sheet(2))


def test_unchanged_is_told_by_the_server_where_it_can(desk: Start, server: FaultServer, settings: Settings) -> None:
    @server.on("GET")
    def get(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == '"7"':
            handler.reply(304)
        else:
            handler.reply(200, sheet_file(), ETag='"7"')

    d = desk(settings(url=f"{server.url}/x"))
    d.sign_in()
    d.fetch()
    d.adopt(sheet())
    assert isinstance(d.fetch(), SheetUnchanged)
    assert server.seen[-1].headers["if-none-match"] == '"7"'


def test_unchanged_is_told_by_the_content_where_it_cannot(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.serve("/x", sheet_file())
    d = desk(settings(url=f"{server.url}/x"))
    d.sign_in()
    d.fetch()
    d.adopt(sheet())
    assert isinstance(d.fetch(), SheetUnchanged)
    server.serve("/x", sheet_file(2))
    assert isinstance(d.fetch(), SheetArrived)


def test_same_content_under_a_new_etag(desk: Start, server: FaultServer, settings: Settings) -> None:
    """A restarted server, a touched file: no revision, and the next look is a cheap one again."""
    d = desk(settings(url=f"{server.url}/x"))
    server.serve("/x", sheet_file(), ETag='"1"')
    d.sign_in()
    d.fetch()
    d.adopt(sheet())
    server.serve("/x", sheet_file(), ETag='"2"')
    assert isinstance(d.fetch(), SheetUnchanged)
    d.fetch()
    assert server.seen[-1].headers["if-none-match"] == '"2"'


def test_refused_revision_comes_again(desk: Start, server: FaultServer, settings: Settings) -> None:
    """What the core did not adopt is not "unchanged" at the next look."""
    server.serve("/x", sheet_file(2), ETag='"2"')
    d = desk(settings(url=f"{server.url}/x"))
    d.sign_in()
    d.fetch()
    d.adopt(sheet(2))
    server.serve("/x", sheet_file(1), ETag='"1"')
    assert isinstance(d.fetch(), SheetArrived)
    assert isinstance(d.fetch(), SheetArrived)


def test_another_agents_sheet_is_refused(desk: Start, nginx: Nginx, settings: Settings) -> None:
    (nginx.root / "sheet.json").write_bytes(sheet_file(agent="102"))
    d = desk(settings(url=f"{nginx.url}/sheet.json"))
    d.sign_in()
    answer = d.fetch()
    assert isinstance(answer, SheetFailed)
    assert answer.kind == "other"
    assert "102" in answer.reason


def test_places_in_the_link(desk: Start, server: FaultServer, settings: Settings) -> None:
    d = desk(settings(url=f"{server.url}/{{mac}}/{{serial}}/{{agent}}.json?for={{agent}}"))
    d.fetch("10/../1")
    assert server.seen[0].path == "/b8-27-eb-00-00-01/0001/10%2F..%2F1.json?for=10%2F..%2F1"


def test_agent_pin(desk: Start, nginx: Nginx, settings: Settings) -> None:
    nginx.user("101", "1234")
    (nginx.root / "private" / "101.json").write_bytes(sheet_file())
    of = settings(url=f"{nginx.url}/private/{{agent}}.json", auth="agent-pin")
    d = desk(of)
    before = d.fetch()
    assert isinstance(before, SheetFailed)
    assert (before.kind, "sign in" in before.reason) == ("credentials", True)
    d.sign_in(pin="9999")
    wrong = d.fetch()
    assert isinstance(wrong, SheetFailed)
    assert wrong.kind == "credentials"
    d.sign_in(pin="1234")
    assert isinstance(d.fetch(), SheetArrived)
    d = desk(of)
    assert isinstance(d.fetch(), SheetFailed), "a PIN must not survive the power"
    assert all(b"1234" not in path.read_bytes() for path in (d.store._directory).iterdir() if path.suffix != ".key")


@pytest.mark.parametrize(("fields", "header"), [
    ({"auth": "basic", "user": "u", "password": "p"}, "Basic dTpw"),
    ({"auth": "bearer", "token": "t0k"}, "Bearer t0k"),
    ({"auth": "none", "user": "u", "password": "p"}, None),
])
def test_auth(desk: Start, server: FaultServer, settings: Settings, fields: dict[str, str], header: str | None) -> None:
    desk(settings(url=f"{server.url}/x", **fields)).fetch()
    assert server.seen[0].headers.get("authorization") == header


def test_user_and_password_in_the_link(desk: Start, server: FaultServer, settings: Settings) -> None:
    url = server.url.replace("http://", "http://u:p%40@") + "/x"
    desk(settings(url=url)).fetch()
    assert server.seen[0].headers["authorization"] == "Basic dTpwQA=="


@pytest.mark.parametrize(("body", "kind"), [
    (b"{}", "format"), (b"", "format"), (b"<html>", "format"), (b"\xff\xfe\x00", "format"), (b"{" * 100_000, "format"),
])
def test_files_that_are_no_sheets(desk: Start, server: FaultServer, settings: Settings, body: bytes, kind: str) -> None:
    server.serve("/x", body)
    answer = desk(settings(url=f"{server.url}/x")).fetch()
    assert isinstance(answer, SheetFailed)
    assert answer.kind == kind


def test_bad_rows(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.serve("/101.csv", b"id;number;name\n1;+4930123456;Ann\n2;;Bob\n", Content_Type="text/csv")
    rejected = desk(settings(url=f"{server.url}/{{agent}}.csv")).fetch()
    assert isinstance(rejected, SheetFailed)
    assert rejected.kind == "format"
    skipped = desk(settings(url=f"{server.url}/{{agent}}.csv", bad_rows="skip")).fetch()
    assert isinstance(skipped, SheetArrived)
    assert [task.id for task in skipped.sheet.tasks] == ["1"]
    assert len(skipped.skipped) == 1
    assert (skipped.sheet.id, skipped.sheet.agent) == ("101", "101")


def test_csv_takes_its_revision_from_the_time_of_change(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.serve("/101.csv", b"id;number\n1;+4930123456\n", Last_Modified="Mon, 02 Mar 2026 09:00:00 GMT")
    answer = desk(settings(url=f"{server.url}/{{agent}}.csv")).fetch()
    assert isinstance(answer, SheetArrived)
    assert answer.sheet.revision == int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())


def test_no_link(desk: Start, settings: Settings) -> None:
    answer = desk(settings()).fetch()
    assert isinstance(answer, SheetFailed)
    assert "sheet.url" in answer.reason


def test_earlier_calls_are_added_to_the_sheet(desk: Start, server: FaultServer, settings: Settings) -> None:
    number = sheet().tasks[1].number
    server.serve("/x", sheet_file())
    d = desk(settings(url=f"{server.url}/x"))
    d.save(Ended(Attempt(id="kiosk-1", task="", number=number, dialled=NOW, ringing=NOW, ended=NOW,
                         end=CallEnd(486), outcome=Outcome.BUSY)))
    answer = d.fetch()
    assert isinstance(answer, SheetArrived)
    assert answer.sheet == msgspec.structs.replace(sheet(), recent={number: (NOW,)})


def test_timer(desk: Start, server: FaultServer, settings: Settings) -> None:
    d = desk(msgspec.structs.replace(settings(url=f"{server.url}/x"), poll=0.05))
    d.wait(FetchDue)
    d.wait(FetchDue)


def test_failures_that_may_pass_are_followed_up_soon(desk: Start, server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.reply(503))
    d = desk(settings(url=f"{server.url}/x", poll=100_000.0))
    d.fetch()
    d.wait(FetchDue)
    server.on("GET")(lambda handler: handler.reply(404))
    d.fetch()
    assert d._events.empty()


def test_close_does_not_wait_for_a_stalled_server(desk: Start, server: FaultServer, settings: Settings) -> None:
    closing = desk(settings(url=f"{server.url}/x", read_timeout=1000.0, total_timeout=1000.0))
    server.on("GET")(lambda handler: handler.stall())
    closing.transport.fetch(1, "101", False)
    while not server.seen:
        pass
    closing.close()
    assert not closing.transport._fetcher._thread.is_alive()
    assert not closing.transport._courier._thread.is_alive()


def test_logs_tell_no_secrets(desk: Start, server: FaultServer, settings: Settings,
                              caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.serve("/x", sheet_file())
    url = server.url.replace("http://", "http://u:geheim@") + "/x?key=geheim"
    assert isinstance(desk(settings(url=url)).fetch(), SheetArrived)
    assert "/x?…" in caplog.text
    assert "geheim" not in caplog.text
    assert "Name 1" not in caplog.text
    assert "+4930" not in caplog.text
