# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's page with 1,000 agents on it: what the server takes, and when somebody at Chromium sees it."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Sample
from tests.bench.process import cpu_seconds
from tests.browser.manager.visit import Visit as Browsing
from tests.manager.web.measure import served_day
from tests.manager.web.page_server import Visit

AGENTS, TASKS = 1_000, 20
"""Tasks: of each agent."""
PAGES = {"/": "agents, live", "/work": "work to hand on", "/problems": "problems", "/lists": "lists"}
STYLE = Path(__file__).resolve().parents[2] / "firmware/callsheet/manager/web/static/app.css"
TARGET = "≤ 300 ms"
TIMES = """() => new Promise((done) => setTimeout(() => done([
  performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  performance.getEntriesByType("navigation")[0].loadEventEnd]), 200))"""


def measure(bench: Bench) -> list[Figure]:
    """A server process of its own on loopback, on SQLite; Chromium on the same machine."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is not installed")
    folder = bench.place("page")
    folder.mkdir()
    bench.say(f"{AGENTS:,} agents with {TASKS} tasks each")
    with served_day(f"sqlite:///{folder}/day.db", AGENTS, TASKS) as (address, process):
        return [*_served(address, process, bench.count(30, 8)),
                *_seen(address, folder, chromium, bench.count(15, 5))]


def _served(address: str, process: int, times: int) -> list[Figure]:
    """From request to last byte, one after the other."""
    visit = Visit(address)
    visit.sign_in("mia")
    found = []
    for path, what in PAGES.items():
        took, before = [], cpu_seconds(process)
        for _ in range(times):
            began = time.perf_counter()
            answer = visit.get(path)
            took.append(1000 * (time.perf_counter() - began))
            time.sleep(0.1)
        used = 1000 * (cpu_seconds(process) - before) / times
        found.append(Figure(f"page-server{path.replace('/', '-').rstrip('-')}", f"page of {what}, {AGENTS:,} agents: served", "ms",
                            Sample.of(took), {}, TARGET, f"CPU {used:.0f} ms, {len(answer.content) // 1024} KiB unpacked"))
    return found


def _seen(address: str, folder: Path, chromium: str, times: int) -> list[Figure]:
    """First paint and load event; the peer is the same document with its style from a file, without server and scripts."""
    found = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        visit = Visit(address)
        visit.sign_in("mia")
        who = Browsing(opened, address).sign_in()
        for path in ("/", "/work"):
            plain = folder / f"page{path.replace('/', '-')}.html"
            plain.write_text(_plain(visit.get(path).text))
            name = f"page-seen{path.replace('/', '-').rstrip('-')}"
            ours = _times(who.tab, address + path, times)
            bare = _times(opened.new_page(), plain.as_uri(), times)
            for index, moment in enumerate(("first paint", "load event")):
                peer = {"the document alone": Sample.of([one[index] for one in bare])}
                found.append(Figure(f"{name}-{moment.replace(' ', '-')}", f"page of {PAGES[path]}, {AGENTS:,} agents: {moment}",
                                    "ms", Sample.of([one[index] for one in ours]), peer, TARGET,
                                    f"Chromium, without GPU; median of {times}"))
        opened.close()
    return found


def _plain(html: str) -> str:
    """Without scripts, its style inside."""
    html = re.sub(r"<script[^>]*></script>", "", html)
    return re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{STYLE.read_text()}</style>", html)


def _times(tab: Any, url: str, times: int) -> list[list[float]]:
    """Milliseconds from the beginning of the navigation; the first visit, which fetches scripts and style, is left out."""
    found: list[list[float]] = []
    for _ in range(times + 1):
        tab.goto(url)
        found.append(tab.evaluate(TIMES))
    return found[1:]
