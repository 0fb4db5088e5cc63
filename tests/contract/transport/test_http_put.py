# SPDX-License-Identifier: GPL-3.0-or-later
"""PUT over HTTP: whole or not at all, never over another file, and a yes only where it is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.adapters.transport.client import Credentials, NameTaken, TransferError, open_client
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.servers import FaultServer, Handler, Nginx

Settings = Callable[..., SheetSettings]
BODY = '{"note": "ruft zurück 🙂"}'.encode() * 40


def put(url: str, settings: SheetSettings, name: str = "r.json", credentials: Credentials | None = None,
        body: bytes = BODY) -> None:
    client = open_client(url, settings, credentials or Credentials())
    try:
        client.put(name, body, "application/json")
    finally:
        client.close()


def failure(url: str, settings: SheetSettings, **more: object) -> TransferError:
    with pytest.raises(TransferError) as caught:
        put(url, settings, **more)  # type: ignore[arg-type]
    return caught.value


class Shelf:
    """A server that keeps what is PUT, with or without heed to conditions (as nginx and Apache differ)."""

    def __init__(self, server: FaultServer, conditions: bool = True) -> None:
        self.files: dict[str, bytes] = {}
        self.conditions = conditions
        server.on("PUT")(self.put)
        server.on("GET")(self.get)
        server.on("HEAD")(self.get)

    def put(self, handler: Handler) -> None:
        if self.conditions and handler.headers.get("If-None-Match") == "*" and handler.path in self.files:
            handler.reply(412)
        else:
            self.files[handler.path] = handler.body
            handler.reply(201, Location=handler.path)

    def get(self, handler: Handler) -> None:
        if handler.path in self.files:
            handler.reply(200, self.files[handler.path])
        else:
            handler.reply(404)


# nginx

def test_nginx_keeps_it(nginx: Nginx, settings: Settings) -> None:
    for folder in (f"{nginx.url}/up", f"{nginx.url}/up/"):
        put(folder, settings(), "101 r#1?ü.json")
    assert (nginx.root / "up" / "101 r#1?ü.json").read_bytes() == BODY


def test_nginx_tls_and_password(secure_nginx: Nginx, settings: Settings, office: object) -> None:
    secure_nginx.user("101", "1234")
    safe = settings(ca_file=str(office.ca_file))  # type: ignore[attr-defined]
    put(f"{secure_nginx.url}/private", safe, credentials=Credentials("101", "1234"))
    assert (secure_nginx.root / "private" / "r.json").read_bytes() == BODY
    error = failure(f"{secure_nginx.url}/private", safe, credentials=Credentials("101", "4321"))
    assert (error.kind, error.of_file, error.temporary) == ("credentials", False, False)
    assert failure(f"{secure_nginx.url}/private", settings()).kind == "certificate"


def test_nginx_does_not_heed_conditions_so_we_look_first(nginx: Nginx, settings: Settings) -> None:
    file = nginx.root / "up" / "r.json"
    file.write_bytes(b"another phone's result")
    with pytest.raises(NameTaken):
        put(f"{nginx.url}/up", settings())
    assert file.read_bytes() == b"another phone's result"


@pytest.mark.parametrize("size", [len(BODY), len(BODY) + 1, len(BODY) * 50, 1, 0])
def test_other_content_of_any_size(nginx: Nginx, settings: Settings, size: int) -> None:
    (nginx.root / "up" / "r.json").write_bytes(b"y" * size)
    with pytest.raises(NameTaken):
        put(f"{nginx.url}/up", settings())


def test_twice_is_once(nginx: Nginx, settings: Settings) -> None:
    put(f"{nginx.url}/up", settings())
    put(f"{nginx.url}/up", settings())
    puts = [line for line in (nginx.base / "access.log").read_text().splitlines() if '"PUT ' in line]
    assert len(puts) == 1


@pytest.mark.parametrize(("folder", "words"), [("no-put", "no PUT"), ("forbidden", "permit")])
def test_nginx_refuses(nginx: Nginx, settings: Settings, folder: str, words: str) -> None:
    error = failure(f"{nginx.url}/{folder}", settings())
    assert words in error.reason
    assert error.of_file
    assert not error.temporary


def test_nginx_missing_folder(nginx: Nginx, settings: Settings) -> None:
    """nginx calls that an internal error; it may be this file's fault."""
    error = failure(f"{nginx.url}/up/no/such", settings())
    assert (error.temporary, error.suspect) == (True, True)


def test_nginx_too_large(nginx: Nginx, settings: Settings) -> None:
    error = failure(f"{nginx.url}/up", settings(), body=bytes(1_100_000))
    assert (error.kind, error.of_file) == ("too-large", True)
    assert not (nginx.root / "up" / "r.json").exists()


def test_one_connection_for_all(server: FaultServer, settings: Settings) -> None:
    """A handshake per request would cost a small Pi seconds on a full outbox."""
    ports = set()
    shelf = Shelf(server)
    for method, act in (("PUT", shelf.put), ("HEAD", shelf.get)):
        def note(handler: Handler, act: Callable[[Handler], None] = act) -> None:
            ports.add(handler.client_address[1])
            act(handler)
        server.on(method)(note)
    client = open_client(server.url, settings(), Credentials())
    for n in range(5):
        client.put(f"{n}.json", BODY, "application/json")
    client.close()
    assert len(shelf.files) == 5
    assert len(ports) == 1


