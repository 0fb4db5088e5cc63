# SPDX-License-Identifier: GPL-3.0-or-later
"""The server where sheets come from."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from callsheet.console.probe import probe
from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "sheet"
PATIENCE = 10.0
"""Seconds to be answered."""
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "scp": 22}


def check(bench: Bench) -> Verdict:
    """Fetches the sheet of the agent the phone is bound to; without one it only sees whether the server answers."""
    settings = bench.settings
    link = urlsplit(settings.sheet.url)
    if not link.hostname:
        return bench.verdict(NAME, "skip", "sheet.none")
    if settings.phone.agent or ("{agent}" not in settings.sheet.url and settings.sheet.auth != "agent-pin"):
        found = probe(settings, bench.data)
        return bench.verdict(NAME, "pass" if found.ok else "fail", "sheet.works" if found.ok else "sheet.failed",
                             url=found.url, text=found.text)
    server = (link.hostname, link.port or _PORTS.get(link.scheme, 443))
    shown = f"{server[0]}:{server[1]}"
    try:
        socket.create_connection(server, PATIENCE).close()
    except OSError as error:
        return bench.verdict(NAME, "fail", "sheet.unreached", server=shown, reason=error.strerror or error)
    return bench.verdict(NAME, "pass", "sheet.reached", server=shown, why=bench.words("say.needs-hands"))
