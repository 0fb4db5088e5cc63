# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file server for the demo: sheets by GET, results by PUT, one folder.

For trying things out on one machine; an office uses nginx or the manager.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024


class FileServer:
    """Serves `folder` over HTTP. With `agents` (number to PIN) every request needs Basic credentials of one."""

    def __init__(self, folder: Path, agents: dict[str, str] | None = None, listen: tuple[str, int] = ("127.0.0.1", 0)):
        self.folder = folder
        handler = type("Handler", (_Handler,), {"folder": folder.resolve(), "agents": agents or {}})
        self._server = _Server(listen, handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="file-server", daemon=True)

    @property
    def url(self) -> str:
        """With a slash at its end."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def start(self) -> FileServer:
        """Begin to serve."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logged, unless it is only a client that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            log.exception("a request failed")


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    agents: dict[str, str]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """A file, or 304 if the client has it."""
        path = self._path()
        if path is None:
            return
        try:
            body = path.read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            self._say(HTTPStatus.NOT_FOUND)
            return
        tag = _tag(body)
        if self.headers.get("If-None-Match") == tag:
            self._say(HTTPStatus.NOT_MODIFIED, etag=tag)
        else:
            self._say(HTTPStatus.OK, body, tag)

    do_HEAD = do_GET  # noqa: N815  the name is http.server's

    def do_PUT(self) -> None:
        """A whole file or nothing: it is renamed into place when its last byte is there."""
        path = self._path()
        if path is None:
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self._say(HTTPStatus.LENGTH_REQUIRED, close=True)
            return
        if int(length) > LARGEST:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, close=True)
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        there = path.exists()
        if there and self.headers.get("If-None-Match") == "*":
            self._say(HTTPStatus.PRECONDITION_FAILED, etag=_tag(path.read_bytes()))
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{threading.get_ident()}.part")
        part.write_bytes(body)
        part.replace(path)
        self._say(HTTPStatus.NO_CONTENT if there else HTTPStatus.CREATED, etag=_tag(body))

    def _path(self) -> Path | None:
        """The file that is meant, or None after an answer: nothing outside the folder, nothing hidden."""
        if self.agents and not self._known():
            self._say(HTTPStatus.UNAUTHORIZED, challenge=True, close=True)
            return None
        path = (self.folder / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
        if not path.is_relative_to(self.folder) or any(part.startswith(".") for part in path.parts[1:]
                                                       if part not in self.folder.parts):
            self._say(HTTPStatus.FORBIDDEN, close=True)
            return None
        return path

    def _known(self) -> bool:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            agent, _, pin = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return False
        return agent in self.agents and hmac.compare_digest(self.agents[agent].encode(), pin.encode())

    def _say(self, status: HTTPStatus, body: bytes = b"", etag: str = "", *, challenge: bool = False,
             close: bool = False) -> None:
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        if challenge:
            self.send_header("WWW-Authenticate", 'Basic realm="callsheet"')
        if close:
            # The request's body was not read: the connection cannot be used again.
            self.send_header("Connection", "close")
            self.close_connection = True
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests carry agents' names."""


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
