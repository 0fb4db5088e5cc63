# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a DHCP lease to the links in them. What a DHCP server says is trusted no further than a
stranger's letter: it is matched against a list of what a link may be, and everything else is a problem with a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from callsheet.formats.errors import Invalid, shown
from callsheet.formats.header import check_link

MAX_LINK = 1024
"""Characters; an option of more than 255 bytes comes in pieces (RFC 3396)."""
MAX_LEASE = 64 * 1024
"""Bytes of the hook's file."""
MAGIC = b"callsheet-dhcp 1"
"""First line of the hook's file."""

VENDOR: Final = 43
"""Vendor-specific information (RFC 2132 §8.4)."""
SERVER: Final = 66
"""TFTP server name (RFC 2132 §9.4); makers of phones put a URL there."""
FILE: Final = 67
"""Bootfile name (RFC 2132 §9.5)."""
PORTAL: Final = 114
"""Once a URL, today that of a captive portal's API (RFC 8910 §2.1)."""
PHONES: Final = 160
"""Unassigned; several makers of phones take a URL from it."""
Source = Literal[43, 66, 67, 114, 160]
USUAL: tuple[Source, ...] = (VENDOR, PHONES, FILE, SERVER)
"""What is meant for us goes before what is meant for any phone, a file before a server."""

SUB_SHEET, SUB_UPLOAD, SUB_PROVISION = 1, 2, 3
"""What we call vendor-specific: codes within option 43 for a client whose class (option 60) is "Callsheet"."""

NO_PORTAL = b"urn:ietf:params:capport:unrestricted"
"""RFC 8910 §2: the network has no captive portal."""

_ENCRYPTED = frozenset({"https", "ftps", "ftpes", "sftp", "scp"})
_LINE = re.compile(rb"(?P<key>[1-9][0-9]{0,2}|file)=(?P<hex>(?:[0-9A-Fa-f]{2})*)")
_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%{}]+")
"""RFC 3986 §2, and the braces of placeholders: neither blanks, control characters, quotes nor backslashes."""
_NAME = re.compile(r"[A-Za-z0-9_\-{}][A-Za-z0-9._\-{}]*")
"""A file name without a folder."""


class Offer(Struct, frozen=True):
    """What a lease has for us. An empty text: nothing."""

    sheet: str = ""
    """Link to the call sheet, placeholders and all."""
    upload: str = ""
    """Link to the folder for results."""
    provision: str = ""
    """Link to the phone's settings."""
    source: str = ""
    """Which option the sheet's link is from, such as "43.1"."""
    safe: tuple[str, ...] = ()
    """Those links that the phone's passwords may go to: to a server in `hosts`, encrypted."""
    problems: tuple[str, ...] = ()
    """What cannot be used and why, one line each, in the order in which it was looked at."""


def read_lease(data: bytes) -> dict[int, bytes]:
    """The options in a file that the dhcpcd hook wrote: one `code=hex` a line after `MAGIC`.

    `file` is the field of the DHCP header that option 67 stands for (RFC 2132 §9.5); the option goes before it.
    Raises Invalid.
    """
    if len(data) > MAX_LEASE:
        raise Invalid("the lease's file is too long")
    first, *lines = data.split(b"\n")
    if first != MAGIC or not lines or lines.pop():
        raise Invalid("not a whole file of the dhcpcd hook")
    options: dict[int, bytes] = {}
    header: dict[int, bytes] = {}
    for number, line in enumerate(lines, 2):
        match = _LINE.fullmatch(line)
        if match is None:
            raise Invalid(f"line {number} of the lease's file cannot be read")
        key, value = match["key"], bytes.fromhex(match["hex"].decode("ascii"))
        if key == b"file":
            header[FILE] = value
        else:
            options[int(key)] = value
    return header | options


def offer(options: Mapping[int, bytes], order: Iterable[Source], hosts: Iterable[str] = ()) -> Offer:
    """The links in a lease; `order` says which options count, the first usable one wins.

    With `hosts` a link must name one of them.
    """
    return _Reader(options, frozenset(host.lower().strip("[]") for host in hosts)).offer(tuple(order))


