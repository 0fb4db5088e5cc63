# SPDX-License-Identifier: GPL-3.0-or-later
"""A bar while something takes its time; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = Callable[[str, int, int], None]
_WORDS = {"read": "Reading", "compare": "Comparing", "store": "Storing"}


@contextmanager
def progress(quiet: bool) -> Iterator[Step]:
    """A function to call with the stage, how many, and of how many; it draws on a terminal's standard error."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(_WORDS.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield step
