# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the SIP server know us?"""

from __future__ import annotations

import time

from callsheet.adapters.sip import PjSip
from callsheet.core.events import AnyEvent, RegistrationChanged
from callsheet.ports import SipError
from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "sip"
PATIENCE = 15.0
"""Seconds to be registered."""


def check(bench: Bench) -> Verdict:
    """Registers, and takes the registration back."""
    sip = bench.settings.sip
    if not sip.server:
        return bench.verdict(NAME, "fail", "sip.none")
    if not sip.register:
        return bench.verdict(NAME, "skip", "sip.off")
    if bench.phone is not None:
        if bench.phone.get("registered"):
            return bench.verdict(NAME, "pass", "sip.works", server=sip.server)
        return bench.verdict(NAME, "fail", "sip.refused", server=sip.server, reason=bench.phone.get("registration", ""))
    return _register(bench)


def _register(bench: Bench) -> Verdict:
    server = bench.settings.sip.server
    seen: list[RegistrationChanged] = []

    def post(event: AnyEvent) -> None:
        if isinstance(event, RegistrationChanged):
            seen.append(event)

    stack = PjSip(bench.settings.sip, bench.settings.audio, bench.settings.numbers, 0)
    try:
        stack.start(post)
        until = time.monotonic() + PATIENCE
        while not (seen and seen[-1].registered) and time.monotonic() < until:
            stack.poll(0.1)
            if seen and 400 <= seen[-1].code < 500 and seen[-1].code != 408:
                break
    except SipError as error:
        return Verdict(NAME, "fail", str(error))
    finally:
        stack.close()
    if seen and seen[-1].registered:
        return bench.verdict(NAME, "pass", "sip.works", server=server)
    if seen and seen[-1].code:
        return bench.verdict(NAME, "fail", "sip.refused", server=server, reason=f"{seen[-1].code} {seen[-1].phrase}")
    return bench.verdict(NAME, "fail", "sip.silent", server=server)
