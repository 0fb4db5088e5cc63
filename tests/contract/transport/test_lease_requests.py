# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases by request, as with the manager: what is sent, to whom, and what every answer becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from callsheet.core.events import LeaseFailed, LeaseGranted, LeaseRefused, LeaseWaived
from callsheet.core.ledger import Upload
from callsheet.core.model import Progress
from callsheet.formats.lease import LeaseAnswer, LeaseRequest, read_request, write_lease
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Document
from tests.contract.transport.phones import Desk
from tests.contract.transport.servers import FaultServer, Handler

Settings = Callable[..., SheetSettings]
Start = Callable[[SheetSettings], Desk]
Answer = LeaseGranted | LeaseRefused | LeaseWaived | LeaseFailed
UNTIL = datetime(2026, 11, 25, 20, tzinfo=UTC)
DONE = Progress("spring", 1, "101", final=("t1",))


def request(action: str, progress: Progress | None = None, agent: str = "101") -> LeaseRequest:
    return LeaseRequest("callsheet-lease", 1, action, agent, "kiosk", 7, "spring", 1, progress=progress)  # type: ignore[arg-type]


class Caller:
    def __init__(self, desk: Desk, url: str) -> None:
        self.desk, self.url, self.count = desk, url, 500
        desk.sign_in()

    def ask(self, action: str, progress: Progress | None = None) -> Answer:
        self.count += 1
        self.desk.transport.lease(self.count, request(action, progress), self.url, "")
        answer = self.desk.wait(Answer)  # type: ignore[type-var]
        assert answer.id == self.count
        return answer


@pytest.fixture
def caller(desk: Start, server: FaultServer, settings: Settings) -> Caller:
    return Caller(desk(settings(url=f"{server.url}/{{agent}}.json", auth="agent-pin")), f"{server.url}/lease/{{agent}}")


def answers(server: FaultServer, **fields: object) -> None:
    answer = LeaseAnswer("callsheet-lease-answer", 1, **fields)  # type: ignore[arg-type]
    server.on("POST")(lambda handler: handler.reply(200, write_lease(answer), Content_Type="application/json"))


def test_granted(caller: Caller, server: FaultServer) -> None:
    answers(server, granted=True, until=UNTIL, renew=45.0, asked_by="p2", revision=3, stop="enough", progress=DONE)
    told = caller.ask("claim")
    assert isinstance(told, LeaseGranted)
    assert (told.until, told.renew, told.asked_by, told.revision, told.stop, told.progress) == (
        UNTIL, 45.0, "p2", 3, "enough", DONE)
    again = caller.ask("renew", DONE)
    assert isinstance(again, LeaseGranted)
    assert again.since == told.since, "it is still the same claim"
    (first, _) = server.requests("POST")
    assert first.path == "/lease/101"
    assert first.headers["authorization"].startswith("Basic ")
    assert first.headers["cache-control"] == "no-cache"
    assert read_request(first.body).action == "claim"


@pytest.mark.parametrize("wrong", [timedelta(hours=-5), timedelta(days=3)])
def test_only_the_servers_clock_counts(caller: Caller, server: FaultServer, wrong: timedelta) -> None:
    at = datetime.now(UTC) + wrong
    answers(server, granted=True, at=at, until=at + timedelta(hours=10))
    told = caller.ask("claim")
    assert isinstance(told, LeaseGranted)
    assert timedelta(hours=9.9) < told.until - datetime.now(UTC) <= timedelta(hours=10)


def test_without_an_end_it_lasts_three_renewals(caller: Caller, server: FaultServer) -> None:
    answers(server, granted=True, renew=100.0)
    told = caller.ask("claim")
    assert isinstance(told, LeaseGranted)
    assert timedelta(seconds=290) < told.until - datetime.now(UTC) <= timedelta(seconds=300)


@pytest.mark.parametrize(("action", "waiting"), [("claim", False), ("take-over", True), ("force", True), ("renew", False)])
def test_refused(caller: Caller, server: FaultServer, action: str, *, waiting: bool) -> None:
    answers(server, granted=False, holder="p2", until=UNTIL, heard=UNTIL, renew=30.0)
    assert caller.ask(action) == LeaseRefused(caller.count, "p2", UNTIL, UNTIL, 30.0, waiting)


