# SPDX-License-Identifier: GPL-3.0-or-later
"""GET over HTTP: what comes whole, what is unchanged, and every way it can go wrong."""

from __future__ import annotations

import gzip
import logging
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    TransferError,
    Unchanged,
    open_client,
)
from callsheet.adapters.transport.http import HttpClient
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin
from tests.contract.transport.phones import sheet_file
from tests.contract.transport.servers import FaultServer, Handler, Nginx

Settings = Callable[..., SheetSettings]
FILE = sheet_file(tasks=50)


def get(url: str, settings: SheetSettings, seen: Origin | None = None,
        credentials: Credentials | None = None) -> Fetched | Unchanged:
    client = open_client(url, settings, credentials or Credentials())
    try:
        return client.fetch(seen)
    finally:
        client.close()


def failure(url: str, settings: SheetSettings, seen: Origin | None = None) -> TransferError:
    with pytest.raises(TransferError) as caught:
        get(url, settings, seen)
    return caught.value


def origin(url: str, found: Fetched | Unchanged) -> Origin:
    assert isinstance(found, Fetched)
    return Origin(url, found.etag, found.modified, "")


# nginx

def test_nginx_whole_unchanged_revised(nginx: Nginx, settings: Settings) -> None:
    file, url = nginx.root / "101.json", f"{nginx.url}/101.json"
    file.write_bytes(FILE)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    found = get(url, settings())
    assert isinstance(found, Fetched)
    assert found.body == FILE
    assert found.content_type.startswith("application/json")
    assert found.changed == 1_700_000_000
    assert found.etag
    assert found.modified
    seen = origin(url, found)
    assert get(url, settings(), seen) == Unchanged()
    assert get(url, settings(), Origin(url, etag=seen.etag)) == Unchanged()
    assert get(url, settings(), Origin(url, modified=seen.modified)) == Unchanged()
    file.write_bytes(sheet_file(2))
    found = get(url, settings(), seen)
    assert isinstance(found, Fetched)
    assert found.body == sheet_file(2)


def test_nginx_password(nginx: Nginx, settings: Settings) -> None:
    nginx.user("101", "päss:wörd")
    (nginx.root / "private" / "101.json").write_bytes(FILE)
    url = f"{nginx.url}/private/101.json"
    found = get(url, settings(), credentials=Credentials("101", "päss:wörd"))
    assert isinstance(found, Fetched)
    assert failure(url, settings()).kind == "credentials"
    with pytest.raises(TransferError) as caught:
        get(url, settings(), credentials=Credentials("101", "wrong"))
    assert caught.value.kind == "credentials"
    assert not caught.value.temporary
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(("path", "kind"), [("missing.json", "missing"), ("forbidden/x.json", "credentials")])
def test_nginx_refuses(nginx: Nginx, settings: Settings, path: str, kind: str) -> None:
    error = failure(f"{nginx.url}/{path}", settings())
    assert error.kind == kind
    assert not error.temporary


def test_nginx_tls_with_own_ca(secure_nginx: Nginx, settings: Settings, office: object) -> None:
    (secure_nginx.root / "101.json").write_bytes(FILE)
    url = f"{secure_nginx.url}/101.json"
    found = get(url, settings(ca_file=str(office.ca_file)))  # type: ignore[attr-defined]
    assert isinstance(found, Fetched)
    error = failure(url, settings())
    assert error.kind == "certificate"
    assert "ca_file" in error.reason


# Certificates

@pytest.mark.parametrize(("identity", "expired", "words"), [
    ("elsewhere.test", False, "match"), ("localhost", True, "expired"),
])
def test_bad_certificate(start_server: Callable[..., FaultServer], settings: Settings, office: object,
                         identity: str, expired: bool, words: str) -> None:
    bad = start_server(office.context(identity, identity, expired=expired))  # type: ignore[attr-defined]
    bad.serve("/101.json", FILE)
    error = failure(f"{bad.url}/101.json", settings(ca_file=str(office.ca_file)))  # type: ignore[attr-defined]
    assert error.kind == "certificate"
    assert words in error.reason
    assert bad.seen == [], "nothing must be asked before the server is known"


def test_wrong_ca(start_server: Callable[..., FaultServer], settings: Settings, office: object, stranger: object) -> None:
    other = start_server(stranger.context("stranger"))  # type: ignore[attr-defined]
    error = failure(f"{other.url}/101.json", settings(ca_file=str(office.ca_file)))  # type: ignore[attr-defined]
    assert error.kind == "certificate"


