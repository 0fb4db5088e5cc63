# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager under 10,000 phones: polls, lease renewals and results, on PostgreSQL with two workers."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import insert, text

from callsheet.manager.storage import tables
from callsheet.manager.storage.database import open_database
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Sample
from tests.bench.manager_load import TASKS
from tests.bench.process import tree_cpu_seconds
from tests.manager.postgres import PostgresServer, binaries

PHONES, RENEW, POLL, UPLOADS = 10_000, 60.0, 300.0, 12.0
"""Phones; seconds between renewals, and between looks for a new sheet (both as phones are set); results a second."""
LEASE = 600.0
WORKERS = 2
ROOT = Path(__file__).resolve().parents[2]
WHAT = {"lease": "lease renewal with status", "poll": "poll of a sheet that has not changed",
        "upload": "result: look, put, look"}
REQUESTS = {"lease": 1, "poll": 1, "upload": 3}

MAKE_TASKS = """
INSERT INTO task (list_id, key, position, number, canonical, name, details, region, language, zone, priority, agent_id,
                  withdrawn, final, outcome, disposition, note, attempts, callback, held, changed)
SELECT 1, 't' || n || '-' || t, n * 100 + t, '+4420' || lpad(n::text, 5, '0') || lpad(t::text, 3, '0'),
       '+4420' || lpad(n::text, 5, '0') || lpad(t::text, 3, '0'), 'Callee', '{}', '', '', '', 0, (10000 + n)::text,
       false, false, '', '', '', 0, false, '', :now
FROM generate_series(0, :phones) AS n, generate_series(0, :tasks) AS t
"""


def measure(bench: Bench) -> list[Figure]:
    """The server as it is shipped; the load is a process of its own on the same machine."""
    found = binaries()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = bench.place("manager")
    folder.mkdir()
    server = PostgresServer(found, durable=True)
    try:
        server.start()
        server.execute("CREATE DATABASE load")
        (folder / "manager.toml").write_text(
            f'[database]\nurl = "{server.url("load")}"\npool = 12\n[leases]\nseconds = {LEASE}\nrenew = {RENEW}\n')
        bench.say(f"{PHONES:,} agents with {TASKS} tasks each")
        fill(folder, server.url("load"))
        with served(folder, WORKERS) as (child, url):
            return under_load(bench, folder, server, child.pid, url)
    finally:
        server.stop()


