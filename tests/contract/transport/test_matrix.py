# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers × cases. Each cell is one test, against a server of its own; `--matrix` writes them as a table.

A phone's store and transport do the work, so that what is seen is what an agent
would be told. No cell may put a password into a log or an error.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callsheet.adapters.transport import stamps
from callsheet.core.events import OutboxChanged, SheetArrived, SheetFailed, SheetUnchanged
from callsheet.formats.settings import SheetSettings
from tests.contract.transport import cells
from tests.contract.transport.conftest import Certificates
from tests.contract.transport.daemons import SERVERS, Server, Site, listing
from tests.contract.transport.phones import Desk, document, sheet_file
from tests.contract.transport.proxy import NEAR
from tests.contract.transport.room import PASSWORD

BIG = 400_000
"""Bytes; more than any buffer on the way holds back."""
TASKS = 4000
NO_PUT = "no PUT"
RESULT = document(1)


class Cell:
    """One server, one phone, and what they must say to each other."""

    def __init__(self, site: Site, phone: Callable[[SheetSettings], Desk], stranger: Certificates) -> None:
        self.site = site
        self.server = site.server
        self.stranger = stranger
        self.start_phone = phone
        self.desk: Desk

    def phone(self, file: str = "sheet.json", folder: str = "up/", **fields: object) -> Desk:
        """Also a restart with other settings."""
        self.desk = self.start_phone(self.site.settings(file, folder, **fields))
        self.desk.sign_in()
        return self.desk

    def failed(self, kind: str, *words: str) -> None:
        """A look for the sheet fails like this."""
        answer = self.desk.fetch()
        assert isinstance(answer, SheetFailed)
        assert (answer.kind, [word for word in words if word not in answer.reason]) == (kind, []), answer.reason

    def arrived(self, revision: int = 1) -> None:
        answer = self.desk.fetch()
        assert isinstance(answer, SheetArrived)
        assert answer.sheet.revision == revision
        self.desk.adopt(answer.sheet)

    def waits(self, error: str) -> None:
        """One upload waits, for this reason."""
        told = self.desk.wait_outbox(1)
        while not told.error:
            told = self.desk.wait(OutboxChanged)
        assert error in told.error

    def absent(self, folder: Path, body: bytes = b"") -> None:
        """Nothing that a reader would take for a whole file, in the way the table of guarantees says."""
        names = listing(folder)
        assert f"{RESULT.name}.sha256" not in names
        if RESULT.name in names:
            assert self.server.name == "openssh-scp-legacy"
            partial = (folder / RESULT.name).read_bytes()
            assert len(partial) < len(body) and body.startswith(partial)

    def delivered(self, folder: Path, body: bytes) -> None:
        """Whole, under its name, and nothing else beside it."""
        self.desk.wait_outbox(0)
        names = [RESULT.name]
        if self.server.name == "openssh-scp-legacy":
            names.append(f"{RESULT.name}.sha256")
            seal = (folder / names[1]).read_text()
            assert seal == f"{hashlib.sha256(body).hexdigest()}  {RESULT.name}\n"
        # nginx leaves its own temporary copy behind when the disk is full: NAME.0000000001.
        left = [name for name in listing(folder) if not re.search(r"filler|\.json\.\d{10}$", name)]
        assert left == names
        assert (folder / RESULT.name).read_bytes() == body


def success(cell: Cell) -> None:
    cell.phone()
    cell.arrived()
    cell.desk.upload(RESULT)
    if cell.server.puts:
        cell.delivered(cell.site.room.home / "up", RESULT.body)
    else:
        cell.waits(NO_PUT)
        assert listing(cell.site.room.home / "up") == []


def unchanged(cell: Cell) -> None:
    cell.phone()
    cell.arrived()
    # Where only seconds are known, the second look still reads the file.
    assert isinstance(cell.desk.fetch(), SheetUnchanged)
    before = cell.site.proxy.carried["down"]
    assert isinstance(cell.desk.fetch(), SheetUnchanged)
    assert cell.site.proxy.carried["down"] - before < len(sheet_file(tasks=TASKS)) / 4


def revised(cell: Cell) -> None:
    cell.phone()
    cell.arrived()
    assert isinstance(cell.desk.fetch(), SheetUnchanged)
    assert isinstance(cell.desk.fetch(), SheetUnchanged)
    first, second = sheet_file(tasks=TASKS), sheet_file(2, tasks=TASKS)
    assert len(first) == len(second)
    cell.site.room.write("sheet.json", second, mtime=1_700_000_001.0)
    cell.arrived(2)


def wrong_password(cell: Cell) -> None:
    cell.phone(password=PASSWORD + "-wrong")
    cell.failed("credentials", "does not accept user or password")
    cell.desk.upload(RESULT)
    cell.waits("does not accept user or password")
    assert listing(cell.site.room.home / "up") == []


def missing_file(cell: Cell) -> None:
    cell.phone("nothing.json", "nowhere/")
    cell.failed("missing", "there is no file at the link")
    cell.desk.upload(RESULT)
    cell.waits(refusal(cell, "the folder for uploads does not exist"))
    assert "nowhere" not in listing(cell.site.room.home)


