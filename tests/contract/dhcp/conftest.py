# SPDX-License-Identifier: GPL-3.0-or-later
"""Offices: one that many tests share, and one of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.dhcp.office import Office

RESOLVER = Path("/etc/resolv.conf")


@pytest.fixture(scope="session", autouse=True)
def _the_machines_own_resolver_stays() -> Iterator[None]:
    before = RESOLVER.read_bytes()
    yield
    assert RESOLVER.read_bytes() == before


@pytest.fixture(scope="session")
def shared_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def own_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Started with the options given."""
    base = tmp_path / "office"
    made: list[Office] = []

    def start(*options: str, dnsmasq: tuple[str, ...] = ()) -> Office:
        base.mkdir()
        made.append(Office(base))
        return made[0].start(*options, dnsmasq=dnsmasq)

    yield start
    for one in made:
        one.stop()
