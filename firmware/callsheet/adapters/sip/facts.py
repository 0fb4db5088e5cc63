# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stack's callbacks saw, as plain values: copied inside the callback, judged after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["received", "time-out", "transport", "own"]
"""What made a transaction change: a message from the network, the stack's own timer, its transport, or we."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """An INVITE session changed its state, or a response to one of its requests came in."""

    call: int
    state: Literal["calling", "incoming", "early", "connecting", "confirmed", "disconnected", ""]
    """Empty: not the session but only a transaction changed."""
    code: int
    phrase: str
    source: Source
    message: str
    """The message that came in, as a whole; empty unless `source` is "received"."""
    method: str = ""
    """Of the transaction."""


@dataclass(frozen=True, slots=True)
class MediaLine:
    """State of one m-line."""

    index: int
    state: Literal["active", "local-hold", "remote-hold", "none", "failed"]


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """Media of a call was started, stopped or renegotiated."""

    call: int
    lines: tuple[MediaLine, ...]


@dataclass(frozen=True, slots=True)
class Transferring:
    """A NOTIFY on our REFER came in."""

    call: int
    code: int
    final: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """An INVITE came in. The handle itself is kept in the account's `arrivals`."""

    call: int
    message: str


@dataclass(frozen=True, slots=True)
class Registered:
    """An account's REGISTER was answered, or not."""

    server: int
    """0: the first, 1: the fallback."""
    active: bool
    code: int
    phrase: str
    expires: int
    received: bool
    """The code came from the network."""


@dataclass(frozen=True, slots=True)
class Located:
    """A server's name was looked up."""

    server: int
    problem: str
    """Empty: it has an address."""


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """A TCP or TLS connection broke, and with it the way back to us (RFC 5626 §4)."""


@dataclass(frozen=True, slots=True)
class DeviceFailed:
    """The sound device stopped by itself."""


Fact = (
    StateChanged | MediaChanged | Transferring | Arrived | Located | Registered | ConnectionLost | DeviceFailed
)
