# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that the core itself reads. The whole settings file is `formats.settings`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from callsheet.core.model import Mode, RetryRule, Rules, Seconds, Text, WindowPolicy
from callsheet.core.outcomes import Outcome

Language = Literal["en", "zh"]


class DialRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rewrites the start of a number before it is dialled; the first rule that fits wins."""

    prefix: str
    """What the number begins with, e.g. "+49"."""
    strip: Annotated[int, Meta(ge=0)] = 0
    """How many characters to take from the front."""
    prepend: str = ""
    """What to put there instead, e.g. "00" for the outside line and a trunk zero."""


class CallSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The phone's own values for what a sheet, a task or the agent may set otherwise."""

    mode: Mode = "preview"
    """preview: dials on the agent's key; progressive: dials by itself after `preview`; manual: by hand only."""
    gap: Seconds = 5.0
    """Seconds between the end of a call and the next."""
    preview: Seconds = 5.0
    """Progressive mode: seconds for which the callee is shown before the call is placed."""
    wrap_up: Seconds = 30.0
    """Seconds after an answered call for the agent's word on it."""
    wrap_up_failed: Seconds = 5.0
    """Wrap-up after a call that was not answered; never longer than `wrap_up`."""
    ring_timeout: Seconds = 30.0
    """Seconds a callee's phone rings before we give up; never less than the rules' least."""
    answer_timeout: Seconds = 8.0
    """Our own limit for the first provisional response, instead of SIP's 32 s (RFC 3261 timer B)."""
    max_attempts: Annotated[int, Meta(ge=1)] = 5
    """Counted attempts after which a callee is given up."""
    window_policy: WindowPolicy = "prefer"
    """After a task's last planned window: prefer: dialled last; strict: dropped."""
    retry: dict[Outcome, RetryRule] = {}
    """Per outcome what becomes of the task, over the built-in policy (outcomes.md)."""
    rules: Rules = Rules()
    """Calling hours, holidays and caps, where neither task nor sheet has rules."""
    zone: str = ""
    """IANA zone of callees of whom neither task nor sheet says one; empty: unknown."""
    pause_reasons: tuple[Text, ...] = ()
    """Empty: the catalogue's own (break, lunch, training, …)."""


class NumberSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which numbers may be dialled from a sheet, and how they are written for the PBX."""

    emergency: tuple[str, ...] = ("110", "112", "119", "120", "122", "911", "999", "000")
    """Can be dialled by hand in every state; never from a sheet unless `allow_emergency`."""
    premium_prefixes: tuple[str, ...] = ("+1900", "+49900", "+44909", "+8616", "+979")
    """Beginnings of numbers that cost the caller."""
    short_code_digits: Annotated[int, Meta(ge=0)] = 6
    """A number with at most so many digits is a short code, unless it is in `extensions`."""
    extension_prefixes: tuple[str, ...] = ()
    """Short numbers that begin so are the PBX's own extensions."""
    allow_emergency: bool = False
    """Let sheets ring emergency numbers."""
    allow_premium: bool = False
    """Let sheets ring premium numbers."""
    allow_short: bool = False
    """Let sheets ring short codes."""
    dial_rules: tuple[DialRule, ...] = ()
    """How numbers are rewritten for the PBX; the first rule that fits wins."""


class PhoneTraits(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What this phone is, as far as the core must know."""

    id: str = "phone"
    """Names the phone in attempt ids and uploads; from the serial number unless set."""
    language: Language = "en"
    """Of the phone's own words."""
    keypad: Literal["4x4", "3x4"] = "4x4"
    """Which keypad is fitted."""
    zone: str = ""
    """IANA zone of the agent's own clock, for the time of day and for call-backs typed in; empty: the system's."""
    agent: str = ""
    """Not empty: the phone is bound to this agent and signs in by itself."""
    pin: str = ""
    """Of the agent the phone is bound to."""
    long_press: Seconds = 0.6
    """Seconds after which a key counts as held."""
    sleep_after: Seconds = 600.0
    """The display is dimmed after so long without a key, and sleeps after twice that."""
    auto_ready: bool = False
    """Begin to dial after sign-in without waiting for the agent's status key."""

    def __repr__(self) -> str:
        """Without the PIN: what is printed ends up in logs."""
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__ if name != "pin")
        return f"PhoneTraits({', '.join(f'{name}={value!r}' for name, value in shown)})"
