# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP and tel URIs and the name-addr form of From, To, Contact, Route (RFC 3261 §19.1, §20.10, §25.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(?P<port>\d{1,5}))?")


class MessageError(ValueError):
    """The bytes are not the SIP they claim to be."""


def split_outside(text: str, separator: str) -> list[str]:
    """Split at a one-character separator that stands outside quotes and angle brackets.

    Raises MessageError if a quote or bracket is left open.
    """
    parts, start, quoted, angle, index = [], 0, False, False, 0
    while index < len(text):
        char = text[index]
        if quoted and char == "\\":
            index += 1
        elif char == '"' and not angle:
            quoted = not quoted
        elif not quoted and char in "<>":
            angle = char == "<"
        elif char == separator and not quoted and not angle:
            parts.append(text[start:index].strip())
            start = index + 1
        index += 1
    if quoted or angle:
        raise MessageError(f"open quote or bracket in {text[:60]!r}")
    parts.append(text[start:].strip())
    return parts


def parse_params(parts: list[str]) -> dict[str, str]:
    """`name=value` and bare `name` parameters; names in lower case, quotes around values removed."""
    params = {}
    for part in parts:
        name, _, value = part.partition("=")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if name.strip():
            params[name.strip().lower()] = value
    return params


def parse_host_port(text: str) -> tuple[str, int | None]:
    """`host[:port]`, IPv6 in brackets, which are taken off. Raises MessageError."""
    match = HOST_PORT.fullmatch(text.strip())
    if not match:
        raise MessageError(f"not a host and port: {text[:60]!r}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and port > 65535:
        raise MessageError(f"no such port: {port}")
    return match["host"].strip("[]"), port


def bracketed(host: str) -> str:
    """The host as it is written in a URI."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class Uri:
    """A sip:, sips: or tel: URI."""

    scheme: str
    user: str = ""
    host: str = ""
    port: int | None = None
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Raises MessageError."""
        scheme, colon, rest = text.strip().partition(":")
        scheme = scheme.lower()
        if not colon or scheme not in ("sip", "sips", "tel"):
            raise MessageError(f"not a SIP or tel URI: {text[:60]!r}")
        if re.search(r"[\x00-\x20\x7f<>\"]", rest):
            raise MessageError(f"illegal character in URI {text[:60]!r}")
        rest = rest.partition("?")[0]
        if scheme == "tel":
            number, *params = rest.split(";")
            return cls("tel", unquote(number), params=parse_params(params))
        # A user part may itself hold ";" and ":" (RFC 3261 §25.1), so the "@" is looked for first.
        user, at, address = rest.rpartition("@")
        if not at:
            user, address = "", rest
        host, *params = address.split(";")
        name, port = parse_host_port(host)
        user = user.partition(":")[0].partition(";")[0]
        return cls(scheme, unquote(user), name, port, parse_params(params))


@dataclass(frozen=True, slots=True)
class NameAddr:
    """`"Display" <uri>;params`, or a bare URI whose parameters then belong to the header."""

    uri: str
    display: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Raises MessageError."""
        first, *params = split_outside(text, ";")
        display, bracket, rest = _split_display(first)
        if not bracket:
            return cls(first, "", parse_params(params))
        if not rest.endswith(">"):
            raise MessageError(f"no closing bracket in {text[:60]!r}")
        return cls(rest[:-1].strip(), display, parse_params(params))

    @property
    def tag(self) -> str:
        """The tag, or empty."""
        return self.params.get("tag", "")

    @property
    def target(self) -> Uri:
        """The address as a Uri. Raises MessageError."""
        return Uri.parse(self.uri)


def _split_display(text: str) -> tuple[str, str, str]:
    quoted = re.match(r'\s*"((?:[^"\\]|\\.)*)"\s*(<?)', text)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1]), quoted[2], text[quoted.end() :]
    display, bracket, rest = text.partition("<")
    return display.strip(), bracket, rest
