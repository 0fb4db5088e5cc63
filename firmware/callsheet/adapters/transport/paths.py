# SPDX-License-Identifier: GPL-3.0-or-later
"""What a URL's path is on a server that is not on the web."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from callsheet.adapters.transport.client import TransferError


def ftp_path(url: str) -> str:
    """As seen from the folder that the login leads to; one that begins with %2F from the root (RFC 1738 §3.2.2)."""
    return _clean(urlsplit(url).path.removeprefix("/"))


def ssh_path(url: str) -> str:
    """As seen from the root; one that begins with /~/ from the user's home."""
    path = _clean(urlsplit(url).path) or "/"
    return "./" + path[3:] if path.startswith("/~/") else path


def within(folder: str, name: str) -> str:
    """The path of a file in a folder."""
    return folder + name if not folder or folder.endswith("/") else f"{folder}/{name}"


def _clean(quoted: str) -> str:
    path = unquote(quoted)
    # A line break would begin a command of its own in FTP.
    if not path.isprintable():
        raise TransferError("other", "the link's path holds characters that cannot be sent; check sheet.url and sheet.upload")
    return path
