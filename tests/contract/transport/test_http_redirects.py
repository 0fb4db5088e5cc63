# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects: followed where it is safe, and never with a password to somebody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callsheet.adapters.transport.client import Credentials, Fetched, TransferError, open_client
from callsheet.formats.settings import SheetSettings
from tests.contract.transport.phones import sheet_file
from tests.contract.transport.servers import FaultServer, Nginx

Settings = Callable[..., SheetSettings]
Start = Callable[..., FaultServer]
FILE = sheet_file()
SECRET = Credentials("user", "geheim")


def get(url: str, settings: SheetSettings) -> Fetched:
    client = open_client(url, settings, SECRET)
    try:
        found = client.fetch(None)
        assert isinstance(found, Fetched)
        return found
    finally:
        client.close()


def redirect(server: FaultServer, path: str, to: str, status: int = 302, method: str = "GET") -> None:
    server.on(method, path)(lambda handler: handler.reply(status, Location=to))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_followed_with_credentials_on_the_same_server(server: FaultServer, settings: Settings, status: int) -> None:
    redirect(server, "/a/x", "../b/y?z=1", status)
    server.serve("/b/y", FILE)
    assert get(f"{server.url}/a/x", settings()).body == FILE
    assert [request.path for request in server.seen] == ["/a/x", "/b/y?z=1"]
    assert server.seen[1].headers["authorization"] == server.seen[0].headers["authorization"]


def test_nginx_redirect(nginx: Nginx, settings: Settings) -> None:
    (nginx.root / "101.json").write_bytes(FILE)
    assert get(f"{nginx.url}/moved/?to=101.json", settings()).body == FILE


def test_no_credentials_to_another_port(start_server: Start, settings: Settings) -> None:
    one, other = start_server(), start_server()
    redirect(one, "/x", f"{other.url}/y")
    other.serve("/y", FILE)
    assert get(f"{one.url}/x", settings()).body == FILE
    assert "authorization" in one.seen[0].headers
    assert "authorization" not in other.seen[0].headers


def test_no_credentials_to_another_name(start_server: Start, settings: Settings) -> None:
    one = start_server()
    redirect(one, "/x", f"http://127.0.0.1:{one.port}/y")
    one.serve("/y", FILE)
    get(f"{one.url}/x", settings())
    assert "authorization" not in one.seen[1].headers


def test_nor_those_that_stand_in_the_redirect(start_server: Start, settings: Settings) -> None:
    one, other = start_server(), start_server()
    redirect(one, "/x", f"http://somebody:else@localhost:{other.port}/y")
    other.serve("/y", FILE)
    get(f"{one.url}/x", settings())
    assert "authorization" not in other.seen[0].headers


def test_up_to_https_is_followed_down_is_not(start_server: Start, settings: Settings, office: object) -> None:
    plain, secure = start_server(), start_server(office.context("up"))  # type: ignore[attr-defined]
    limits = settings(ca_file=str(office.ca_file))  # type: ignore[attr-defined]
    redirect(plain, "/x", f"{secure.url}/y")
    secure.serve("/y", FILE)
    assert get(f"{plain.url}/x", limits).body == FILE
    redirect(secure, "/down", f"{plain.url}/z")
    plain.serve("/z", FILE)
    with pytest.raises(TransferError, match="https to http"):
        get(f"{secure.url}/down", limits)
    assert all(request.path != "/z" for request in plain.seen)


def test_five_and_no_more(server: FaultServer, settings: Settings) -> None:
    for n in range(6):
        redirect(server, f"/{n}", f"/{n + 1}")
    server.serve("/6", FILE)
    assert get(f"{server.url}/1", settings()).body == FILE
    with pytest.raises(TransferError, match="more than 5"):
        get(f"{server.url}/0", settings())


def test_loop(server: FaultServer, settings: Settings) -> None:
    redirect(server, "/x", "/x")
    with pytest.raises(TransferError, match="more than 5") as caught:
        get(f"{server.url}/x", settings())
    assert caught.value.kind == "other"
    assert len(server.seen) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://localhost/x", "http://[::1/", "data:,x"])
def test_to_elsewhere_than_the_web(server: FaultServer, settings: Settings, to: str) -> None:
    redirect(server, "/x", to)
    with pytest.raises(TransferError) as caught:
        get(f"{server.url}/x", settings())
    assert caught.value.kind == "other"
    assert len(server.seen) == 1


def test_without_a_location(server: FaultServer, settings: Settings) -> None:
    server.on("GET", "/x")(lambda handler: handler.reply(302))
    with pytest.raises(TransferError) as caught:
        get(f"{server.url}/x", settings())
    assert caught.value.kind == "other"


def put(url: str, settings: SheetSettings) -> None:
    client = open_client(url, settings, SECRET)
    try:
        client.put("r.json", b"{}", "application/json")
    finally:
        client.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_uploads_follow_on_the_same_host(server: FaultServer, settings: Settings, status: int) -> None:
    redirect(server, "/in/r.json", "/out/r.json", status, "PUT")
    server.on("PUT", "/out/r.json")(lambda handler: handler.reply(201))
    put(f"{server.url}/in", settings())
    assert [(r.path, r.body) for r in server.requests("PUT")] == [("/in/r.json", b"{}"), ("/out/r.json", b"{}")]


def test_uploads_go_to_no_other_host(server: FaultServer, settings: Settings) -> None:
    redirect(server, "/in/r.json", f"http://127.0.0.1:{server.port}/out/r.json", 307, "PUT")
    server.on("PUT", "/out/r.json")(lambda handler: handler.reply(201))
    with pytest.raises(TransferError, match=r"sheet\.upload"):
        put(f"{server.url}/in", settings())
    assert len(server.requests("PUT")) == 1


def test_see_other_is_no_confirmation(server: FaultServer, settings: Settings) -> None:
    redirect(server, "/in/r.json", "/done", 303, "PUT")
    server.serve("/done", b"thanks")
    with pytest.raises(TransferError):
        put(f"{server.url}/in", settings())
