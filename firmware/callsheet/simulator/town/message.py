# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP messages: bytes to Request or Response and back (RFC 3261 §7, §8.2.6, §25.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from callsheet.simulator.town.phrases import PHRASES
from callsheet.simulator.town.uri import MessageError, NameAddr, parse_host_port, parse_params, split_outside

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "e": "content-encoding", "f": "from",
    "i": "call-id", "k": "supported", "l": "content-length", "m": "contact", "o": "event", "r": "refer-to",
    "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires",
}  # fmt: skip
LISTS = {
    "via",
    "route",
    "record-route",
    "contact",
    "supported",
    "require",
    "proxy-require",
    "allow",
    "unsupported",
}
TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
MAX_BYTES = 65_535


def canonical(name: str) -> str:
    """A header name in lower case and long form."""
    low = name.strip().lower()
    return COMPACT.get(low, low)


class Headers:
    """Header fields in order; compact and long names are the same."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[tuple[str, str]] | None = None) -> None:
        self._fields: list[tuple[str, str]] = list(fields or [])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        wanted = canonical(name)
        return any(canonical(key) == wanted for key, _ in self._fields)

    def get(self, name: str, default: str = "") -> str:
        """The first value."""
        wanted = canonical(name)
        return next((value for key, value in self._fields if canonical(key) == wanted), default)

    def all(self, name: str) -> list[str]:
        """Every value; fields that are lists by grammar are taken apart at their commas."""
        wanted = canonical(name)
        values = [value for key, value in self._fields if canonical(key) == wanted]
        if wanted not in LISTS:
            return values
        return [item for value in values for item in split_outside(value, ",") if item]

    def add(self, name: str, value: str) -> None:
        """Append a field."""
        self._fields.append((name, value))

    def set(self, name: str, value: str) -> None:
        """Replace every field of that name by one."""
        wanted = canonical(name)
        self._fields = [(key, old) for key, old in self._fields if canonical(key) != wanted]
        self._fields.append((name, value))

    def replace_first(self, name: str, value: str) -> None:
        """Replace the first list element of that name in its place (the topmost Via)."""
        rest = self.all(name)[1:]
        at = next(i for i, (key, _) in enumerate(self._fields) if canonical(key) == canonical(name))
        kept = [(k, v) for k, v in self._fields if canonical(k) != canonical(name)]
        self._fields = [*kept[:at], (name, value), *((name, item) for item in rest), *kept[at:]]


@dataclass(slots=True)
class Via:
    """The topmost Via field (RFC 3261 §20.42)."""

    protocol: str
    host: str
    port: int | None
    params: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Via:
        """Raises MessageError."""
        head, *params = split_outside(text, ";")
        match = re.fullmatch(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z-]+)\s+(\S.*)", head, re.IGNORECASE)
        if not match:
            raise MessageError(f"bad Via: {text[:60]!r}")
        host, port = parse_host_port(match[2])
        return cls(match[1].upper(), host, port, parse_params(params))

    @property
    def branch(self) -> str:
        """The transaction's mark."""
        return self.params.get("branch", "")