def test_only_the_owners_cas_count(settings: Settings, monkeypatch: pytest.MonkeyPatch, office: object,
                                   start_server: Callable[..., FaultServer]) -> None:
    """Neither the environment nor requests' own bundle adds to them."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(office.ca_file))  # type: ignore[attr-defined]
    monkeypatch.setenv("CURL_CA_BUNDLE", str(office.ca_file))  # type: ignore[attr-defined]
    assert failure(start_server(office.context("env")).url + "/x", settings()).kind == "certificate"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), (b"no PEM", "no certificate")])
def test_unusable_ca_file(settings: Settings, tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    error = failure("https://localhost:1/", settings(ca_file=str(tmp_path / "ca.pem")))
    assert error.kind == "certificate"
    assert words in error.reason


def test_plain_http_where_tls_was_meant(server: FaultServer, settings: Settings) -> None:
    error = failure(server.url.replace("http:", "https:") + "/x", settings())
    assert error.kind == "certificate"


# Validators

def test_304_to_an_unconditional_request_is_no_answer(server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.reply(304))
    assert failure(f"{server.url}/x", settings()).kind == "other"


def test_etag_and_modified_are_sent_as_they_came(server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.reply(304))
    seen = Origin("u", etag='W/"ab c"', modified="Mon, 02 Mar 2026 09:00:00 GMT")
    assert get(f"{server.url}/x", settings(), seen) == Unchanged()
    headers = server.seen[0].headers
    assert headers["if-none-match"] == 'W/"ab c"'
    assert headers["if-modified-since"] == "Mon, 02 Mar 2026 09:00:00 GMT"


def test_changed_this_second_is_no_validator(server: FaultServer, settings: Settings) -> None:
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    server.serve("/x", FILE, Last_Modified=now, ETag='"time-size"')
    found = get(f"{server.url}/x", settings())
    assert isinstance(found, Fetched)
    assert (found.etag, found.modified) == ("", "")
    assert found.changed > 0


# Broken answers

def gzipped(handler: Handler) -> None:
    handler.reply(200, gzip.compress(FILE[:1000]) + gzip.compress(FILE[1000:]), Content_Encoding="gzip")


def chunked(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FILE), FILE))


def until_closed(handler: Handler) -> None:
    handler.raw(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + FILE)


@pytest.mark.parametrize("act", [gzipped, chunked, until_closed])
def test_comes_whole(server: FaultServer, settings: Settings, act: Callable[[Handler], None]) -> None:
    server.on("GET")(act)
    found = get(f"{server.url}/x", settings())
    assert isinstance(found, Fetched)
    assert found.body == FILE


def half(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(FILE), FILE[:700]))


def half_chunked(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b" % (len(FILE), FILE[:700]))


def half_chunks(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{  }\r\n")


def half_gzip(handler: Handler) -> None:
    handler.reply(200, gzip.compress(FILE)[:-9], Content_Encoding="gzip")


def bad_gzip(handler: Handler) -> None:
    data = bytearray(gzip.compress(FILE))
    data[-6] ^= 0xFF
    handler.reply(200, bytes(data), Content_Encoding="gzip")


def garbage(handler: Handler) -> None:
    handler.raw(b"\x16\x03\x01 hello, I am not a web server\r\n\r\n")


def nothing(handler: Handler) -> None:
    handler.raw(b"")


def endless_header(handler: Handler) -> None:
    handler.raw(b"HTTP/1.1 200 OK\r\n" + b"X-Y: " + b"z" * 200_000 + b"\r\n\r\n")


@pytest.mark.parametrize(("act", "kind"), [
    (half, "unreachable"), (half_chunked, "unreachable"), (half_chunks, "unreachable"), (half_gzip, "unreachable"),
    (bad_gzip, "unreachable"), (garbage, "other"), (nothing, "unreachable"), (endless_header, "other"),
])
def test_broken_answer(server: FaultServer, settings: Settings, act: Callable[[Handler], None], kind: str) -> None:
    server.on("GET")(act)
    error = failure(f"{server.url}/x", settings())
    assert error.kind == kind
    assert error.temporary


def test_csv_that_may_have_been_cut_short_is_refused(server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.raw(b"HTTP/1.0 200 OK\r\n\r\nid;number\n1;+4930123\n"))
    assert "Content-Length" in failure(f"{server.url}/x.csv", settings()).reason


def test_unwanted_compression(server: FaultServer, settings: Settings) -> None:
    server.serve("/x", zlib.compress(FILE), Content_Encoding="deflate")
    assert failure(f"{server.url}/x", settings()).kind == "other"


@pytest.mark.parametrize(("status", "kind", "temporary"), [
    (204, "other", False), (400, "other", False), (401, "credentials", False), (403, "credentials", False),
    (404, "missing", False), (410, "missing", False), (412, "other", False), (429, "unreachable", True),
    (500, "unreachable", True), (502, "unreachable", True), (503, "unreachable", True), (507, "unreachable", True),
    (999, "unreachable", True),
])
def test_status(server: FaultServer, settings: Settings, status: int, kind: str, temporary: bool) -> None:
    server.on("GET")(lambda handler: handler.reply(status, Retry_After="7"))
    error = failure(f"{server.url}/x", settings())
    assert (error.kind, error.temporary, error.retry_after) == (kind, temporary, 7.0 if temporary else 0.0)


# Size

def test_declared_too_large(server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"))
    assert failure(f"{server.url}/x", settings(max_bytes=1999)).kind == "too-large"


def test_streamed_too_large(server: FaultServer, settings: Settings) -> None:
    @server.on("GET")
    def endless(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not handler.server.home.let_go.is_set():
            handler.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n")

    assert failure(f"{server.url}/x", settings(max_bytes=100_000)).kind == "too-large"


def test_bomb(server: FaultServer, settings: Settings) -> None:
    server.serve("/x", gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    assert failure(f"{server.url}/x", settings(max_bytes=1_000_000)).kind == "too-large"


def test_just_small_enough(server: FaultServer, settings: Settings) -> None:
    body = b"{" + b" " * 1_999_998 + b"}"
    server.serve("/x", gzip.compress(body), Content_Encoding="gzip")
    found = get(f"{server.url}/x", settings(max_bytes=2_000_000))
    assert isinstance(found, Fetched)
    assert found.body == body


# Time

def test_stall_before_the_answer(server: FaultServer, settings: Settings) -> None:
    server.on("GET")(lambda handler: handler.stall())
    error = failure(f"{server.url}/x", settings(read_timeout=0.2))
    assert (error.kind, error.temporary) == ("unreachable", True)
    assert "in time" in error.reason


def test_stall_in_the_body(server: FaultServer, settings: Settings) -> None:
    @server.on("GET")
    def stall(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nabc")
        handler.stall()

    assert "in time" in failure(f"{server.url}/x", settings(read_timeout=0.2)).reason


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
                                   b"HTTP/1.0 200 OK\r\n\r\n{"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_slow_drip(start_server: Callable[..., FaultServer], settings: Settings, office: object, start: bytes, tls: bool) -> None:
    """Every byte comes in time; the whole does not."""
    dripping = start_server(office.context("drip") if tls else None)  # type: ignore[attr-defined]

    @dripping.on("GET")
    def drip(handler: Handler) -> None:
        handler.raw(start)
        while not handler.server.home.let_go.wait(0.05):
            handler.raw(b"x")

    limits = settings(total_timeout=0.5, ca_file=str(office.ca_file))  # type: ignore[attr-defined]
    error = failure(f"{dripping.url}/x", limits)
    assert "total_timeout" in error.reason
    assert error.temporary


def test_abort_from_another_thread(server: FaultServer, settings: Settings) -> None:
    client = HttpClient(f"{server.url}/x", settings(read_timeout=50.0, total_timeout=50.0), Credentials())

    @server.on("GET")
    def stall(handler: Handler) -> None:
        client.abort()
        handler.stall()

    with pytest.raises(TransferError, match="given up"):
        client.fetch(None)
    client.close()


def test_nobody_there(settings: Settings, server: FaultServer) -> None:
    server.stop()
    error = failure(f"{server.url}/x", settings())
    assert (error.kind, error.temporary) == ("unreachable", True)
    assert "refuses" in error.reason


def test_unknown_name(settings: Settings) -> None:
    error = failure("http://no-such-host.invalid/x", settings())
    assert (error.kind, error.temporary) == ("unreachable", True)
    assert "no-such-host.invalid" in error.reason


# Links

@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "gopher://localhost/", "javascript:alert(1)", "", "http:///x", "http://localhost:99999/",
    "http://[::1/", "/etc/passwd", "http://a..b/", "http://" + "a" * 70 + ".test/",
])
def test_links_that_are_none(settings: Settings, url: str) -> None:
    error = failure(url, settings())
    assert error.kind in ("other", "unreachable")
    if "a" * 70 not in url:
        assert error.kind == "other"


def test_nothing_secret_in_errors_and_logs(
    server: FaultServer, settings: Settings, caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("GET")(lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\n broken\r\nheader\x00\r\n\r\n"))
    texts = []
    for host in (server.url.removeprefix("http://"), "no-such-host.invalid"):
        for credentials in (Credentials("u", "geheim"), Credentials(token="geheim\n")):
            with pytest.raises(TransferError) as caught:
                get(f"http://user:geheim@{host}/x?key=geheim", settings(), credentials=credentials)
            texts.append(str(caught.value))
            texts.append(repr(credentials))
    assert len(texts) == 8
    assert "geheim" not in "".join(texts) + caplog.text


def test_cookies_are_not_kept(server: FaultServer, settings: Settings) -> None:
    server.serve("/x", FILE, Set_Cookie="track=1; Path=/")
    client = open_client(f"{server.url}/x", settings(), Credentials())
    client.fetch(None)
    client.fetch(None)
    client.close()
    assert all("cookie" not in request.headers for request in server.seen)
