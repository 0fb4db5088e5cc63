# SPDX-License-Identifier: GPL-3.0-or-later
"""`callsheet manager serve`: phones and page behind one address, from the command line."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from callsheet.formats.lease import LeaseRequest, write_lease
from callsheet.formats.sheet import read_sheet
from callsheet.manager.opened import open_manager
from callsheet.manager.phones.app import app
from callsheet.manager.serving import whole
from tests.manager.served import PINS, fill, serving
from tests.manager.web.page_server import Visit, add_users
from tests.support.running import ROOT

AUTH = ("101", PINS["101"])


@pytest.fixture
def folder(tmp_path: Path, database_url: str) -> Path:
    (tmp_path / "manager.toml").write_text(f'[database]\nurl = "{database_url}"\n[serve]\nlisten = "127.0.0.1:0"\n')
    manager = open_manager(tmp_path)
    fill(manager.database)
    manager.database.close()
    return tmp_path


def started(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "callsheet", "manager", "serve", "--folder", str(folder), *words], cwd=ROOT / "firmware",
        text=True, stdout=subprocess.PIPE, stderr=(folder / "server.log").open("w"))
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.startswith("serving "), (folder / "server.log").read_text()
    return child, line.split()[1]


def test_links_lead_back_to_where_the_sheet_came_from(folder: Path) -> None:
    child, url = started(folder)
    try:
        answer = requests.get(f"{url}phones/sheets/101.json", auth=AUTH, timeout=60)
        sheet = read_sheet(answer.content).sheet
        assert (sheet.upload, sheet.lease) == (f"{url}phones/results/101/", f"{url}phones/leases/101")
        request = LeaseRequest("callsheet-lease", 1, "claim", "101", "p1", sheet="spring", revision=1)
        assert requests.post(sheet.lease, write_lease(request), auth=AUTH, timeout=60).json()["granted"]
        assert requests.get(f"{url}sign-in", timeout=60).status_code == 200, "the page is there as well"
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0


def test_a_public_address_goes_before_what_the_request_says(folder: Path) -> None:
    path = folder / "manager.toml"
    path.write_text(path.read_text() + 'url = "https://calls.example.com"\n')
    manager = open_manager(folder)
    with serving(whole(manager)) as url:
        sheet = read_sheet(requests.get(f"{url}phones/sheets/101.json", auth=AUTH, timeout=60).content).sheet
    with serving(app(manager.database, manager.settings)) as url:
        alone = read_sheet(requests.get(f"{url}sheets/101.json", auth=AUTH, timeout=60).content).sheet
    manager.database.close()
    assert sheet.lease == "https://calls.example.com/phones/leases/101"
    assert alone.lease == "https://calls.example.com/leases/101"


def test_more_workers_only_where_the_database_can(folder: Path) -> None:
    postgres = "postgresql" in (folder / "manager.toml").read_text()
    if not postgres:
        refused = subprocess.run(
            [sys.executable, "-m", "callsheet", "manager", "serve", "--folder", str(folder), "--workers", "2"],
            cwd=ROOT / "firmware", capture_output=True, text=True, timeout=120, check=False)
        assert refused.returncode == 1
        assert "PostgreSQL" in refused.stderr
        return
    child, url = started(folder, "--workers", "2")
    try:
        codes = [requests.get(f"{url}phones/sheets/101.json", auth=AUTH, timeout=60).status_code for _ in range(8)]
        assert codes == [200] * 8
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_open_pages_end_with_the_server(folder: Path, workers: int) -> None:
    """They would wait for news for ever; the server must neither wait for them nor cut them off."""
    manager = open_manager(folder)
    if manager.database.is_sqlite:
        workers = 1
    add_users(manager.database)
    manager.database.close()
    child, url = started(folder, "--workers", str(workers))
    try:
        visit = Visit(url.rstrip("/"))
        assert visit.sign_in("mia").status_code == 200
        pages = [visit.get("/live/agents", stream=True) for _ in range(4)]
        lines = [page.iter_lines(decode_unicode=True) for page in pages]
        assert all(next(line) == "retry: 3000" for line in lines)
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0
    for line in lines:
        list(line)  # raises if it does not end well
    assert "Cancel" not in (folder / "server.log").read_text()
