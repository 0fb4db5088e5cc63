# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.manager.day: watch it happen."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.manager.day.work import day


def main(argv: list[str] | None = None) -> int:
    """Exit 0: every row has one outcome, nobody was rung beyond policy, and the report adds up."""
    parser = argparse.ArgumentParser(prog="python -m tests.manager.day", description=__doc__)
    parser.add_argument("--rows", type=int, default=300, metavar="N", help="of the spreadsheet, up to 5000 (default: 300)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all files there")
    arguments = parser.parse_args(argv)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="callsheet-day-") as own:
        folder = arguments.keep or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        found = day(folder, arguments.rows, say)
    for problem in found.problems:
        print(problem)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
