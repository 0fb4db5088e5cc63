# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diagnosis is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from sqlalchemy.orm import Session as Database

from callsheet.manager.settings import ManagerSettings
from callsheet.manager.web.live.rows import Row

SHOWN = 24
"""Examples that are named; the count says how many there are."""


@dataclass(frozen=True)
class Context:
    """What a diagnosis may look at."""

    database: Database
    rows: Sequence[Row]
    """The agents as they are."""
    settings: ManagerSettings
    now: datetime


class Case(NamedTuple):
    """One phone, list, task or file that a problem is about."""

    name: str
    link: str = ""
    at: datetime | None = None
    """Since when, or until when."""


@dataclass(frozen=True)
class Problem:
    """Its texts are `problem.KEY`, with the count, and `problem.KEY.what`: what to do."""

    key: str
    level: Literal["bad", "warn", "info"]
    """bad: calls are not made, or results not kept. warn: soon. info: somebody may want to know."""
    count: int
    cases: tuple[Case, ...] = ()


class Diagnosis(Protocol):
    """Looks for one thing."""

    def look(self, context: Context) -> Problem | None:
        """The problem, if there is one."""
