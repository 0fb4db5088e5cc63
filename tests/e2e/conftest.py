# SPDX-License-Identifier: GPL-3.0-or-later
"""A workplace for a running phone, and a town it can call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.simulator.town import TownServer
from callsheet.simulator.town.config import build_config
from tests.support.workplace import AGENT, Workplace

pytest.importorskip("pjsua2")


def town_of(log: Path, **changes: Any) -> TownServer:
    """A town in which nobody has a number yet; not started."""
    config = build_config({"registrar": {"users": {AGENT: f"secret-{AGENT}"}}, **changes})
    return TownServer(config, log=log)


@pytest.fixture
def start_town(tmp_path: Path) -> Iterator[Callable[..., TownServer]]:
    """With a registrar of its own; `changes` go into its file."""
    made: list[TownServer] = []

    def start(**changes: Any) -> TownServer:
        made.append(town_of(tmp_path / f"town-{len(made)}.jsonl", **changes))
        made[-1].start()
        return made[-1]

    yield start
    for town in made:
        town.stop()


@pytest.fixture
def place(tmp_path: Path, start_town: Callable[..., TownServer]) -> Iterator[Workplace]:
    """Closed before the town is, so that phones can take their leave."""
    with Workplace(tmp_path / "place") as made:
        yield made


@pytest.fixture
def town(start_town: Callable[..., TownServer]) -> TownServer:
    return start_town()


def address(town: TownServer) -> str:
    """host:port."""
    host, port = town.address
    return f"{host}:{port}"
