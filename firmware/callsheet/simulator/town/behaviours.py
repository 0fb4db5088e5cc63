# SPDX-License-Identifier: GPL-3.0-or-later
"""How callees behave, as data, and which number behaves how."""

from __future__ import annotations

import hashlib
import random
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, structs

Second = Annotated[float, Meta(ge=0, le=86400)]
# Not tuple[Second, Second]: msgspec 0.22 reads beside its own memory when a constrained float
# and a tuple of fixed length share a union. config.py checks the length.
Span = Second | tuple[Second, ...]
"""Seconds, or [least, most]: each call draws its own."""
Status = Annotated[int, Meta(ge=200, le=699)]
Provisional = Annotated[int, Meta(ge=0, le=199)]
CodecName = Literal["PCMU", "PCMA"]


class Step(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Something the callee does by itself in an answered call."""

    after: Second
    """Seconds since the ACK."""
    do: Literal["hold", "unhold", "codec", "dtmf", "info", "options", "update", "say", "vanish", "bye"]
    codec: CodecName = "PCMA"
    """For "codec": the only one in the re-INVITE."""
    digits: str = ""
    """For "dtmf"."""
    sound: str = "silence"
    """For "say": see tones.SOUNDS."""


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What becomes of an INVITE, and of the call if it is answered."""

    share: Annotated[float, Meta(ge=0)] = 0.0
    """Weight among the behaviours for numbers that [numbers] does not mention."""
    sequence: tuple[str, ...] = ()
    """Names of behaviours for the first, second, … call to a number; the last one stays. Excludes all below."""
    trying: bool = True
    """Send 100 at once."""
    delay: Span = 0.0
    """Seconds before the first 18x."""
    ringing: Provisional = 180
    """The 18x that says it rings; 0: none. With `early` it is 183."""
    early: str = ""
    """Sound in early media (tones.SOUNDS); empty: none."""
    ring: Span | Literal["forever"] = 0.5
    """Seconds from the first 18x to the final response."""
    status: Status = 200
    phrase: str = ""
    reason: tuple[str, ...] = ()
    """Values of Reason header fields on the final response, or on the BYE of an answered call."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further header fields on the final response."""
    voice: str = "voice"
    """What an answered callee says (tones.SOUNDS)."""
    hz: Annotated[int, Meta(ge=0, le=3400)] = 0
    """Frequency of the voice; 0: the number's own."""
    talk: Span | None = None
    """Seconds from the ACK until the callee hangs up; absent: never."""
    script: tuple[Step, ...] = ()
    on_cancel: Literal["487", "answer", "ignore", "silent"] = "487"
    """answer: a 200 to the INVITE crosses the CANCEL; ignore: 200 to the CANCEL, and it rings on; silent: no
    response."""
    on_bye: Literal["200", "glare", "silent"] = "200"
    """glare: a BYE of its own leaves first; silent: it answers nothing any more."""
    copies_of_200: Annotated[int, Meta(ge=0, le=20)] = 0
    """Extra copies of the 200 sent at once."""
    deaf_to_acks: Annotated[int, Meta(ge=0, le=20)] = 0
    """ACKs to ignore, so that the 200 is retransmitted."""
    refer: Annotated[int, Meta(ge=200, le=699)] = 202
    """Response to REFER."""
    refer_result: Annotated[int, Meta(ge=200, le=699)] = 200
    """How the transferred call ends, told in NOTIFY."""


class RegistrarConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """[registrar]."""

    require_auth: bool = True
    invite_auth: bool = False
    """Challenge INVITE with 407 as well."""
    realm: str = "town"
    expires: Annotated[int, Meta(ge=1)] = 300
    """Seconds granted at most."""
    min_expires: Annotated[int, Meta(ge=0)] = 0
    """Less is refused with 423."""
    mode: Literal["normal", "refuse", "unavailable", "silent"] = "normal"
    """refuse: 403; unavailable: 503; silent: no response."""
    users: dict[str, str] = field(default_factory=dict)
    """User → password."""


class Timers(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """[timers], seconds (RFC 3261 table 4)."""

    t1: Annotated[float, Meta(gt=0)] = 0.5
    t2: Annotated[float, Meta(gt=0)] = 4.0
    t4: Annotated[float, Meta(ge=0)] = 5.0
    longest_ring: Annotated[float, Meta(gt=0)] = 180.0
    """A call nobody cancels is ended with 480 (cf. timer C)."""
    rtp_silence: Annotated[float, Meta(ge=0)] = 30.0
    """A callee who hears no RTP for so long, and is not on hold, hangs up; 0: never."""


class TownConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    seed: str = "town"
    """Other seeds give numbers other behaviours."""
    codecs: tuple[CodecName, ...] = ("PCMU", "PCMA")
    default: str = "answer"
    """For numbers not mentioned when no behaviour has a share."""
    registrar: RegistrarConfig = RegistrarConfig()
    timers: Timers = Timers()
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """Number, or pattern with * and ?, → behaviour; exact ones first, then patterns in their order."""


def fraction(*parts: str) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def own_hz(number: str) -> int:
    """A callee's own frequency: 500, 510, … 1490 Hz."""
    return 500 + 10 * int(100 * fraction("hz", number))


def draw(span: Span, rng: random.Random) -> float:
    """Seconds within a span."""
    return rng.uniform(span[0], span[1]) if isinstance(span, tuple) else span


def chance(seed: str, number: str, attempt: int) -> random.Random:
    """The dice of one call: the same at every run."""
    return random.Random(f"{seed}\0{number}\0{attempt}")


class Directory:
    """Which number behaves how."""

    def __init__(self, config: TownConfig) -> None:
        self._config = config
        self.behaviours = dict(config.behaviours)
        self._numbers = dict(config.numbers)
        # A phone may take hyphens for visual separators and leave them out (RFC 3966 §5.1.1).
        self._spoken = {name.replace("-", ""): name for name in config.behaviours}
        self._total = sum(b.share for b in self.behaviours.values())

    def assign(self, number: str, behaviour: str | Behaviour) -> None:
        """Change a number from its next call on. Raises KeyError for an unknown name."""
        if isinstance(behaviour, Behaviour):
            name = f"assigned:{number}"
            self.behaviours[name] = structs.replace(behaviour, share=0.0)
            behaviour = name
        self.behaviours[behaviour]
        self._numbers[number] = behaviour

    def name_of(self, number: str) -> str:
        """The behaviour a number has, before its sequence is looked at; a behaviour's own name is a number too."""
        if number in self._numbers:
            return self._numbers[number]
        for pattern, name in self._numbers.items():
            if fnmatchcase(number, pattern):
                return name
        if number in self.behaviours:
            return number
        if number in self._spoken:
            return self._spoken[number]
        point = fraction(self._config.seed, number) * self._total
        for name, behaviour in self._config.behaviours.items():
            if point < behaviour.share:
                return name
            point -= behaviour.share
        return self._config.default

    def pick(self, number: str, attempt: int) -> tuple[str, Behaviour]:
        """Name and behaviour of the attempt-th call (from 1) to a number."""
        name = self.name_of(number)
        sequence = self.behaviours[name].sequence
        if sequence:
            name = sequence[min(attempt, len(sequence)) - 1]
        return name, self.behaviours[name]
