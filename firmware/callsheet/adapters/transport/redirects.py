# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a redirect may lead, and who may be told the password there."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from callsheet.adapters.transport.client import TransferError

LIMIT = 5
DEFAULT_PORTS = {"http": 80, "https": 443}
OTHER_PORTS = {"ftp": 21, "ftpes": 21, "ftps": 990, "sftp": 22, "scp": 22}
SAME_SERVER = {"scp": "sftp"}
"""Both are one SSH server."""


def target(url: str, location: str) -> str:
    """The URL a redirect leads to (RFC 9110 §10.2.2). Raises TransferError if it must not be followed."""
    try:
        parts = urlsplit(urljoin(url, location))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise TransferError("other", "the server redirects to an address that cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise TransferError("other", "the server redirects to something that is not on the web")
    if urlsplit(url).scheme == "https" and parts.scheme == "http":
        raise TransferError("other", "the server redirects from https to http, which is not followed")
    # Credentials that a server puts into its redirect are not ours to send.
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, netloc + (f":{port}" if port else ""), parts.path, parts.query, ""))


def trusted(configured: str, url: str) -> bool:
    """Whether credentials meant for `configured` may go to `url`: same host and port, or its step up to TLS."""
    ours, theirs = _place(configured), _place(url)
    if ours == theirs:
        return True
    steps = {("http", 80): [("https", 443)], ("ftp", 21): [("ftpes", 21), ("ftps", 990)]}
    return ours[1] == theirs[1] and (theirs[0], theirs[2]) in steps.get((ours[0], ours[2]), [])


def same_host(one: str, other: str) -> bool:
    """Whether both are on one host."""
    return _place(one)[1] == _place(other)[1]


def _place(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or DEFAULT_PORTS.get(scheme) or OTHER_PORTS.get(scheme, 0)
    return SAME_SERVER.get(scheme, scheme), (parts.hostname or "").rstrip("."), port
