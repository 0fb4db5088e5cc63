# SPDX-License-Identifier: GPL-3.0-or-later
"""The handset's web server, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

import uvicorn

from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import wire
from callsheet.simulator.web.app import application

PING = 5.0
"""Seconds after which a page that vanished without a word is given up, and its keys let go (twice this at most)."""
STOP_WITHIN = 5.0


class _Server(uvicorn.Server):
    """uvicorn's server without its tick of 10 Hz, which was a third of what an idle phone costs."""

    _over: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    async def main_loop(self) -> None:
        """Wait for the end."""
        over = asyncio.Event()
        self._over = asyncio.get_running_loop(), over
        # Makes the default headers; without a Date among them once is enough.
        if not await self.on_tick(0):
            await over.wait()

    def end(self) -> None:
        """End it, from any thread."""
        self.should_exit = True
        if self._over is not None:
            loop, over = self._over
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(over.set)


class WebHandset:
    """The handset in a browser. It only looks at the handset and moves its contacts: the phone runs on without it."""

    def __init__(self, handset: SimulatedHandset, listen: str = "127.0.0.1:0") -> None:
        """`listen`: address:port; port 0 takes a free one.

        Raises ValueError if it cannot be read, OSError if the address cannot be bound.
        """
        self._socket = _bind(*_address(listen))
        config = uvicorn.Config(
            application(handset),
            # The same wherever the phone runs, whatever else is installed.
            loop="asyncio",
            http="h11",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            ws_max_size=wire.LONGEST,
            ws_ping_interval=PING,
            ws_ping_timeout=PING,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="web-handset", daemon=True)

    @property
    def url(self) -> str:
        """Where to open it."""
        host, port = self._socket.getsockname()[:2]
        address = ipaddress.ip_address(host)
        name = socket.gethostname() if address.is_unspecified else f"[{host}]" if address.version == 6 else host
        return f"http://{name}:{port}/"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Close every page's connection and stop listening."""
        self._server.end()
        if self._thread.is_alive():
            self._thread.join(STOP_WITHIN)
        self._socket.close()

    def __enter__(self) -> WebHandset:
        """Starts."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Closes."""
        self.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _address(listen: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != listen or "@" in listen:
        raise ValueError(f"listen {listen!r}: expected address:port, as in 127.0.0.1:8080 or [::1]:8080")
    return host, port


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Listening before the thread runs: who reads `url` may connect at once.
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"cannot listen on {host}:{port}: {error.strerror}; choose another port, or 0 for a free one"
        ) from None
    return listener
