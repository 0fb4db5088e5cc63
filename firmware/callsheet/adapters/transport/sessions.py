# SPDX-License-Identifier: GPL-3.0-or-later
"""requests, made to use our TLS context only and to hand every connection to a `Cutoff`."""

from __future__ import annotations

import logging
import socket
import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from callsheet.adapters.transport.cutoff import Cutoff

# urllib3's messages quote paths and queries, and a query may be a secret.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext | None, cutoff: Cutoff) -> None:
        self._context = context
        self._cutoff = cutoff
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        if self._context is not None:
            more["ssl_context"] = self._context
        super().init_poolmanager(connections, maxsize, block, **more)
        self.poolmanager.pool_classes_by_scheme = _pools(self._cutoff)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The context verifies; requests would add certifi's CAs to those the owner trusts.
        conn.cert_reqs = "CERT_REQUIRED"


def _pools(cutoff: Cutoff) -> dict[str, type]:
    """urllib3's pools with connections that report their socket before anything is said on it."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _watched(super()._new_conn(), cutoff)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _watched(super()._new_conn(), cutoff)

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _watched(sock: socket.socket, cutoff: Cutoff) -> socket.socket:
    try:
        cutoff.watch(sock)
    except OSError:
        sock.close()
        raise
    return sock


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: even when told not to follow, requests would prepare the next request and read this body to its end."""
        return None


def make(context: ssl.SSLContext | None, cutoff: Cutoff) -> requests.Session:
    """A session without cookies, proxies and passwords from the environment, and without redirects of its own."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(context, cutoff))
    return session
