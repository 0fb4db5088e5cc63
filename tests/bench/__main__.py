# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/bench: measure, print a table, write JSON."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench import (
    calls,
    endurance,
    handset,
    idle,
    keys,
    manager,
    manager_import,
    manager_page,
    network,
    sheets,
    talking,
)
from tests.bench.bench import Bench, Measure
from tests.bench.figures import Figure, Sample, number

BENCHES: dict[str, tuple[Measure, str]] = {
    "calls": (calls.measure, "answer to voice; hang-up to next INVITE"),
    "keys": (keys.measure, "key to display, key to lamp"),
    "handset": (handset.measure, "the handset's drivers: key to lamp, key to display, CPU while idle"),
    "idle": (idle.measure, "CPU and memory of an idle phone"),
    "talking": (talking.measure, "CPU in a call, G.711 and Opus"),
    "start": (idle.start, "start-up to registered"),
    "network": (network.measure, "network return to REGISTER"),
    "sheets": (sheets.measure, "a sheet of 100,000 tasks"),
    "manager": (manager.measure, "the manager's server under 10,000 phones"),
    "import": (manager_import.measure, "100,000 rows of a spreadsheet into the manager's database"),
    "page": (manager_page.measure, "the manager's page with 1,000 agents"),
    "endurance": (endurance.measure, "memory over 1,000 calls"),
}


def main(argv: list[str] | None = None) -> int:
    """Exit 0: all was measured; 1: something could not be."""
    arguments = _arguments(argv)
    console = Console(stderr=True)
    output = Console()
    figures: list[Figure] = []
    problems: list[str] = []
    facts = _machine()
    folder = tempfile.mkdtemp(prefix="callsheet-bench-", dir=arguments.folder)
    bench = Bench(Path(folder), arguments.quick, lambda text: console.print(f"… {text}", style="dim", highlight=False))
    try:
        for name in arguments.names or BENCHES:
            try:
                figures += BENCHES[name][0](bench)
            except (OSError, RuntimeError, ValueError) as error:
                problems.append(f"{name}: {type(error).__name__}: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts["load average after"] = os.getloadavg()
    output.print(_table(figures))
    for problem in problems:
        console.print(problem, style="red", highlight=False, markup=False)
    if arguments.json:
        arguments.json.write_bytes(_document(figures, facts, problems, arguments.quick))
    return 1 if problems else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    names = "\n".join(f"  {name:10} {what}" for name, (_, what) in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure the phone beside its peers on this machine; nothing is asserted.",
        epilog=f"NAME is any of\n{names}", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, shorter looks: 5 minutes instead of 18")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--folder", type=Path, default=None, metavar="DIR",
                        help="work there: measures that disk's flush (default: the system's place for temporary files)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    arguments = parser.parse_args(argv)
    for name in arguments.names:
        if name not in BENCHES:
            parser.error(f"{name!r} is none of {', '.join(BENCHES)}")
    return arguments


def _machine() -> dict[str, Any]:
    root = Path(__file__).resolve().parents[2]
    commit = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip()
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith(("model name", "Model"))), platform.machine())
    return {"at": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"), "commit": commit, "cpu": model,
            "cores": os.cpu_count(), "system": platform.platform(), "python": sys.version.split()[0],
            "load average before": os.getloadavg()}


def _table(figures: list[Figure]) -> Table:
    table = Table(show_lines=False, pad_edge=False)
    for title in ("what", "unit", "ours", "peers", "target"):
        table.add_column(title, overflow="fold")
    for figure in figures:
        ours = figure.ours.text() if figure.ours is not None else figure.note
        table.add_row(figure.what, figure.unit, ours, "\n".join(map(_peer, *_split(figure.peers))), figure.target)
    return table


def _split(peers: dict[str, Sample]) -> tuple[list[str], list[Sample]]:
    return list(peers), list(peers.values())


def _peer(name: str, sample: Sample) -> str:
    return f"{name} {number(sample.median)}"


def _document(figures: list[Figure], facts: dict[str, Any], problems: list[str], quick: bool) -> bytes:
    document = {"machine": facts, "quick": quick, "figures": figures, "problems": problems}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


if __name__ == "__main__":
    sys.exit(main())
