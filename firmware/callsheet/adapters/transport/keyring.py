# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of agents: in memory, for as long as something of theirs waits, and nowhere else."""

from __future__ import annotations

import threading


class Keyring:
    """PINs by agent. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pins: dict[str, str] = {}
        self._present = ""

    def sign_in(self, agent: str, pin: str) -> None:
        """The agent is here; an empty PIN does not replace a known one."""
        with self._guard:
            self._present = agent
            if pin:
                self._pins[agent] = pin

    def sign_out(self) -> None:
        """Nobody is here any more."""
        with self._guard:
            self._present = ""

    def pin(self, agent: str) -> str:
        """The agent's PIN; empty: not known."""
        with self._guard:
            return self._pins.get(agent, "")

    def leaving(self) -> set[str]:
        """Those who are not here any more. Ask before looking at what waits: their last upload came before they left."""
        with self._guard:
            return set(self._pins) - {self._present}

    def forget(self, agents: set[str]) -> None:
        """Forget these, but for one who has come back."""
        with self._guard:
            for agent in agents - {self._present}:
                self._pins.pop(agent, None)
