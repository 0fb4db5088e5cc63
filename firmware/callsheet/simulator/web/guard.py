# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps other web sites' pages away from the phone."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from callsheet.adapters.own_hosts import is_ours

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses requests that a page of another site made the browser send.

    Host: an address literal or a name of our own; a name that an attacker points
    at this machine (DNS rebinding) is neither. Origin: web sockets are not bound
    by the same-origin policy (RFC 6455 §10.2), so it must be the very host asked;
    programs that are no browsers need not send one.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application around another."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await PlainTextResponse(refusal + "\n", 403, HEADERS)(scope, receive, send)
        else:
            websocket = WebSocket(scope, receive, send)
            await websocket.send_denial_response(PlainTextResponse(refusal + "\n", 403))

    def _refusal(self, headers: Headers) -> str | None:
        hosts = headers.getlist("host")
        if len(hosts) > 1:
            return "This request names more than one host."  # RFC 9112 §3.2
        host = hosts[0] if hosts else ""
        if not is_ours(host, self._names):
            return f"This phone is not called {host!r}. Open it by its address, or as localhost."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "This request comes from a page of another site."
        return None


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return wrapped
