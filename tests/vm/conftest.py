# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine for all tests of a session, booted when the first of them asks for it.

These tests run only when they are asked for by their folder (`scripts/test tests/vm`): an
emulated processor wants the machine to itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import say
from tests.support import when_named
from tests.vm import machine
from tests.vm.handset import Handset
from tests.vm.machine import Machine
from tests.vm.network import Cable

HERE = Path(__file__).parent
PATIENCE = 1500
"""Seconds; the first test waits for everything to be built."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "vm: boots an arm64 machine in QEMU, on simulated pins")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return when_named.ignored(HERE, config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("vm")
            item.add_marker(pytest.mark.xdist_group("vm"))
            item.add_marker(pytest.mark.timeout(PATIENCE))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if HERE not in item.path.parents:
        return
    if os.geteuid():
        pytest.skip("root is needed, for a network cable and a build tree")
    if lacking := machine.lacking():
        pytest.skip(f"not installed: {', '.join(lacking)} (group vm of scripts/lib/debian-packages)")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vm")


@pytest.fixture(scope="session")
def cable() -> Iterator[Cable]:
    made = Cable().plug()
    yield made
    made.unplug()


@pytest.fixture(scope="session")
def guest(folder: Path, cable: Cable, request: pytest.FixtureRequest) -> Iterator[Machine]:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    made = Machine(folder / "machine", cable=cable)
    # Who waits for minutes wants to see what for.
    with capture.global_and_fixture_disabled():
        say.step("")
        made.boot()
    yield made
    made.kill()


@pytest.fixture(scope="session")
def handset(guest: Machine) -> Handset:
    return Handset(guest)
