# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP URIs and name-addrs: made from what is to be dialled, read from who is calling.

Whatever comes from a sheet or a network is checked against a grammar narrower
than RFC 3261's, so that no header field can be smuggled in.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from callsheet.adapters.sip.headers import printable, values

# RFC 3261 §25.1: userinfo without password; user-unreserved characters that PBXes treat as
# syntax (";" parameters, "?" headers, "/") are left out.
_USER = r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2}){1,128}"
_HOST = r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?)(?::[0-9]{1,5})?"
_PARAMS = r"(?:;[A-Za-z0-9\-_.!~*'()%+]{1,64}(?:=[A-Za-z0-9\-_.!~*'()%+]{1,128})?){0,8}"
_URI = re.compile(rf"sips?:{_USER}@{_HOST}{_PARAMS}", re.IGNORECASE)
_SERVER = re.compile(_HOST)
_USER_SAFE = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,]")
_NAME_ADDR = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<\s*([^>\s]*)\s*>')
_MAX_NAME = 64


class Party(NamedTuple):
    """Who is calling."""

    number: str
    """User part of the URI, or the URI itself if its user is no number; empty if withheld."""
    name: str


def is_uri(text: str) -> bool:
    """Whether the text is a SIP or SIPS URI rather than a number."""
    return text[:5].lower().startswith(("sip:", "sips:"))


def escape_user(user: str) -> str:
    """A URI's user part; "#" and all else outside the grammar is escaped (RFC 3261 §19.1.2)."""
    return "".join(c if _USER_SAFE.fullmatch(c) else "".join(f"%{b:02X}" for b in c.encode()) for c in user)


def target(dialled: str, domain: str) -> str:
    """The Request-URI for a dialled string or URI. ValueError if none can be made of it."""
    if is_uri(dialled):
        uri = dialled
    elif dialled:
        uri = f"sip:{escape_user(dialled)}@{domain}"
    else:
        raise ValueError("there is no number")
    if not _URI.fullmatch(uri):
        raise ValueError("not a number or SIP URI that can be dialled")
    return uri


def check_server(server: str) -> str:
    """host or host:port, as it is. ValueError if it is neither."""
    if not _SERVER.fullmatch(server):
        raise ValueError(f"{server!r} is not host or host:port")
    return server


def quoted(name: str) -> str:
    """A quoted-string for a display name (RFC 3261 §25.1)."""
    return '"' + printable(name, _MAX_NAME).replace("\\", "\\\\").replace('"', '\\"') + '"'


def party(message: str) -> Party:
    """The caller, from an INVITE's text.

    P-Asserted-Identity (RFC 3325 §9.1) goes before From, because our own server
    sets it, unless the caller asked for privacy (RFC 3323).
    """
    privacy = {token.strip().lower() for value in values(message, "Privacy") for token in value.split(";")}
    if privacy & {"id", "user", "header"}:
        return Party("", "")
    asserted = values(message, "P-Asserted-Identity")
    callers = asserted + values(message, "From", "f")
    return _read(callers[0]) if callers else Party("", "")


def _read(value: str) -> Party:
    match = _NAME_ADDR.match(value)
    if match:
        name = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        uri = match[3]
    else:
        name, uri = "", value.split(";")[0].split(",")[0].strip()
    scheme, _, rest = uri.partition(":")
    user, at, host = rest.partition("@")
    number = unquote(user.split(";")[0].split(":")[0])
    if scheme.lower() in ("sip", "sips") and not at:
        number = ""
    host = host.split(";")[0]
    if number.lower() == "anonymous" or host.lower() == "anonymous.invalid" or number.lower() == "unavailable":
        return Party("", "")
    return Party(printable(number, _MAX_NAME), printable(name, _MAX_NAME))