def test_progress_goes_out_when_it_has_changed(caller: Caller, server: FaultServer) -> None:
    answers(server, granted=True, until=UNTIL)
    more = Progress("spring", 1, "101", final=("t1", "t2"))
    for progress in (None, DONE, DONE, more):
        caller.ask("claim" if progress is None else "renew", progress)
    sent = [read_request(seen.body).progress for seen in server.requests("POST")]
    assert sent == [None, DONE, None, more]
    server.on("POST")(lambda handler: handler.reply(503))
    last = Progress("spring", 1, "101", final=("t1", "t2", "t3"))
    assert isinstance(caller.ask("renew", last), LeaseFailed)
    answers(server, granted=True, until=UNTIL)
    caller.ask("renew", last)
    assert read_request(server.requests("POST")[-1].body).progress == last, "what was not answered is told again"


@pytest.mark.parametrize(("status", "kind"), [(503, "unreachable"), (401, "credentials"), (404, "other"), (405, "other")])
def test_a_manager_that_fails_is_never_taken_for_none(caller: Caller, server: FaultServer, status: int, kind: str) -> None:
    server.on("POST")(lambda handler: handler.reply(status))
    told = caller.ask("claim")
    assert isinstance(told, LeaseFailed)
    assert told.kind == kind


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"format": "callsheet-lease-answer", "version": 1}', b""])
def test_nonsense(caller: Caller, server: FaultServer, body: bytes) -> None:
    server.on("POST")(lambda handler: handler.reply(200, body))
    told = caller.ask("claim")
    assert isinstance(told, LeaseFailed)
    assert told.kind == "other"


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_to_another_server_is_not_followed(caller: Caller, server: FaultServer,
                                                      start_server: Callable[..., FaultServer], status: int) -> None:
    other = start_server()
    away = other.url.replace("localhost", "127.0.0.1")
    server.on("POST")(lambda handler: handler.reply(status, Location=f"{away}/lease"))
    assert isinstance(caller.ask("claim"), LeaseFailed)
    assert not other.seen


def test_another_server_is_asked_without_the_pin(caller: Caller, start_server: Callable[..., FaultServer]) -> None:
    other = start_server()
    answers(other, granted=True, until=UNTIL)
    caller.url = f"{other.url}/lease"
    assert isinstance(caller.ask("claim"), LeaseGranted)
    assert "authorization" not in other.requests("POST")[0].headers


def test_what_is_no_web_link_is_told(caller: Caller) -> None:
    caller.url = "ftp://files.example.com/lease"
    told = caller.ask("claim")
    assert isinstance(told, LeaseFailed)
    assert "http" in told.reason


def test_the_release_waits_for_what_was_done_and_then_goes_to_the_manager(caller: Caller, server: FaultServer) -> None:
    answers(server, granted=True, until=UNTIL)
    caller.ask("claim")
    order: list[str] = []

    def put(handler: Handler) -> None:
        order.append("PUT")
        handler.reply(503 if len(order) < 3 else 201)

    def post(handler: Handler) -> None:
        order.append("POST")
        handler.reply(200, write_lease(LeaseAnswer("callsheet-lease-answer", 1, granted=True)))

    server.on("PUT")(put)
    server.on("POST")(post)
    release = write_lease(request("release", DONE))
    caller.desk.save(
        Upload("remaining"), Upload("release", since=UNTIL),
        documents=(Document("remaining-101-spring-r1-kiosk-000001.json", b"{}", "101"),
                   Document("release-101-spring-r1-kiosk-000001.json", release, "101", caller.url)))
    caller.desk.transport.sign_out()
    caller.desk.wait_outbox(0)
    assert order == ["PUT", "PUT", "PUT", "POST"]
    last = read_request(server.requests("POST")[-1].body)
    assert (last.action, last.progress) == ("release", DONE)


def test_a_phone_that_has_left_asks_no_more_but_takes_its_wish_back(caller: Caller, server: FaultServer) -> None:
    answers(server, granted=False, holder="p2")
    caller.ask("take-over")
    caller.desk.transport.lease(900, request("release"), caller.url, "")
    caller.desk.transport.sign_out()
    caller.desk.sign_in("102", "9999")
    caller.desk.transport.lease(901, request("claim", agent="102"), caller.url, "")
    assert caller.desk.wait(Answer).id == 901  # type: ignore[type-var]
    sent = [(read_request(seen.body).action, seen.headers["authorization"]) for seen in server.requests("POST")]
    assert [action for action, _ in sent] == ["take-over", "release", "claim"]
    assert sent[0][1] == sent[1][1], "with the PIN of the agent who has left"