# Conditions

@pytest.mark.parametrize("conditions", [True, False])
def test_same_content_again_is_success(server: FaultServer, settings: Settings, conditions: bool) -> None:
    shelf = Shelf(server, conditions)
    put(server.url, settings())
    put(server.url, settings())
    assert shelf.files == {"/r.json": BODY}
    assert len(server.requests("PUT")) == 1


def test_412_from_a_server_that_shows_nothing_before(server: FaultServer, settings: Settings) -> None:
    """The file appears between look and PUT: our own, sent before by a connection that broke."""
    shelf = Shelf(server)

    @server.on("PUT")
    def race(handler: Handler) -> None:
        shelf.files[handler.path] = BODY
        shelf.put(handler)

    put(server.url, settings())


@pytest.mark.parametrize("visible", [True, False])
def test_412_with_another_or_unknown_content(server: FaultServer, settings: Settings, visible: bool) -> None:
    shelf = Shelf(server)

    @server.on("PUT")
    def race(handler: Handler) -> None:
        shelf.files[handler.path] = b"other"
        if not visible:
            server.on("HEAD")(lambda handler: handler.reply(403))
        shelf.put(handler)

    with pytest.raises(NameTaken):
        put(server.url, settings())
    assert shelf.files == {"/r.json": b"other"}


def test_write_only_folder(server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)
    server.on("HEAD")(lambda handler: handler.reply(403))
    server.on("GET")(lambda handler: handler.reply(403))
    put(server.url, settings())
    assert shelf.files == {"/r.json": BODY}
    assert server.requests("PUT")[0].headers["if-none-match"] == "*"
    assert server.requests("PUT")[0].headers["content-type"] == "application/json"


# What looks like a yes

@pytest.mark.parametrize("status", [200, 204, 201])
def test_log_in_page_of_a_network(server: FaultServer, settings: Settings, status: int) -> None:
    page = b"<html>Welcome to our hotel, please pay</html>"
    for method in ("GET", "HEAD"):
        server.on(method)(lambda handler: handler.reply(200, page))
    server.on("PUT")(lambda handler: handler.reply(status))
    assert "log-in page" in failure(server.url, settings()).reason
    assert server.requests("PUT") == []


def test_yes_but_only_half_of_it(server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)

    @server.on("PUT")
    def cut(handler: Handler) -> None:
        shelf.files[handler.path] = handler.body[:10]
        handler.reply(201)

    error = failure(server.url, settings())
    assert "does not hold" in error.reason
    assert error.temporary


@pytest.mark.parametrize("status", [202, 207, 304])
def test_not_quite_a_yes(server: FaultServer, settings: Settings, status: int) -> None:
    server.on("PUT")(lambda handler: handler.reply(status))
    failure(server.url, settings())


# Failures

@pytest.mark.parametrize(("status", "kind", "temporary", "of_file"), [
    (400, "other", False, True), (401, "credentials", False, False), (403, "credentials", False, True),
    (404, "missing", False, True), (405, "other", False, True), (409, "missing", False, True),
    (411, "other", False, True), (413, "too-large", False, True), (415, "other", False, True),
    (429, "unreachable", True, False), (500, "unreachable", True, False), (501, "other", False, True),
    (503, "unreachable", True, False), (507, "other", True, False),
])
def test_status(server: FaultServer, settings: Settings, status: int, kind: str, temporary: bool, of_file: bool) -> None:
    server.on("PUT")(lambda handler: handler.reply(status))
    error = failure(server.url, settings())
    assert (error.kind, error.temporary, error.of_file) == (kind, temporary, of_file)


def reset(handler: Handler) -> None:
    handler.raw(b"")


def garbage(handler: Handler) -> None:
    handler.raw(b"550 no such thing\r\n")


@pytest.mark.parametrize("act", [reset, garbage, Handler.stall])
@pytest.mark.parametrize("method", ["HEAD", "PUT"])
def test_connection_breaks(server: FaultServer, settings: Settings, method: str, act: Callable[[Handler], None]) -> None:
    Shelf(server)
    server.on(method)(act)
    error = failure(server.url, settings(read_timeout=0.2))
    assert error.temporary
    assert not error.of_file


def test_reply_lost_after_it_was_stored(server: FaultServer, settings: Settings) -> None:
    shelf = Shelf(server)

    @server.on("PUT")
    def forget_to_answer(handler: Handler) -> None:
        shelf.files[handler.path] = handler.body
        handler.raw(b"")

    assert failure(server.url, settings()).temporary
    put(server.url, settings())
    assert len(server.requests("PUT")) == 1


def test_query_of_a_signed_folder_link(server: FaultServer, settings: Settings) -> None:
    server.on("PUT")(lambda handler: handler.reply(201))
    put(f"{server.url}/folder?sig=abc", settings())
    assert server.requests("PUT")[0].path == "/folder/r.json?sig=abc"


def test_no_permission_on_disk(nginx: Nginx, settings: Settings) -> None:
    folder: Path = nginx.root / "up" / "r.json"
    folder.mkdir()
    error = failure(f"{nginx.url}/up", settings())
    assert not isinstance(error, NameTaken)
