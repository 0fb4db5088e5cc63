# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of RFC 3261 and RFC 4566 as a callee on loopback needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


class Message(Struct):
    """A request, or a response (empty method)."""

    method: str
    headers: list[tuple[str, str]]
    body: str

    def all(self, name: str) -> list[str]:
        """Values of a header, in order."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str:
        """Value of a header, empty if it is not there."""
        return next(iter(self.all(name)), "")

    @property
    def call_id(self) -> str:
        """Names the dialogue well enough on loopback."""
        return self.first("call-id")

    def codec(self, wanted: str) -> tuple[str, str]:
        """Payload type and rtpmap of a codec on offer. Raises ValueError if it is not."""
        for line in self.body.splitlines():
            found = re.fullmatch(r"a=rtpmap:(\d+) (\S+)", line)
            if found and found[2].lower().startswith(wanted.lower() + "/"):
                return found[1], found[2]
        if wanted == "PCMU" and re.search(r"^m=audio \d+ \S+(?: \d+)* ?0\b", self.body, re.MULTILINE):
            return "0", "PCMU/8000"
        raise ValueError(f"{wanted} is not offered")


def parse(data: bytes) -> Message | None:
    """None for keep-alives and what is no SIP."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    lines = head.split("\r\n")
    if "SIP/2.0" not in lines[0]:
        return None
    method = "" if lines[0].startswith("SIP/2.0") else lines[0].split(" ", 1)[0]
    headers = []
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_SHORT.get(name, name), value.strip()))
    return Message(method, headers, body)


def reply(request: Message, code: int, phrase: str, *, tag: str = "", extra: Iterable[str] = (), body: str = "") -> bytes:
    """A response with what must be copied from the request (RFC 3261 §8.2.6.2)."""
    lines = [f"SIP/2.0 {code} {phrase}", *(f"Via: {via}" for via in request.all("via"))]
    to = request.first("to")
    lines += [f"From: {request.first('from')}", f"To: {to}" + (f";tag={tag}" if tag and ";tag=" not in to else ""),
              f"Call-ID: {request.call_id}", f"CSeq: {request.first('cseq')}", *extra]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
