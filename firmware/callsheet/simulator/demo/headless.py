# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo without a screen: an agent that never tires works the sheet; progress, then a report."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from callsheet.core.model import Sheet
from callsheet.formats.results import Results, read_results
from callsheet.simulator.demo.office import Office

LOOK = 0.25
STALLED = 180.0
"""Seconds without any result after which something is wrong."""


class Stalled(RuntimeError):
    """The phone stopped making progress; the text says what is known."""


def work(sheet: Sheet, folder: Path | None, report: Path | None, console: Console) -> int:
    """Let the phone work the sheet. Returns 0 only if every task reached its one outcome and the town agrees."""
    with Office(sheet, folder, autopilot=True) as office:
        console.print(f"phone: {office.page}  (the page may be opened to watch)")
        try:
            body = _wait(office, sheet, console)
        except Stalled as stalled:
            console.print(f"[red]{stalled}[/red]")
            return 1
        office.stop_phone()
        results = read_results(body)
        if report is not None:
            report.write_bytes(body)
            console.print(f"report: {report}")
        problems = compare(sheet, results, office)
    _summary(results, console)
    for problem in problems:
        console.print(f"[red]{problem}[/red]")
    return 1 if problems else 0


def _wait(office: Office, sheet: Sheet, console: Console) -> bytes:
    """Until the completion file is on the server; shows how many tasks are done."""
    seen: set[str] = set()
    final: set[str] = set()
    last = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        bar = progress.add_task("tasks done", total=len(sheet.tasks))
        while True:
            for path in sorted(office.results.glob("*.json")):
                if path.name in seen:
                    continue
                seen.add(path.name)
                last = time.monotonic()
                if path.name.startswith("complete-"):
                    progress.update(bar, completed=len(sheet.tasks))
                    return path.read_bytes()
                if path.name.startswith("result-"):
                    final.update(t.id for t in read_results(path.read_bytes()).tasks if t.final)
                    progress.update(bar, completed=len(final))
                    if not console.is_terminal and len(seen) % 25 == 0:
                        console.print(f"{len(final)} of {len(sheet.tasks)} tasks done, {len(seen)} calls")
            if office.phone is None or office.phone.poll() is not None:
                raise Stalled("the phone ended by itself: " + (office.folder / "phone.log").read_text()[-1500:])
            if time.monotonic() - last > STALLED:
                raise Stalled(f"no result for {STALLED:.0f} s; the phone's last screen: {office.page}frame.png")
            time.sleep(LOOK)


def compare(sheet: Sheet, results: Results, office: Office) -> list[str]:
    """Hold the report against the sheet and against the town's own log."""
    problems = [f"task {t.id} is not finished" for t in results.tasks if not t.final or not t.outcome]
    ids = Counter(t.id for t in results.tasks)
    problems += [f"task {t.id} is missing in the report" for t in sheet.tasks if t.id not in ids]
    problems += [f"task {name} stands {n} times in the report" for name, n in ids.items() if n > 1]
    rung = Counter(_digits(c.number) for c in office.town.town.calls if c.direction == "to-town")
    ours = Counter(_digits(a.number) for t in results.tasks for a in t.attempts)
    for number in sorted(rung.keys() | ours.keys()):
        if rung[number] != ours[number]:
            problems.append(f"…{number[-4:]}: {ours[number]} attempts in the report, {rung[number]} in the town's log")
    return problems


def _digits(number: str) -> str:
    return "".join(c for c in number if c.isdigit())


def _summary(results: Results, console: Console) -> None:
    outcomes = Counter(str(t.outcome) for t in results.tasks)
    attempts = sum(len(t.attempts) for t in results.tasks)
    talk = sum(a.talk_seconds for t in results.tasks for a in t.attempts)
    console.print(f"{len(results.tasks)} tasks, {attempts} calls, {talk:.0f} s of talk")
    for outcome, count in outcomes.most_common():
        console.print(f"  {count:5}  {outcome}")