def no_permission(cell: Cell) -> None:
    cell.site.room.write("secret.json", sheet_file(), mode=0)
    cell.phone("secret.json", "closed/")
    cell.failed("credentials", "does not permit it")
    cell.desk.upload(RESULT)
    cell.waits("does not permit it")
    assert listing(cell.site.room.home / "closed") == []


def full_disk(cell: Cell) -> None:
    result = document(1, size=BIG)
    cell.site.room.fill_disk()
    cell.phone(folder="full/", read_timeout=2.0)
    cell.desk.upload(result)
    # pyftpdlib 1.5.7 meets the fault while it closes the file, and then never answers.
    cell.waits(refusal(cell, "in time" if cell.server.name.startswith("pyftpdlib") else "disk"))
    if not cell.server.puts:
        return
    cell.absent(cell.site.room.full, result.body)
    cell.site.room.clear_disk()
    cell.desk.transport.flush()
    cell.delivered(cell.site.room.full, result.body)


def bad_identity(cell: Cell) -> None:
    """A stranger's certificate, another host key; without TLS, a server that cannot do what a link demands."""
    if cell.server.ssh:
        old = cell.site.fingerprint()
        cell.site.new_host_key()
        cell.site.restart()
        cell.phone()
        words = ["has changed", cell.site.fingerprint(), old]
        cell.failed("certificate", *words)
        (cell.site.room.base / "known").unlink()
        cell.phone()
        words = ["is not known", cell.site.fingerprint()]
    elif cell.server.secure:
        cell.site.certificate = cell.stranger.issue(f"{cell.server.name}-stranger", "localhost", NEAR)
        cell.site.restart()
        cell.phone()
        words = ["certificate", "not accepted"]
    else:
        explicit = {key: cell.site.link(path).replace("ftp:", "ftpes:") for key, path in
                    (("url", "sheet.json"), ("upload", "up/"))}
        cell.phone(**explicit)
        words = ["offers no TLS"]
    cell.failed("certificate", *words)
    cell.desk.upload(RESULT)
    cell.waits(words[-1])
    assert listing(cell.site.room.home / "up") == []


def stall(cell: Cell) -> None:
    result = document(1, size=BIG)
    cell.phone(read_timeout=1.0)
    cell.site.proxy.stall("down", 60_000)
    cell.failed("unreachable", "in time")
    assert cell.site.proxy.befell
    cell.site.proxy.heal()
    cell.arrived()
    cell.site.proxy.stall("up", 60_000)
    cell.desk.upload(result)
    cell.waits("in time" if cell.server.puts else "")
    cell.absent(cell.site.room.home / "up", result.body)
    cell.site.proxy.heal()
    finish(cell, result.body)


def cut_upload(cell: Cell) -> None:
    result = document(1, size=BIG)
    cell.phone()
    cell.site.proxy.cut("up", 150_000)
    cell.desk.upload(result)
    cell.waits("")
    assert cell.site.proxy.befell or not cell.server.puts
    cell.absent(cell.site.room.home / "up", result.body)
    cell.site.proxy.heal()
    finish(cell, result.body)


def restarted(cell: Cell) -> None:
    cell.phone()
    cell.arrived()
    cell.site.room.stop()
    cell.desk.upload(RESULT)
    cell.waits("")
    cell.failed("unreachable")
    assert listing(cell.site.room.home / "up") == []
    cell.site.start()
    finish(cell, RESULT.body)
    assert isinstance(cell.desk.fetch(), SheetUnchanged)


def refusal(cell: Cell, usual: str) -> str:
    """nginx answers 500 where RFC 9110 has 409 and RFC 4918 507."""
    if cell.server.scheme == "https":
        return "HTTP 500" if cell.server.puts else NO_PUT
    return usual


def finish(cell: Cell, body: bytes) -> None:
    """All is well again: what waited is delivered, but by a server that takes nothing."""
    if cell.server.puts:
        cell.delivered(cell.site.room.home / "up", body)
    else:
        cell.desk.wait_outbox(1, NO_PUT)


CASES = (success, unchanged, revised, wrong_password, missing_file, no_permission, full_disk, bad_identity, stall,
         cut_upload, restarted)


def test_table_has_every_case() -> None:
    assert tuple(case.__name__.replace("_", "-") for case in CASES) == cells.CASES


@pytest.fixture
def cell(
    request: pytest.FixtureRequest, office: Certificates, stranger: Certificates,
    desk: Callable[[SheetSettings], Desk], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> Iterator[Cell]:
    server: Server = request.param
    # Looks are a minute apart.
    ticks = itertools.count(1_800_000_000, 60)
    monkeypatch.setattr(stamps, "now", lambda: float(next(ticks)))
    caplog.set_level(logging.DEBUG)
    site = Site(server, office.issue(server.name, "localhost", NEAR), office.ca_file)
    try:
        site.start()
        site.room.write("sheet.json", sheet_file(tasks=TASKS))
        made = Cell(site, desk, stranger)
        yield made
        said = caplog.text + repr(made.desk.seen)
        assert made.desk.seen
        assert PASSWORD not in said
    finally:
        site.leave()


@pytest.mark.parametrize(
    ("cell", "case"),
    [pytest.param(server, case, id=f"{server.name}-{case.__name__.replace('_', '-')}")
     for server in SERVERS for case in CASES],
    indirect=["cell"],
)
def test_matrix(cell: Cell, case: Callable[[Cell], None]) -> None:
    case(cell)
