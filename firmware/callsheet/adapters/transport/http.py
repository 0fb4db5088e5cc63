# SPDX-License-Identifier: GPL-3.0-or-later
"""The client for http and https (RFC 9110), on requests."""

from __future__ import annotations

import http.client
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

import requests
import urllib3

from callsheet import __version__
from callsheet.adapters.transport import bodies, faults, redirects, sessions, tls
from callsheet.adapters.transport.bounded import bounded
from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    NameTaken,
    TransferError,
    Unchanged,
    register,
)
from callsheet.adapters.transport.cutoff import Cutoff
from callsheet.adapters.transport.links import bare, inside
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin

FOUND, SEE_OTHER, NOT_MODIFIED, TAKEN = (301, 302, 307, 308), 303, 304, 412
UNKNOWN = -1
FRESH = 2.0
"""Seconds. A file may change twice within the second that Last-Modified counts in (RFC 9110 §8.8.2.2), and nginx
and others make their ETag from that time: shortly after a change neither tells the next one."""


class HttpClient:
    """See `callsheet.adapters.transport.client.Client`."""

    def __init__(self, url: str, settings: SheetSettings, credentials: Credentials) -> None:
        self._url = bare(url)
        self._settings = settings
        self._host = urlsplit(self._url).hostname or ""
        self._authorization = _authorization(credentials)
        self._cutoff = Cutoff()
        # A plain http link may be redirected to https.
        self._session = sessions.make(tls.context(settings.ca_file), self._cutoff)

    def fetch(self, seen: Origin | None) -> Fetched | Unchanged:
        """Conditional GET (RFC 9110 §13.1)."""
        headers = {"Accept": "application/json, text/csv;q=0.9, */*;q=0.5", "Accept-Encoding": "gzip",
                   "Cache-Control": "no-cache"}
        if seen and seen.etag:
            headers["If-None-Match"] = seen.etag
        if seen and seen.modified:
            headers["If-Modified-Since"] = seen.modified
        with self._bounded(), self._exchange("GET", self._url, headers) as answer:
            if answer.status_code == NOT_MODIFIED and seen and (seen.etag or seen.modified):
                return Unchanged()
            if answer.status_code != 200:
                raise faults.of_status(answer.status_code, answer.headers.get("Retry-After", ""), "file")
            body = self._body(answer, self._settings.max_bytes)
            return Fetched(body, *_validators(answer),
                           faults.http_date(answer.headers.get("Last-Modified", "")),
                           answer.headers.get("Content-Type", ""))

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Look, PUT with If-None-Match: * (RFC 9110 §13.1.2), look again.

        The first look protects what is there on servers that ignore the condition
        (nginx); the last one catches a server, or a log-in page of the network in
        its place, that says yes to everything.
        """
        url = inside(self._url, name)
        with self._bounded():
            if self._there(url, body) == "same":
                return
            headers = {"Content-Type": content_type, "If-None-Match": "*"}
            with self._exchange("PUT", url, headers, body) as answer:
                status, retry_after = answer.status_code, answer.headers.get("Retry-After", "")
            if status == TAKEN:
                if self._there(url, body) != "same":
                    raise NameTaken
            elif status not in (200, 201, 204):
                raise faults.of_status(status, retry_after, "upload")
            elif self._size(url) not in (None, UNKNOWN, len(body)):
                raise TransferError("other", "the server does not hold what was sent to it", temporary=True)

    def get(self, name: str) -> bytes | None:
        """GET, past every cache (RFC 9111 §5.2.1.4)."""
        headers = {"Accept-Encoding": "identity", "Cache-Control": "no-cache", "Pragma": "no-cache"}
        with self._bounded(), self._exchange("GET", inside(self._url, name), headers) as answer:
            if answer.status_code in (404, 410):
                return None
            if answer.status_code != 200:
                raise faults.of_status(answer.status_code, answer.headers.get("Retry-After", ""), "upload")
            return self._body(answer, self._settings.max_bytes)

    def create(self, name: str, body: bytes) -> bool:
        """As put; that no server takes two at once cannot be known (nginx ignores the condition)."""
        self.put(name, body, "application/json")
        return False

    def replace(self, name: str, body: bytes) -> None:
        """PUT without a condition."""
        headers = {"Content-Type": "application/json"}
        with self._bounded(), self._exchange("PUT", inside(self._url, name), headers, body) as answer:
            if answer.status_code not in (200, 201, 204):
                raise faults.of_status(answer.status_code, answer.headers.get("Retry-After", ""), "upload")

    def post(self, body: bytes) -> bytes:
        """POST (RFC 9110 §9.3.3)."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity",
                   "Cache-Control": "no-cache"}
        with self._bounded(), self._exchange("POST", self._url, headers, body) as answer:
            if answer.status_code != 200:
                raise faults.of_status(answer.status_code, answer.headers.get("Retry-After", ""), "lease")
            return self._body(answer, self._settings.max_bytes)

    def abort(self) -> None:
        """Cut the connection off."""
        self._cutoff.abort()

    def close(self) -> None:
        """Let go of it."""
        self._session.close()
        self._cutoff.release()

    def _there(self, url: str, body: bytes) -> Literal["same", "unknown"]:
        """Whether the server holds this content at the URL. Raises NameTaken if it holds another one."""
        with self._exchange("HEAD", url, {"Accept-Encoding": "identity"}) as answer:
            if answer.status_code != 200:
                return "unknown"
        with self._exchange("GET", url, {"Accept-Encoding": "identity"}) as answer:
            if answer.status_code != 200:
                return "unknown"
            try:
                if self._body(answer, len(body)) == body:
                    return "same"
            except TransferError as error:
                if error.kind != "too-large":
                    raise
        nobody_has_this = inside(self._url, f"callsheet-{secrets.token_hex(8)}.json")
        if self._size(nobody_has_this) is not None:
            raise TransferError("other", "the server claims to have every file there is; is this a log-in page?")
        raise NameTaken

    def _size(self, url: str) -> int | None:
        """Bytes of the file at the URL, or UNKNOWN; None if the server does not say that it is there."""
        with self._exchange("HEAD", url, {"Accept-Encoding": "identity"}) as answer:
            if answer.status_code != 200:
                return None
            length = answer.headers.get("Content-Length", "")
            return int(length) if length.isdigit() and "Content-Encoding" not in answer.headers else UNKNOWN

    def _bounded(self) -> AbstractContextManager[None]:
        raised = (requests.RequestException, urllib3.exceptions.HTTPError)
        return bounded(self._cutoff, self._settings.total_timeout, self._host, raised)

    @contextmanager
    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None = None,
    ) -> Iterator[requests.Response]:
        """One request and its answer, after redirects; the body is not read yet."""
        start = url
        for _ in range(redirects.LIMIT + 1):
            answer = self._send(method, url, headers, body)
            try:
                location = answer.headers.get("Location", "")
                moved = answer.status_code in FOUND or (answer.status_code == SEE_OTHER and body is None)
                if not moved or not location:
                    yield answer
                    return
            finally:
                _finish(answer)
            url = redirects.target(url, location)
            if body is not None and not redirects.same_host(start, url):
                raise TransferError("other", "the server sends uploads on to another one; set sheet.upload to that",
                                    of_file=True)
        raise TransferError("other", f"more than {redirects.LIMIT} redirects")

    def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> requests.Response:
        headers = {"User-Agent": f"callsheet/{__version__}", **headers}
        if self._authorization and redirects.trusted(self._url, url):
            headers["Authorization"] = self._authorization
        request = requests.Request(method, url, headers=headers, data=body).prepare()
        timeout = (self._settings.connect_timeout, self._settings.read_timeout)
        return self._session.send(request, stream=True, allow_redirects=False, timeout=timeout)

    def _body(self, answer: requests.Response, limit: int) -> bytes:
        """The content, whole. Raises TransferError if it is too large or may have been cut short."""
        raw: urllib3.HTTPResponse = answer.raw
        declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > limit:
            raise bodies.too_large(limit)
        chunks: Iterator[bytes] = raw.stream(65536, decode_content=False)
        coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if coding in ("gzip", "x-gzip"):
            return bodies.collect(bodies.gunzip(chunks), limit)
        if coding not in ("identity", ""):
            raise TransferError("other", "the server compresses in a way it was not asked for")
        content = bodies.collect(chunks, limit)
        framed = declared.isdigit() or "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
        # Without a length, the end of the connection ends the body (RFC 9112 §6.3), a
        # broken one too. JSON shows where it ends; of a CSV file rows would be lost unseen.
        if not framed and not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise TransferError("other", "the server does not say how long the file is (Content-Length)")
        return content


def _finish(answer: requests.Response) -> None:
    """Leave the connection to the next request if little is left to read, else close it."""
    with suppress(urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
        answer.raw.read(16384, decode_content=False)
    answer.close()


def _authorization(credentials: Credentials) -> str:
    """RFC 6750 §2.1, or RFC 7617 with UTF-8. Raises TransferError for what no header can carry."""
    if credentials.token:
        if not credentials.token.isascii() or not credentials.token.isprintable():
            raise TransferError("credentials", "sheet.token holds characters that no header can carry")
        return f"Bearer {credentials.token}"
    if credentials.user or credentials.password:
        return "Basic " + b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()
    return ""


def _validators(answer: requests.Response) -> tuple[str, str]:
    """ETag and Last-Modified, as far as a later change of the file is sure to change them."""
    etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    at, now = faults.http_date(modified), faults.http_date(answer.headers.get("Date", ""))
    if at and now - at < FRESH:
        return "", ""
    return etag, modified if at else ""


register("http", HttpClient)
register("https", HttpClient)
