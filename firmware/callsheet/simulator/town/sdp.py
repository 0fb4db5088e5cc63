# SPDX-License-Identifier: GPL-3.0-or-later
"""Session descriptions: one audio stream of G.711 and RFC 4733 events (RFC 4566, RFC 3264)."""

from __future__ import annotations

from dataclasses import dataclass, field

STATIC = {0: "PCMU/8000", 8: "PCMA/8000", 3: "GSM/8000", 9: "G722/8000", 18: "G729/8000"}
PAYLOAD = {"PCMU": 0, "PCMA": 8}
EVENTS = 101
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class SdpError(ValueError):
    """The description cannot be read, or shares no codec with us."""


@dataclass(slots=True)
class Stream:
    """One m= line with what follows it."""

    kind: str
    port: int
    profile: str
    formats: list[str]
    host: str = ""
    direction: str = "sendrecv"
    rtpmap: dict[str, str] = field(default_factory=dict)
    raw: str = ""

    def codec(self, number: str) -> str:
        """Encoding name and clock of a payload type, as "PCMU/8000"."""
        known = self.rtpmap.get(number, STATIC.get(int(number), "") if number.isdigit() else "")
        return "/".join(known.split("/")[:2])


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides settled on."""

    host: str
    port: int
    codec: str
    payload: int
    events: int | None
    """Payload type of telephone-event, or None."""
    direction: str
    """As seen from this side."""

    @property
    def sends(self) -> bool:
        """Whether this side may send audio."""
        return (
            self.direction in ("sendrecv", "sendonly")
            and self.port > 0
            and self.host not in ("0.0.0.0", "::")
        )

    @property
    def receives(self) -> bool:
        """Whether this side should hear something."""
        return self.direction in ("sendrecv", "recvonly")


def parse_sdp(body: bytes) -> list[Stream]:
    """The media streams. Raises SdpError."""
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise SdpError("SDP is not UTF-8") from error
    host, direction, streams = "", "sendrecv", []
    for line in lines:
        kind, equals, value = line.partition("=")
        if line and (len(kind) != 1 or not equals):
            raise SdpError(f"bad SDP line {line[:40]!r}")
        if kind == "m":
            streams.append(_stream(value, host, direction))
        elif kind == "c":
            address = _address(value)
            if streams:
                streams[-1].host = address
            else:
                host = address
        elif kind == "a":
            if not streams and value.strip() in DIRECTIONS:
                direction = value.strip()
            elif streams:
                _attribute(streams[-1], value.strip())
    return streams


def _stream(value: str, host: str, direction: str) -> Stream:
    parts = value.split()
    if len(parts) < 4 or not parts[1].partition("/")[0].isdigit() or int(parts[1].partition("/")[0]) > 65535:
        raise SdpError(f"bad m= line {value[:40]!r}")
    return Stream(parts[0], int(parts[1].partition("/")[0]), parts[2], parts[3:], host, direction, {}, value)


def _address(value: str) -> str:
    parts = value.split()
    if len(parts) < 3:
        raise SdpError(f"bad c= line {value[:40]!r}")
    return parts[2].partition("/")[0]


def _attribute(stream: Stream, value: str) -> None:
    name, _, rest = value.partition(":")
    if value in DIRECTIONS:
        stream.direction = value
    elif name == "rtpmap":
        number, _, codec = rest.strip().partition(" ")
        stream.rtpmap[number] = codec.strip()


def agree(streams: list[Stream], codecs: tuple[str, ...]) -> tuple[int, Agreed]:
    """Index of the audio stream and what is agreed on it, the other side's order of codecs first.

    The direction is already turned to this side's view. Raises SdpError.
    """
    for index, stream in enumerate(streams):
        if stream.kind != "audio" or stream.port == 0 or stream.profile != "RTP/AVP":
            continue
        names = [(number, stream.codec(number)) for number in stream.formats]
        events = next((int(n) for n, name in names if name.lower() == "telephone-event/8000"), None)
        for number, name in names:
            short = name.partition("/")[0].upper()
            if short in codecs and name.endswith("/8000"):
                return index, Agreed(
                    stream.host, stream.port, short, int(number), events, MIRROR[stream.direction]
                )
    raise SdpError("no stream with a codec of ours over RTP/AVP")


def describe(host: str, port: int, session: tuple[int, int], lines: list[str]) -> bytes:
    """A whole description around the given m= and a= lines; `session` is (id, version)."""
    family = "IP6" if ":" in host else "IP4"
    head = [
        "v=0",
        f"o=town {session[0]} {session[1]} IN {family} {host}",
        "s=town",
        f"c=IN {family} {host}",
        "t=0 0",
    ]
    return ("\r\n".join([*head, *lines]) + "\r\n").encode()


def audio_lines(port: int, codecs: list[tuple[int, str]], events: int | None, direction: str) -> list[str]:
    """The m= line and its attributes; `codecs` are (payload type, name)."""
    formats = [str(number) for number, _ in codecs] + ([str(events)] if events is not None else [])
    lines = [f"m=audio {port} RTP/AVP {' '.join(formats)}"]
    lines += [f"a=rtpmap:{number} {name}/8000" for number, name in codecs]
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    return [*lines, "a=ptime:20", f"a={direction}"]


def answer(
    body: bytes, host: str, port: int, codecs: tuple[str, ...], session: tuple[int, int], hold: bool = False
) -> tuple[bytes, Agreed]:
    """An answer to an offer (RFC 3264 §6): other streams are refused with port 0.

    `hold`: we keep the other side on hold, so what we would send is not received. Raises SdpError.
    """
    streams = parse_sdp(body)
    index, agreed = agree(streams, codecs)
    if hold:
        held = {"sendrecv": "sendonly", "recvonly": "inactive"}.get(agreed.direction, agreed.direction)
        agreed = Agreed(agreed.host, agreed.port, agreed.codec, agreed.payload, agreed.events, held)
    lines = []
    for position, stream in enumerate(streams):
        if position == index:
            lines += audio_lines(port, [(agreed.payload, agreed.codec)], agreed.events, agreed.direction)
        else:
            lines.append(f"m={stream.kind} 0 {stream.profile} {' '.join(stream.formats)}")
    return describe(host, port, session, lines), agreed


def offer(
    host: str, port: int, codecs: tuple[str, ...], session: tuple[int, int], direction: str = "sendrecv"
) -> bytes:
    """An offer of G.711 and RFC 4733 events."""
    return describe(
        host, port, session, audio_lines(port, [(PAYLOAD[c], c) for c in codecs], EVENTS, direction)
    )