@contextmanager
def served(folder: Path, workers: int = 1) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The manager in a folder, as its owner starts it; gives its process and its URL. Raises RuntimeError."""
    child = subprocess.Popen(
        [sys.executable, "-m", "callsheet", "manager", "serve", "--folder", str(folder), "--listen", "127.0.0.1:0",
         "--workers", str(workers)], cwd=ROOT / "firmware", text=True, stdout=subprocess.PIPE,
        stderr=(folder / "server.log").open("a"))
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line.startswith("serving "):
            raise RuntimeError((folder / "server.log").read_text()[-1000:])
        url = line.split()[1]
        _ready(f"{url}phones/sheets/10000.json")
        yield child, url
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def under_load(
    bench: Bench, folder: Path, server: PostgresServer, pid: int, url: str, phones: int = PHONES, poll: float = POLL,
) -> list[Figure]:
    """What so many phones are told, how soon, and at what cost in CPU time."""
    seconds = bench.count(180, 45)
    bench.say(f"{phones / RENEW:.0f} renewals, {phones / poll:.0f} polls and {UPLOADS:g} results a second, {seconds} s")
    before = os.getloadavg()[0]
    used = [-tree_cpu_seconds(one) for one in (pid, server.pid)]
    began = time.monotonic()
    load = subprocess.run(
        [sys.executable, "-m", "tests.bench.manager_load", "127.0.0.1", str(urlsplit(url).port), str(folder),
         *map(str, (phones, RENEW, poll, UPLOADS, seconds))],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120, check=False,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"})
    took = time.monotonic() - began
    used = [before + tree_cpu_seconds(one) for before, one in zip(used, (pid, server.pid), strict=True)]
    if load.returncode:
        raise RuntimeError(load.stderr[-1000:])
    told = json.loads(load.stdout)
    cpu = {"workers": used[0], "PostgreSQL": used[1], "generator": told["cpu"]}
    return [*_latencies(told, phones, seconds, before), _cpu(told["latencies"], cpu, phones, took)]


def _ready(url: str) -> None:
    """Every worker answers: the load is for a server that runs."""
    for _ in range(40):
        answer = requests.get(url, timeout=180)
        if answer.status_code != 401:
            raise RuntimeError(f"the server answers {answer.status_code}")


def _latencies(told: dict[str, Any], phones: int, seconds: int, before: float) -> list[Figure]:
    """Median, 95th and 99th percentile of each kind, and what failed."""
    found = []
    slow = sum(late > 1.0 for late in told["worst"].values())
    for kind, values in told["latencies"].items():
        if not values:
            raise RuntimeError(f"no {kind} was answered: {told['errors']}")
        cuts = statistics.quantiles(sorted(values), n=100) if len(values) > 1 else values * 99
        failed = sum(count for name, count in told["errors"].items() if name.startswith(kind))
        note = (f"p95 {cuts[94] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, {len(values) / seconds:.0f}/s answered, "
                f"{failed} errors; answers later than 1 s in {slow} of {seconds} s; load average before {before:.1f}")
        found.append(Figure(
            f"manager-{kind}", f"{WHAT[kind]}, {phones:,} phones: {note}", "ms",
            Sample.of([value * 1000 for value in values]), {}, "no errors", note,
            {"p50": cuts[49] * 1000, "p95": cuts[94] * 1000, "p99": cuts[98] * 1000, "answered": len(values),
             "errors": told["errors"], "seconds": seconds, "worst": told["worst"]}))
    return found


def _cpu(latencies: dict[str, list[float]], cpu: dict[str, float], phones: int, took: float) -> Figure:
    """Of workers and database together for one request, whatever else the machine does."""
    requests = sum(len(values) * REQUESTS[kind] for kind, values in latencies.items())
    share = ", ".join(f"{name} {used / requests * 1000:.2f} ms and {used / took:.0%} of a core"
                      for name, used in cpu.items())
    return Figure(
        "manager-cpu", f"CPU time per request, {phones:,} phones: {share}", "ms",
        Sample.of([(cpu["workers"] + cpu["PostgreSQL"]) / requests * 1000]), {}, "", share,
        {"seconds of CPU": cpu, "requests": requests, "seconds": took, "cores": os.cpu_count()})


def fill(folder: Path, url: str) -> None:
    """Agents, their tokens, a list, and a lease for each."""
    database = open_database(url, check=False)
    database.upgrade()
    now = datetime.now(UTC)
    tokens = [secrets.token_urlsafe(24) for _ in range(PHONES)]
    (folder / "tokens.json").write_text(json.dumps(tokens))
    agents = [f"{10000 + n}" for n in range(PHONES)]
    with database.write() as db:
        made = tables.CallList(id=1, key="load", title="Load", created=now, header={})
        db.add(made)
        db.flush()
        db.execute(insert(tables.Agent), [{"id": id, "created": now} for id in agents])
        db.execute(insert(tables.DeviceToken), [
            {"sha256": hashlib.sha256(token.encode()).hexdigest(), "agent_id": id, "created": now, "used": now}
            for id, token in zip(agents, tokens, strict=True)])
        db.execute(insert(tables.Sheet), [
            {"agent_id": id, "list_id": 1, "revision": 1, "issued": now, "phone": f"phone{n}", "installation": 1,
             "leased": now, "until": now + timedelta(seconds=LEASE), "held_revision": 1} for n, id in enumerate(agents)])
        db.execute(insert(tables.Phone), [
            {"id": f"phone{n}", "installation": 1, "agent_id": id, "heard": now, "status": {}}
            for n, id in enumerate(agents)])
        db.execute(text(MAKE_TASKS), {"now": now, "phones": PHONES - 1, "tasks": TASKS - 1})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
