# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m callsheet.simulator.demo: what scripts/demo runs."""

from __future__ import annotations

import argparse
import sys
import time
import webbrowser
from pathlib import Path

from rich.console import Console

from callsheet.core.model import Sheet
from callsheet.formats.errors import FormatError
from callsheet.formats.sheet import read_sheet
from callsheet.simulator.demo import headless
from callsheet.simulator.demo.office import Office
from callsheet.simulator.demo.sheet import AGENT, PIN, demo_sheet


def main(argv: list[str] | None = None) -> int:
    """Exit 0: every task reached its one outcome (headless) or the page was closed with Ctrl-C; 2: bad usage."""
    arguments = _arguments(argv)
    console = Console()
    try:
        sheet = _sheet(arguments)
        if arguments.headless:
            return headless.work(sheet, arguments.keep, arguments.report, console)
        return _page(sheet, arguments, console)
    except (FormatError, ValueError, OSError) as error:
        console.print(f"demo: {error}", style="red", highlight=False)
        return 2
    except KeyboardInterrupt:
        return 130 if arguments.headless else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="A phone, a town to call and a file server, all on this machine.")
    parser.add_argument("--headless", action="store_true", help="an autonomous agent works the sheet; prints a report")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="work this call sheet instead of the demo's")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the results (JSON) there")
    parser.add_argument("--tasks", type=int, default=200, metavar="N", help="size of the demo's sheet (default 200)")
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="of the phone's own words")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all files there")
    parser.add_argument("--no-browser", action="store_true", help="only print where the page is")
    arguments = parser.parse_args(argv)
    if arguments.report is not None and not arguments.headless:
        parser.error("--report goes with --headless")
    return arguments


def _sheet(arguments: argparse.Namespace) -> Sheet:
    if arguments.sheet is not None:
        return read_sheet(arguments.sheet.read_bytes(), name=arguments.sheet.name).sheet
    return demo_sheet(arguments.tasks if arguments.headless else min(arguments.tasks, 40),
                      progressive=arguments.headless)


def _page(sheet: Sheet, arguments: argparse.Namespace, console: Console) -> int:
    with Office(sheet, arguments.keep, autopilot=False, language=arguments.language) as office:
        console.print(f"The phone is at {office.page}")
        agent = sheet.agent or AGENT
        console.print(f"Sign in: {agent} [#]  {PIN} [#]  then A for ready. Ctrl-C ends the demo.")
        if not arguments.no_browser:
            webbrowser.open(office.page)
        while office.phone is not None and office.phone.poll() is None:
            time.sleep(0.5)
        console.print("the phone ended: " + (office.folder / "phone.log").read_text()[-1500:], style="red")
        return 1


if __name__ == "__main__":
    sys.exit(main())
