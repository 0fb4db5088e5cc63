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
from datetime import UTC, datetime
from pathlib import Path

import requests
from sqlalchemy import insert, text

from callsheet.manager.storage import tables
from callsheet.manager.storage.database import open_database
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Sample
from tests.manager.postgres import PostgresServer, binaries

PHONES, PERIOD, UPLOADS = 10_000, 60.0, 12.0
TASKS = 20
"""Of each agent."""
WORKERS = 2
ROOT = Path(__file__).resolve().parents[2]
WHAT = {"poll": "poll of a sheet that has not changed", "lease": "lease renewal with status",
        "upload": "result: look, put, look"}

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
            f'[database]\nurl = "{server.url("load")}"\npool = 12\n[leases]\nseconds = 600.0\nrenew = 60.0\n')
        bench.say(f"{PHONES:,} agents with {TASKS} tasks each")
        fill(folder, server.url("load"))
        return _served(bench, folder)
    finally:
        server.stop()


def _served(bench: Bench, folder: Path) -> list[Figure]:
    seconds = bench.count(180, 45)
    child = subprocess.Popen(
        [sys.executable, "-m", "callsheet", "manager", "serve", "--folder", str(folder), "--listen", "127.0.0.1:0",
         "--workers", str(WORKERS)], cwd=ROOT / "firmware", text=True, stdout=subprocess.PIPE,
        stderr=(folder / "server.log").open("a"))
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line.startswith("serving "):
            raise RuntimeError((folder / "server.log").read_text()[-1000:])
        port = line.rstrip("/\n").rpartition(":")[2]
        _ready(f"{line.split()[1]}phones/sheets/10000.json")
        bench.say(f"{PHONES / PERIOD:.0f} polls and renewals a second each, {UPLOADS:g} results a second, {seconds} s")
        before = os.getloadavg()[0]
        load = subprocess.run(
            [sys.executable, "-m", "tests.bench.manager_load", "127.0.0.1", port, str(folder), str(PHONES), str(PERIOD),
             str(UPLOADS), str(seconds)],
            cwd=ROOT, capture_output=True, text=True, timeout=seconds + 120, check=False,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"})
        if load.returncode:
            raise RuntimeError(load.stderr[-1000:])
        return figures(json.loads(load.stdout), seconds, before)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def _ready(url: str) -> None:
    """Every worker answers: the load is for a server that runs."""
    for _ in range(40):
        answer = requests.get(url, timeout=180)
        if answer.status_code != 401:
            raise RuntimeError(f"the server answers {answer.status_code}")


def figures(told: dict[str, dict[str, list[float]]], seconds: int, before: float) -> list[Figure]:
    """Median, 95th and 99th percentile of each kind, and what failed."""
    found = []
    for kind, values in told["latencies"].items():
        if not values:
            raise RuntimeError(f"no {kind} was answered: {told['errors']}")
        cuts = statistics.quantiles(sorted(values), n=100) if len(values) > 1 else values * 99
        failed = sum(count for name, count in told["errors"].items() if name.startswith(kind))  # type: ignore[misc]
        note = (f"p95 {cuts[94] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, {len(values) / seconds:.0f}/s answered, "
                f"{failed} errors; load average before {before:.1f}")
        found.append(Figure(
            f"manager-{kind}", f"{WHAT[kind]}, {PHONES:,} phones: {note}", "ms",
            Sample.of([value * 1000 for value in values]), {}, "no errors", note,
            {"p50": cuts[49] * 1000, "p95": cuts[94] * 1000, "p99": cuts[98] * 1000, "answered": len(values),
             "errors": told["errors"], "seconds": seconds}))
    return found


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
             "leased": now, "until": now, "held_revision": 1} for n, id in enumerate(agents)])
        db.execute(text(MAKE_TASKS), {"now": now, "phones": PHONES - 1, "tasks": TASKS - 1})
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
