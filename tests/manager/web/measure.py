# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agents' page costs: python -m tests.manager.web.measure [--agents 1000] [--tasks 20] [--watchers 50] [--database URL]

A server process of its own on loopback with a believable day; Chromium on the same machine. The server's
processor time is its own clock. Watchers are plain sockets; while they watch, 17 phones change every second,
as 1,000 phones that report once a minute do. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url, select

from callsheet.manager.storage.database import open_database
from callsheet.manager.storage.tables import Phone
from tests.manager.believable import Day
from tests.manager.web.page_server import Visit, add_users, serving

CHANGES = 17
"""Phones that say something new, per second."""
SECONDS = 20


def serve(url: str) -> None:
    """In a process of its own, until standard input closes."""
    database = open_database(url)
    with serving(database) as address:
        print(address, flush=True)
        sys.stdin.read()


def cpu(process: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pages(address: str, process: int, times: int = 20) -> None:
    visit = Visit(address)
    visit.sign_in("mia")
    begun = time.perf_counter()
    visit.get("/")
    print(f"agents' page again within the second: {1000 * (time.perf_counter() - begun):.0f} ms")
    for path in ("/", "/problems", "/lists", "/work"):
        took, before = [], cpu(process)
        for _ in range(times):
            begun = time.perf_counter()
            answer = visit.get(path)
            took.append(1000 * (time.perf_counter() - begun))
        used = 1000 * (cpu(process) - before) / times
        print(f"GET {path:10} median {statistics.median(took):6.0f} ms, longest {max(took):6.0f} ms, "
              f"processor {used:5.0f} ms, {len(answer.content) / 1024:6.0f} KiB, "
              f"{int(answer.headers.get('content-length', 0)) / 1024:5.0f} KiB compressed")


def browser(address: str) -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.manager.visit import Visit as Browsing

    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed: its load event is not measured")
        return
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        who = Browsing(opened, address).sign_in()
        loads = []
        for _ in range(5):
            who.open("/")
            loads.append(who.tab.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd"))
        print(f"Chromium's load event: median {statistics.median(loads):.0f} ms")
        opened.close()


async def watch(address: str, cookie: str, until: float) -> int:
    """One watcher; how many bytes came."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /live/agents HTTP/1.1\r\nHost: {host}\r\nCookie: callsheet={cookie}\r\n\r\n".encode())
    total = 0
    while (left := until - time.monotonic()) > 0:
        try:
            some = await asyncio.wait_for(reader.read(65536), left)
        except TimeoutError:
            break
        total += len(some)
    writer.close()
    return total


def change(url: str, until: float) -> None:
    """Phones talk, one after the other."""
    database = open_database(url)
    with database.read() as db:
        ids = list(db.scalars(select(Phone.id).order_by(Phone.id)))
    turn = 0
    while time.monotonic() < until:
        with database.write() as db:
            for number in range(CHANGES):
                phone = db.get_one(Phone, ids[(turn * CHANGES + number) % len(ids)])
                now = datetime.now(UTC)
                phone.heard = now
                phone.status = {**phone.status, "at": now.isoformat(), "work": "paused" if turn % 2 else "ready",
                                "since": now.isoformat(), "activity": "idle", "reason": ""}
        turn += 1
        time.sleep(max(0.0, min(1.0, until - time.monotonic())))
    database.close()


async def streams(address: str, url: str, process: int, watchers: int) -> None:
    visit = Visit(address)
    visit.sign_in("mia")
    cookie = visit.http.cookies["callsheet"]
    until = time.monotonic() + SECONDS
    before = cpu(process)
    talk = asyncio.to_thread(change, url, until)
    totals = await asyncio.gather(talk, *(watch(address, cookie, until) for _ in range(watchers)))
    used = 100 * (cpu(process) - before) / SECONDS
    shown = sum(totals[1:]) / max(1, watchers) / SECONDS / 1024
    print(f"{watchers:4} watchers: server {used:5.1f} % of a core, {shown:6.1f} KiB/s each")


@contextmanager
def served_day(url: str, agents: int, tasks: int) -> Iterator[tuple[str, int]]:
    """A day filled into a fresh database, and a server process of its own for it: the page's address, the process's id."""
    database = open_database(url, check=False)
    database.upgrade()
    add_users(database)
    Day(database, agents=agents, tasks=tasks).fill()
    database.close()
    child = subprocess.Popen([sys.executable, "-m", "tests.manager.web.measure", "--serve", url],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip(), child.pid
    finally:
        child.communicate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=20, help="per agent")
    parser.add_argument("--watchers", type=int, default=50)
    parser.add_argument("--database", default="", help="of a fresh one; default: SQLite in a temporary folder")
    parser.add_argument("--serve", default="")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/day.db"
        with served_day(url, options.agents, options.tasks) as (address, process):
            print(f"{make_url(url).get_backend_name()}, {options.agents} agents, {options.tasks * options.agents} tasks")
            pages(address, process)
            browser(address)
            for watchers in (0, 1, options.watchers):
                asyncio.run(streams(address, url, process, watchers))


if __name__ == "__main__":
    main()
