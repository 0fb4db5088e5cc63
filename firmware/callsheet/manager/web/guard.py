# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps other web sites' pages away from ours, and sets the headers that keep ours to itself."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callsheet.adapters.own_hosts import is_ours, own_names

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # With "no-referrer" browsers would send "Origin: null" along with our own forms (Fetch §3.2).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT = "max-age=31536000"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """An ASGI application around another: refuses what another site's page made the browser send."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        """`names`: host names of this server beside the machine's own."""
        self._app = app
        self._names = own_names() | {socket.getfqdn().lower()} | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            status, why = refusal
            await PlainTextResponse(why + "\n", status, HEADERS)(scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(scope, send))

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) > 1:
            return 400, "This request names more than one host."  # RFC 9112 §3.2
        host = hosts[0] if hosts else ""
        if not is_ours(host, self._names):
            return 421, (
                f"This server is not called {host!r}. Open it by its address, or give that name to "
                "`callsheet manager serve`."
            )
        if method in SAFE_METHODS:
            return None
        origin = headers.get("origin")
        elsewhere = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        # Not sent by old browsers, nor over plain http to anything but localhost.
        if elsewhere or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "This request comes from a page of another site."
        return None


def _with_headers(scope: Scope, send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers.setdefault("Cache-Control", "no-store")
            if scope.get("scheme") == "https":
                headers["Strict-Transport-Security"] = STRICT_TRANSPORT
        await send(message)

    return wrapped
