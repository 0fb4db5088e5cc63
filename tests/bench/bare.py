# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer: pjsua2 in Python with its defaults and nothing around it, registered.

python -m tests.bench.bare HOST:PORT is the peer itself.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.callee import Callee


class Bare:
    """Registered at the callee's registrar. Use as a context manager."""

    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self.started = 0.0

    def __enter__(self) -> Bare:
        before = len(self._callee.registrations)
        self.started = time.time()
        self._child = subprocess.Popen([sys.executable, __file__, self._callee.address], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        try:
            self._callee.wait(lambda: len(self._callee.registrations) > before, 15)
        except TimeoutError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid


def main(server: str) -> None:
    """What pjsua2's own Python example does, and no more."""
    import pjsua2 as pj

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, pj.TransportConfig())
    endpoint.libStart()
    account = pj.Account()
    settings = pj.AccountConfig()
    settings.idUri = f"sip:103@{server}"
    settings.regConfig.registrarUri = f"sip:{server}"
    account.create(settings)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