@dataclass(slots=True)
class Message:
    """What requests and responses share."""

    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return self.headers.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method. Raises MessageError."""
        match = re.fullmatch(r"\s*(\d{1,10})\s+(\S+)\s*", self.headers.get("CSeq"))
        if not match or int(match[1]) >= 2**31:
            raise MessageError(f"bad CSeq: {self.headers.get('CSeq')[:40]!r}")
        return int(match[1]), match[2]

    @property
    def via(self) -> Via:
        """The topmost. Raises MessageError."""
        values = self.headers.all("Via")
        if not values:
            raise MessageError("no Via")
        return Via.parse(values[0])

    @property
    def sender(self) -> NameAddr:
        """From. Raises MessageError."""
        return NameAddr.parse(self.headers.get("From"))

    @property
    def recipient(self) -> NameAddr:
        """To. Raises MessageError."""
        return NameAddr.parse(self.headers.get("To"))

    def start_line(self) -> str:
        """The first line."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """The bytes on the wire; Content-Length is ours to say."""
        self.headers.set("Content-Length", str(len(self.body)))
        lines = [self.start_line(), *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass(slots=True)
class Request(Message):
    """A request."""

    method: str = ""
    uri: str = ""

    def start_line(self) -> str:
        """Method and Request-URI."""
        return f"{self.method} {self.uri} SIP/2.0"

    def fault(self) -> str:
        """What makes the request impossible to process (RFC 3261 §8.1.1), or empty."""
        try:
            for name in ("From", "Call-ID"):
                if not self.headers.get(name):
                    return f"missing {name}"
            if "To" not in self.headers or not self.recipient.uri:
                return "missing To"
            if self.cseq[1] != self.method:
                return "CSeq names another method"
            if not self.sender.tag and self.method != "ACK":
                return "From without tag"
            self.via  # noqa: B018 - raises if it is bad
            for name in LISTS:
                self.headers.all(name)
        except MessageError as error:
            return str(error)
        return ""

    def reply(self, status: int, phrase: str = "", tag: str = "") -> Response:
        """A response to this request (RFC 3261 §8.2.6.2); `tag` is put on To if it has none."""
        headers = Headers()
        for via in self.headers.all("Via"):
            headers.add("Via", via)
        if 100 < status < 300:
            for route in self.headers.all("Record-Route"):
                headers.add("Record-Route", route)
        headers.add("From", self.headers.get("From"))
        to = self.headers.get("To")
        if tag and status > 100 and not self.recipient.tag:
            to = f"{to};tag={tag}"
        headers.add("To", to)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", self.headers.get("CSeq"))
        return Response(headers, b"", status, phrase or PHRASES.get(status, "Unknown"))


@dataclass(slots=True)
class Response(Message):
    """A response."""

    status: int = 0
    phrase: str = ""

    def start_line(self) -> str:
        """Status and phrase."""
        return f"SIP/2.0 {self.status} {self.phrase}"


def parse(data: bytes) -> Request | Response:
    """One message from one datagram, or as framed by `frame`. Raises MessageError."""
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        raise MessageError("no blank line after the header fields")
    try:
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8")).split("\r\n")
    except UnicodeDecodeError as error:
        raise MessageError("header fields are not UTF-8") from error
    headers = Headers([_field(line) for line in lines[1:]])
    body = _body(headers, body)
    status = re.fullmatch(r"SIP/2\.0 ([1-6]\d\d) ?([^\r\n]*)", lines[0], re.IGNORECASE)
    if status:
        return Response(headers, body, int(status[1]), status[2])
    request = re.fullmatch(r"(\S+) (\S+) SIP/2\.0", lines[0], re.IGNORECASE)
    if not request or not TOKEN.fullmatch(request[1]):
        raise MessageError(f"bad start line: {lines[0][:60]!r}")
    return Request(headers, body, request[1], request[2])


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not TOKEN.fullmatch(name.rstrip()):
        raise MessageError(f"bad header field: {line[:60]!r}")
    if re.search(r"[\x00\r\n]", value):
        raise MessageError(f"control character in header field {name!r}")
    return name.rstrip(), value.strip()


def _body(headers: Headers, body: bytes) -> bytes:
    if "Content-Length" not in headers:
        return body
    length = headers.get("Content-Length")
    if not re.fullmatch(r"[0-9]{1,7}", length) or int(length) > len(body):
        raise MessageError(f"Content-Length {length[:20]!r}, but {len(body)} bytes follow")
    return body[: int(length)]


def frame(buffer: bytes) -> tuple[bytes | None, bytes]:
    """Cut the first message off a stream (RFC 3261 §18.3): (message or None if more is needed, rest).

    Raises MessageError when the stream cannot be followed any more.
    """
    head, blank, rest = buffer.partition(b"\r\n\r\n")
    if not blank:
        if len(buffer) > MAX_BYTES:
            raise MessageError("header fields without end")
        return None, buffer
    match = re.search(
        rb"(?:^|\r\n)(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*(?:\r\n|$)", head, re.IGNORECASE
    )
    if not match or int(match[1]) > MAX_BYTES:
        raise MessageError("no usable Content-Length on a stream")
    length = int(match[1])
    if len(rest) < length:
        return None, buffer
    return head + blank + rest[:length], rest[length:]