def suboptions(data: bytes) -> dict[int, bytes]:
    """The sub-options in an option 43 (RFC 2132 §8.4): code, length, value; 0 pads, 255 ends. Raises Invalid."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        code = data[at]
        if at + 1 >= len(data) or at + 2 + data[at + 1] > len(data):
            raise Invalid(f"sub-option {code} is cut off", remedy="each is a code, a length and as many bytes")
        if code in found:
            raise Invalid(f"sub-option {code} is there twice")
        found[code] = data[at + 2:at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found


def link(data: bytes, hosts: frozenset[str] = frozenset()) -> str:
    """The link in an option's bytes. Raises Invalid, whose text never holds a password."""
    text = _text(data)
    if not _URL.fullmatch(text):
        raise Invalid("has characters that no URL has", remedy="percent-encode them (RFC 3986)")
    if "@" in text:
        # A lease is sent in clear to whoever asks, so a password in it is none.
        raise Invalid("has a user or password in it, or an @", remedy="set sheet.auth on the phone; write %40 for @")
    if "://" not in text:
        raise Invalid(f"{shown(text)} names a server or file, but is no link", remedy="write https://host/file")
    check_link(text)
    host = (urlsplit(text).hostname or "").rstrip(".")
    if hosts and host not in hosts:
        raise Invalid(f"the server {shown(host)} is not one of dhcp.hosts")
    return text


def _text(data: bytes) -> str:
    """An option's text without the zero bytes that some servers end it with (RFC 2132 §2). Raises Invalid."""
    data = data.rstrip(b"\0")
    if not data:
        raise Invalid("is empty")
    if len(data) > MAX_LINK:
        raise Invalid(f"is longer than {MAX_LINK} characters")
    if not data.isascii() or not data.decode("ascii").isprintable():
        raise Invalid("is not plain text")
    return data.decode("ascii")


class _Reader:
    """One look at a lease; gathers problems on the way."""

    def __init__(self, options: Mapping[int, bytes], hosts: frozenset[str]) -> None:
        self._options = options
        self._hosts = hosts
        self._problems: list[str] = []

    def offer(self, order: tuple[Source, ...]) -> Offer:
        """Upload and provisioning links come from option 43 only, the sheet's from the first option that has one."""
        ours = self._ours() if VENDOR in order else {}
        sheet, source = "", ""
        for code in order:
            name = f"{VENDOR}.{SUB_SHEET}" if code == VENDOR else str(code)
            sheet = self._link(name, ours.get(SUB_SHEET) if code == VENDOR else self._of(code))
            if sheet:
                source = name
                break
        upload = self._link(f"{VENDOR}.{SUB_UPLOAD}", ours.get(SUB_UPLOAD))
        provision = self._link(f"{VENDOR}.{SUB_PROVISION}", ours.get(SUB_PROVISION))
        safe = tuple(one for one in (sheet, upload) if self._hosts and urlsplit(one).scheme in _ENCRYPTED)
        return Offer(sheet, upload, provision, source, safe, tuple(self._problems))

    def _ours(self) -> dict[int, bytes]:
        """The sub-options; a bare URL in option 43, as small routers send it, is the sheet's."""
        data = self._options.get(VENDOR, b"")
        if re.match(rb"[A-Za-z][A-Za-z0-9+.\-]*://", data):
            return {SUB_SHEET: data}
        try:
            return suboptions(data)
        except Invalid as fault:
            self._problem(str(VENDOR), fault)
            return {}

    def _of(self, code: Source) -> bytes | None:
        data = self._options.get(code)
        if code == PORTAL and data is not None and data.rstrip(b"\0") == NO_PORTAL:
            return None
        if code == FILE and data is not None:
            return self._beside_server(data)
        return data

    def _beside_server(self, data: bytes) -> bytes:
        """Option 67: a link, or a file's name in the folder that option 66 links to."""
        server = self._options.get(SERVER, b"").rstrip(b"\0").decode("ascii", "replace")
        name = data.rstrip(b"\0").decode("ascii", "replace")
        if not _NAME.fullmatch(name) or "://" not in server or "?" in server or "#" in server:
            return data
        path = server.partition("://")[2].partition("/")[2]
        if path and not path.endswith("/"):
            return data
        return f"{server.rstrip('/')}/{name}".encode("ascii", "replace")

    def _link(self, name: str, data: bytes | None) -> str:
        if data is None:
            return ""
        try:
            return link(data, self._hosts)
        except Invalid as fault:
            self._problem(name, fault)
            return ""

    def _problem(self, name: str, fault: Invalid) -> None:
        self._problems.append(f"DHCP option {name}: {fault.reason}" + (f" ({fault.remedy})" if fault.remedy else ""))
