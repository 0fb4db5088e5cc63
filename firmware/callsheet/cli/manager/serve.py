# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager serve: the file server for phones, and the web page."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from callsheet.cli.manager.common import add_command, opened
from callsheet.manager.errors import Refused
from callsheet.manager.opened import Manager

ORDER = 30
BACKLOG = 2048
GRACE = 10
"""Seconds that requests under way get at the end."""


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "serve", _run, "serve phones and the web page",
        "callsheet manager serve --listen 0.0.0.0:8470",
        "Serve sheets, results and leases to phones under /phones, and the web page. It prints where, and ends with "
        "Ctrl-C\nor SIGTERM, after requests under way are done.",
    )
    parser.add_argument("--listen", default="", metavar="HOST:PORT", help="instead of serve.listen; port 0: any that is free")
    parser.add_argument("--certificate", default="", metavar="FILE", help="TLS certificate with its chain (PEM)")
    parser.add_argument("--key", default="", metavar="FILE", help="its private key (PEM)")
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="processes; more than one only with PostgreSQL (default: 1)")
    parser.add_argument("--verbose", action="store_true", help="log more")


def _run(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING,
                        format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    with opened(options) as manager:
        _check(options, manager)
        sock = _listen(options.listen or manager.settings.serve.listen)
        certificate = options.certificate or _beside(manager, manager.settings.serve.certificate)
        key = options.key or _beside(manager, manager.settings.serve.key)
        host, port = sock.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"serving {'https' if certificate else 'http'}://{shown}:{port}/", flush=True)
        settings: dict[str, Any] = {
            "log_level": "warning", "access_log": False, "timeout_graceful_shutdown": GRACE, "server_header": False,
            "ssl_certfile": certificate or None, "ssl_keyfile": key or None, "backlog": BACKLOG,
            "proxy_headers": bool(manager.settings.serve.proxies),
            "forwarded_allow_ips": ",".join(manager.settings.serve.proxies) or None,
            # Phones come back once a minute; a connection that waits for them costs less than a new one.
            "timeout_keep_alive": 75,
        }
        if options.workers > 1:
            return _many(options, sock, settings)
        return _one(manager, sock, settings)


def _one(manager: Manager, sock: socket.socket, settings: dict[str, Any]) -> int:
    import uvicorn

    from callsheet.manager.serving import whole

    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn ends well by itself and then sends the signal on to whoever was there before.
        signal.signal(number, lambda *_: None)
    uvicorn.Server(uvicorn.Config(whole(manager), **settings)).run([sock])
    return 0


def _many(options: argparse.Namespace, sock: socket.socket, settings: dict[str, Any]) -> int:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from callsheet.manager.serving import FOLDER

    os.environ[FOLDER] = str(options.folder.resolve())
    config = uvicorn.Config("callsheet.manager.serving:worker", factory=True, workers=options.workers, **settings)
    Multiprocess(config, sockets=[sock]).run()
    return 0


def _check(options: argparse.Namespace, manager: Manager) -> None:
    if options.workers < 1:
        raise Refused("at least one worker is needed", "leave --workers out")
    if options.workers > 1 and manager.database.is_sqlite:
        raise Refused("SQLite has one writer at a time, so more workers only wait for each other",
                      "use PostgreSQL (database.url), or leave --workers out")
    if bool(options.certificate) != bool(options.key):
        raise Refused("certificate and key belong together", "give both, or neither")


def _beside(manager: Manager, name: str) -> str:
    return str(manager.folder / name) if name else ""


def _listen(where: str) -> socket.socket:
    """Raises Refused for what is no address, OSError if it cannot be had."""
    try:
        parts = urlsplit(f"//{where}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or port is None:
        raise Refused(f"{where}: not an address with a port", 'write "127.0.0.1:8470" or "[::]:8470"')
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        # Who reads where it serves may connect at once, and is answered when the workers are ready.
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, where) from None
    sock.set_inheritable(True)
    return sock
