# SPDX-License-Identifier: GPL-3.0-or-later
"""A town with short timers, and a raw phone beside it."""

import pytest

from callsheet.simulator.town import TownServer, parse_config
from tests.unit.town.rawphone import Dialog, RawPhone

QUICK = """
[registrar.users]
"101" = "secret"
[behaviours.answer]
ring = 0.05
"""


@pytest.fixture
def make_town(tmp_path):
    servers = []

    def make(text="", log=None, timers=""):
        clocks = f"[timers]\nt1 = 0.05\nt2 = 0.2\nt4 = 0.2\n{timers}\n"
        server = TownServer(parse_config(QUICK + clocks + text), log=log)
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def town(make_town):
    return make_town()


@pytest.fixture
def phone(town):
    with RawPhone(town.address) as raw:
        yield raw


@pytest.fixture
def call(phone):
    return lambda number: Dialog(phone, number)
