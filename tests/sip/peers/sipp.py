# SPDX-License-Identifier: GPL-3.0-or-later
"""SIPp as a callee."""

from __future__ import annotations

from pathlib import Path

from tests.sip.peers.process import LOOPBACK, Process, free_port, program, udp_bound
from tests.sip.peers.scenario import Scenario


class Sipp(Process):
    """A callee that plays its scenario once for each of `calls` calls, then ends with status 0."""

    def __init__(self, scenario: Scenario | Path, folder: Path, *, calls: int = 1, echo: bool = False,
                 transport: str = "u1", port: int = 0, extra: tuple[str, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        file = scenario.write(folder / f"callee-{self.port}.xml") if isinstance(scenario, Scenario) else scenario
        self.messages = folder / f"sipp-{self.port}.messages"
        command = [program("sipp"), "-sf", str(file), "-i", LOOPBACK, "-p", str(self.port),
                   "-mi", LOOPBACK, "-mp", str(free_port(4)), "-m", str(calls), "-t", transport, "-nostdin",
                   "-timeout", "60", "-recv_timeout", "30000", "-trace_err", "-trace_msg",
                   "-message_file", str(self.messages), *(["-rtp_echo"] if echo else []), *extra]
        super().__init__(command, folder, f"sipp-{self.port}")
        if transport == "u1":
            self.wait_for(lambda: udp_bound(self.port))
        else:
            self.wait_for(lambda: str(self.port) in self.output() or self.messages.exists())

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self.port}"

    def trace(self) -> str:
        """All messages sent and received so far."""
        return self.messages.read_text(errors="replace") if self.messages.exists() else ""
