# SPDX-License-Identifier: GPL-3.0-or-later
"""The image, built once, and one phone that boots it for all tests of a session.

As in tests/vm these run only when somebody names their folder (`scripts/test tests/image`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap import say
from bootstrap.paths import ROOT
from tests.image import card
from tests.image.card import Card, sha256
from tests.image.desk import Desk, provisioning
from tests.image.machine import Phone
from tests.support import when_named
from tests.vm import machine
from tests.vm.channel import GuestError
from tests.vm.network import Cable, Office

HERE = Path(__file__).parent
PATIENCE = 2700
"""Seconds; the first test waits for the image to be built."""
BUILD = 2400.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "image: boots the SD-card image in QEMU")
    config.addinivalue_line("markers", "nightly: takes many boots; not part of every run")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return when_named.ignored(HERE, config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("image")
            item.add_marker(pytest.mark.xdist_group("vm"))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(PATIENCE))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if HERE not in item.path.parents:
        return
    if os.geteuid():
        pytest.skip("root is needed, for a network cable and a build tree")
    lacking = [*machine.lacking(), *(name for name in (*card.TOOLS, "dnsmasq") if shutil.which(name) is None)]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)} (groups vm and test of scripts/lib/debian-packages)")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("image")


@pytest.fixture(scope="session")
def image(folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The released image: CALLSHEET_IMAGE, or built from this checkout. No test may change a byte of it."""
    if named := os.environ.get("CALLSHEET_IMAGE"):
        path = Path(named).resolve()
    else:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            say.step("")
            built = subprocess.run([ROOT / "image/build", "--raw", "--json", "--out", folder / "image"],
                                   stdout=subprocess.PIPE, text=True, timeout=BUILD, check=True)
        path = Path(json.loads(built.stdout.splitlines()[-1])["image"])
    before = sha256(path)
    yield path
    assert sha256(path) == before, "the image was written to"


@pytest.fixture(scope="session")
def cable(folder: Path) -> Iterator[Cable]:
    made = Cable().plug()
    office = Office(made, folder / "office").open()
    yield made
    office.close()
    made.unplug()


@pytest.fixture(scope="module")
def desk(folder: Path, cable: Cable, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Callees, file server and an agent who sits at the phone that was switched on last."""
    with Desk(cable, folder / request.module.__name__.rpartition(".")[2]) as made:
        yield made


@pytest.fixture(scope="module")
def phone(image: Path, cable: Cable, desk: Desk, request: pytest.FixtureRequest) -> Iterator[Phone]:
    """Switched on for the first time, with a technician's file on its card."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    flashed = Card(image, desk.folder / "phone")
    flashed.put("callsheet.toml", provisioning(desk).encode())
    made = Phone(desk.folder / "phone", flashed, cable=cable)
    # Who waits for minutes wants to see what for.
    with capture.global_and_fixture_disabled():
        say.step("")
        made.boot()
    try:
        desk.sit_down(made)
        yield made
    finally:
        keep_journal(made)
        made.kill()


def keep_journal(phone: Phone) -> None:
    """In the machine's folder, for whoever has to find out why."""
    try:
        (phone.folder / "journal.txt").write_text(phone.run("journalctl", "--boot", "--no-pager").out)
    except GuestError as error:
        (phone.folder / "journal.txt").write_text(str(error))
