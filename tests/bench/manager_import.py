# SPDX-License-Identifier: GPL-3.0-or-later
"""A spreadsheet of 100,000 rows into the manager's database, end to end, beside what reading it alone takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tests.bench.bench import Bench
from tests.bench.clients import HOME
from tests.bench.figures import Figure, Sample
from tests.bench.process import Finished, run, tree_cpu_seconds
from tests.manager.postgres import PostgresServer, binaries

ROWS, QUICK_ROWS = 100_000, 10_000
COMMAND = (sys.executable, "-m", "callsheet", "manager")
PEERS = {"csv": "Python's csv", "xlsx": "python-calamine"}


class Run(Struct, frozen=True):
    """One import."""

    done: Finished
    server_cpu: float
    """Seconds that the database's server computed for it; SQLite has none."""
    importing: float
    """Seconds by the report's own clock: without the start of Python and the opening of the file."""


def measure(bench: Bench) -> list[Figure]:
    """The command as a manager starts it, into a database that is empty."""
    rows, rounds = bench.count(ROWS, QUICK_ROWS), bench.count(2, 1)
    found = binaries()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = bench.place("import")
    folder.mkdir()
    figures: list[Figure] = []
    bench.say(f"imports of {rows:,} rows")
    for kind in PEERS:
        run([sys.executable, "-m", "tests.bench.clients", str(folder / f"clients.{kind}"), str(rows)], folder)
    server = PostgresServer(found, durable=True)
    try:
        server.start()
        peers = {kind: _peers(folder, kind, rounds) for kind in PEERS}
        for kind, engine in (("csv", "SQLite"), ("xlsx", "SQLite"), ("csv", "PostgreSQL"), ("xlsx", "PostgreSQL")):
            ours = [_import(folder / f"{engine}-{kind}-{n}", folder / f"clients.{kind}", rows,
                            server if engine == "PostgreSQL" else None) for n in range(rounds)]
            figures += _figures(kind, engine, rows, ours, peers[kind])
    finally:
        server.stop()
    return figures


def _peers(folder: Path, kind: str, rounds: int) -> dict[str, list[Finished]]:
    """The least that any importer does: the file into lists; then libphonenumber over every number, one by one."""
    return {name: [run([sys.executable, "-m", "tests.bench.clients", "peer", what, str(folder / f"clients.{kind}")], folder)
                   for _ in range(rounds)]
            for name, what in ((f"{PEERS[kind]} alone", "read"), ("with phonenumbers", "numbers"))}


def _import(folder: Path, file: Path, rows: int, server: PostgresServer | None) -> Run:
    """Raises RuntimeError if rows are missing in the report."""
    folder.mkdir()
    url = "sqlite:///callsheet.db"
    if server is not None:
        name = folder.name.lower().replace("-", "_")
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    (folder / "manager.toml").write_text(f'[database]\nurl = "{url}"\n[import]\ncountry = "{HOME}"\n')
    run([*COMMAND, "init"], folder)
    used = -tree_cpu_seconds(server.pid) if server else 0.0
    done = run([*COMMAND, "import", str(file), "--list", "clients", "--json"], folder)
    report = json.loads(done.output)["report"]
    if report["rows"] != rows or report["accepted"] + report["rejected"] != rows or report["rejected"] != rows // 50:
        raise RuntimeError(f"of {rows} rows {report['accepted']} were taken in, {report['rejected']} not")
    return Run(done, used + tree_cpu_seconds(server.pid) if server else 0.0, report["seconds"])


def _figures(kind: str, engine: str, rows: int, ours: Sequence[Run], peers: dict[str, list[Finished]]) -> list[Figure]:
    name, what = f"import-{kind}-{engine.lower()}", f"{kind.upper()} of {rows:,} rows into {engine}"
    note = "the command from its start; the peers store nothing and refuse nothing"
    cpu = [one.done.cpu + one.server_cpu for one in ours]
    details = {"seconds": [one.done.seconds for one in ours], "importing": [one.importing for one in ours],
               "server's CPU": [one.server_cpu for one in ours]}
    return [
        Figure(name, what, "rows/s", Sample.of([rows / one.done.seconds for one in ours]),
               {peer: Sample.of([rows / one.seconds for one in runs]) for peer, runs in peers.items()}, "", note, details),
        Figure(f"{name}-cpu", f"{what}: CPU, with the database's", "s", Sample.of(cpu),
               {peer: Sample.of([one.cpu for one in runs]) for peer, runs in peers.items()}, "", note),
        Figure(f"{name}-memory", f"{what}: largest memory", "MiB", Sample.of([one.done.peak for one in ours]),
               {peer: Sample.of([one.peak for one in runs]) for peer, runs in peers.items()}, "",
               "of the largest process; the peers hold the whole table"),
    ]
