# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts, times and names, in the agent's language and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from callsheet.core.events import Now
from callsheet.core.model import Task
from callsheet.core.queue import Blocker
from callsheet.core.state import State
from callsheet.core.texts import pick, say


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name or "UTC")


class Words:
    """Says things for one screen."""

    def __init__(self, state: State, now: Now) -> None:
        self._language = state.traits.language
        self._zone = _zone(state.traits.zone)
        self._now = now

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key."""
        return say(self._language, key, **values)

    def pick(self, text: str | dict[str, str]) -> str:
        """A text out of the sheet, in the agent's language if it is there."""
        return pick(self._language, text)

    def clock(self) -> str:
        """Time of day; a dash as long as it is not known."""
        if not self._now.trusted:
            return "--:--"
        return datetime.fromtimestamp(self._now.wall, UTC).astimezone(self._zone).strftime("%H:%M")

    def when(self, posix: float) -> str:
        """A time in the agent's zone: the time of day, with the date if it is not today."""
        today = datetime.fromtimestamp(self._now.wall, UTC).astimezone(self._zone)
        then = datetime.fromtimestamp(posix, UTC).astimezone(self._zone)
        if then.date() == today.date():
            return then.strftime("%H:%M" if posix - self._now.wall > 120 else "%H:%M:%S")
        return then.strftime("%d.%m. %H:%M" if self._language == "en" else "%m-%d %H:%M")

    def blocker(self, blocker: Blocker) -> str:
        """Why a task is not dialled, and when that ends."""
        time = self.when(blocker.until) if blocker.until is not None else "?"
        return self(f"block.{blocker.kind}", time=time, detail=blocker.detail)

    @staticmethod
    def timer(seconds: float) -> str:
        """m:ss, or h:mm:ss."""
        whole = max(0, int(seconds))
        hours, rest = divmod(whole, 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

    @staticmethod
    def who(task: Task) -> str:
        """The callee's name, or the number where there is none."""
        return task.name or task.number

    def about(self, task: Task) -> tuple[str, ...]:
        """All that the sheet says of a callee, most important first."""
        lines = [task.service, task.region]
        if task.priority:
            lines.append(self("say.priority", priority=task.priority))
        for entry in task.history:
            day = entry.at.astimezone(self._zone).strftime("%d.%m. ") if entry.at is not None else ""
            lines.append(f"{day}{entry.text}" + (f" ({entry.by})" if entry.by else ""))
        lines += [f"{key}: {value}" for key, value in task.extra.items() if value not in ("", None)]
        return tuple(line for line in lines if line)
