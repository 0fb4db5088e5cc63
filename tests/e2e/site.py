# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server in front of a workplace's folder, which falls ill and recovers on command."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from tests.contract.transport.servers import Act, FaultServer, Handler
from tests.support.workplace import Workplace


class Site:
    """Sheets by GET, results by PUT, as nginx would; `place` works with it."""

    def __init__(self, folder: Path, context: ssl.SSLContext | None = None) -> None:
        self.server = FaultServer(context).start()
        self.place = Workplace(folder, files=f"{self.server.url}/")
        self.recover()

    def recover(self) -> None:
        """Do what is asked."""
        self.server.acts.clear()
        for method in ("GET", "HEAD"):
            self.server.on(method)(self._get)
        self.server.on("PUT")(self._put)

    def ail(self, method: str, act: Act) -> None:
        """Answer all requests of this method so, until it recovers."""
        self.server.acts[method, "*"] = act

    def close(self) -> None:
        """The phones first."""
        self.place.stop_phones()
        self.server.stop()

    def _path(self, handler: Handler) -> Path:
        return self.place.folder / "files" / handler.path.lstrip("/")

    def _get(self, handler: Handler) -> None:
        path = self._path(handler)
        if not path.is_file():
            handler.reply(404)
            return
        body = path.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if handler.headers.get("If-None-Match") == tag:
            handler.reply(304, ETag=tag)
        else:
            handler.reply(200, body, ETag=tag)

    def keep_and_hang_up(self, handler: Handler) -> None:
        """Take a file, and break the connection before the client knows."""
        self._keep(handler)
        handler.raw(b"")

    def _put(self, handler: Handler) -> None:
        handler.reply(201 if self._keep(handler) else 412)

    def _keep(self, handler: Handler) -> bool:
        path = self._path(handler)
        if path.exists() and handler.headers.get("If-None-Match") == "*":
            return False
        # A file is there as a whole or not at all.
        part = path.with_name(f".{path.name}")
        part.write_bytes(handler.body)
        part.replace(path)
        return True
