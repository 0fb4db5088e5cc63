# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers, certificates and phones for the contract tests of transport."""

from __future__ import annotations

import datetime
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from callsheet.formats.settings import SheetSettings
from tests.contract.transport.cells import table
from tests.contract.transport.phones import Desk
from tests.contract.transport.servers import FaultServer, Nginx

ROOT = Path(__file__).parents[3]
MATRIX_CELL = re.compile(r"test_matrix\.py::test_matrix\[(.+)\]$")
_cells: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--matrix", action="store_true", help="write the matrix servers × cases to build/transport-matrix.md")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if (cell := MATRIX_CELL.search(report.nodeid)) and (report.when == "call" or report.outcome != "passed"):
        _cells[cell[1]] = report.outcome


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, from the outcomes of this run and nothing else."""
    if not config.getoption("--matrix"):
        return
    text = table(_cells)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "transport-matrix.md").write_text(text)
    terminalreporter.section("transport matrix")
    terminalreporter.write(text)


@dataclass
class Certificates:
    """A private CA as a small office has it, and what it signed."""

    ca: trustme.CA
    ca_file: Path
    folder: Path

    def issue(self, name: str, *identities: str, expired: bool = False) -> Path:
        """Key and certificate in one PEM file."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        leaf = self.ca.issue_cert(*identities or ("localhost", "127.0.0.1"), not_after=past if expired else None)
        path = self.folder / f"{name}.pem"
        leaf.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def context(self, name: str, *identities: str, expired: bool = False) -> ssl.SSLContext:
        """For a server."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.issue(name, *identities, expired=expired))
        return made


def _authority(folder: Path) -> Certificates:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return Certificates(ca, folder / "ca.pem", folder)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return _authority(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Another CA."""
    return _authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer().start()
    yield made
    made.stop()


@pytest.fixture
def start_server() -> Iterator[Callable[..., FaultServer]]:
    """More than one, or with TLS."""
    made: list[FaultServer] = []

    def start(context: ssl.SSLContext | None = None) -> FaultServer:
        made.append(FaultServer(context).start())
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    base = tmp_path / "nginx"
    base.mkdir()
    made = Nginx(base).start()
    yield made
    made.stop()


@pytest.fixture
def secure_nginx(tmp_path: Path, office: Certificates) -> Iterator[Nginx]:
    base = tmp_path / "nginx-tls"
    base.mkdir()
    made = Nginx(base, office.issue("nginx")).start()
    yield made
    made.stop()


@pytest.fixture
def settings() -> Callable[..., SheetSettings]:
    """Settings with time-outs for impatient tests."""

    def make(**fields: object) -> SheetSettings:
        quick = {"connect_timeout": 5.0, "read_timeout": 5.0, "total_timeout": 20.0, "retry_min": 0.05, "retry_max": 0.2}
        return SheetSettings(**{**quick, **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[[SheetSettings], Desk]]:
    """A phone's store and transport; calling it again is a restart."""
    made: list[Desk] = []

    def start(of: SheetSettings) -> Desk:
        for old in made:
            old.close()
        made.append(Desk(tmp_path / "data", of))
        return made[-1]

    yield start
    for one in made:
        one.close()
