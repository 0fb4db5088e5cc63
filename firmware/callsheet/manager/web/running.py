# SPDX-License-Identifier: GPL-3.0-or-later
"""An import that runs while its own request waits, and how far it is.

The answer to that request tells it, so no other one need find the process that does
the work, and nothing of it is kept anywhere.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from callsheet.manager.importer.intake import Progress

EVERY = 0.25
"""Seconds between two words on how far it is, at least."""
STILL = 15.0
"""Seconds after which the same is told again, so that nobody in between closes the connection."""
STEADY = 1.0
"""Seconds that a stage must have taken before its rest is estimated."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Step:
    """How far an import is."""

    stage: str
    """One of `intake.STAGES`, or the caller's own."""
    done: int = 0
    """Rows."""
    total: int = 0
    """Rows, at most; 0: not known."""
    seconds: float = 0.0
    """Since the stage began."""

    @property
    def share(self) -> float | None:
        """Of the stage's rows that are done, from 0 to 1; None if not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def rest(self) -> float | None:
        """Seconds the stage will still take if it goes on as it went; None: too early to tell, or not known."""
        if not self.done or not self.total or self.seconds < STEADY:
            return None
        return self.seconds * max(0, self.total - self.done) / self.done


class Running(Generic[Result]):
    """Work in a thread of its own. Whoever stops listening leaves it to come to its end alone."""

    def __init__(self, work: Callable[[Progress], Result]) -> None:
        """Begins at once; `work` is given the function to tell its progress with, which never waits."""
        self._work = work
        self._step: Step | None = None
        self._began = 0.0
        self._news, self._over = threading.Event(), threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="import", daemon=True).start()

    def _run(self) -> None:
        try:
            self._result.append(self._work(self._tell))
        except BaseException as error:  # noqa: BLE001 — raised again where somebody waits for the result
            self._error = error
        finally:
            self._over.set()
            self._news.set()

    def _tell(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._step is None or self._step.stage != stage:
            self._began = now
        self._step = Step(stage, done, total, now - self._began)
        self._news.set()

    def steps(self) -> Iterator[Step]:
        """The newest step again and again, until the work is over; what came in between is left out."""
        while not self._over.is_set():
            self._news.wait(STILL)
            self._news.clear()
            step = self._step
            if self._over.is_set() or step is None:
                continue
            yield step
            self._over.wait(EVERY)

    def result(self) -> Result:
        """What came of it, when it is over; raises what the work raised."""
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._result[0]
