# SPDX-License-Identifier: GPL-3.0-or-later
"""The first start of a new version: good once the phone is registered and its self-test passes, else taken back.

Registered counts where the settings name an account. A check that failed before the
update already does not count against it, nor does a headset that is not plugged in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from callsheet.adapters.control import NoPhone, Refused
from callsheet.ports import PortError
from callsheet.update.check import ALWAYS, HEADSET, CheckTrouble, Selftest
from callsheet.update.record import Record

log = logging.getLogger("callsheet.update")

PATIENCE = 600.0
"""Seconds within which it must be registered and sound: a slow network, a slow PBX, a headset's start included."""
STEP = 3.0
_IN_CALL = ("dialling", "ringing", "talking", "incoming")


class Asks(Protocol):
    """A phone that can be asked."""

    def ask(self, question: str, **more: Any) -> Any:
        """The answer. Raises NoPhone, Refused."""


class Trial:
    """Decides about the version that runs."""

    def __init__(self, phone: Asks, system: Callable[..., dict[str, Any]], config: Path, selftest: Selftest, account: bool, *,
                 patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        """`system`: as privileged.ask_system; `account`: the settings name a server to register with."""
        self._phone, self._system, self._config, self._selftest, self._account = phone, system, config, selftest, account
        self._patience, self._clock, self._sleep = patience, clock, sleep

    def run(self, last: Record) -> bool:
        """Wait, decide, and have it done; True: it stays. Raises SystemTrouble if the system does not do it."""
        reason = self._reason(last)
        if not reason:
            self._system("update-settle", good=True, reason="")
            return True
        log.warning("this version is taken back: %s", reason)
        self._system("update-settle", good=False, reason=reason)
        self._wait_for_the_end_of_a_call()
        self._system("reboot")
        return False

    def _reason(self, last: Record) -> str:
        """Why it is not good; empty: it is."""
        until, reason = self._clock() + self._patience, "the phone does not run"
        while self._clock() < until:
            reason = self._look(last)
            if not reason:
                return ""
            self._sleep(STEP)
        return reason

    def _look(self, last: Record) -> str:
        try:
            status = self._phone.ask("status")
        except (NoPhone, Refused):
            return "the phone does not run"
        if self._account and not status.get("registered"):
            return f"the phone is not registered ({status.get('registration') or 'no answer'})"
        names = ALWAYS + (HEADSET if status.get("headset") else ())
        try:
            failed = [name for name in self._selftest(self._config, names) if name not in last.failing]
        except CheckTrouble as trouble:
            return str(trouble)
        return f"the self-test fails: {', '.join(failed)}" if failed else ""

    def _wait_for_the_end_of_a_call(self) -> None:
        for _ in range(int(3600 / STEP)):
            try:
                if self._phone.ask("status").get("activity") not in _IN_CALL:
                    return
            except (PortError, Refused):
                return
            self._sleep(STEP)
