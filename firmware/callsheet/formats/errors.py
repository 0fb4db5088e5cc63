# SPDX-License-Identifier: GPL-3.0-or-later
"""One error for everything that can be wrong with a file: where it is, what it is, what to do about it.

Messages never quote names or numbers of callees: they end up in logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from msgspec import Struct

Path = tuple[str | int, ...]
"""Way from the root of a document to a value: keys and indices from 0."""


class Invalid(ValueError):
    """What is wrong with a value, before it is known on which line the value stands."""

    def __init__(self, reason: str, path: Path = (), remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        self.remedy = remedy

    def under(self, *prefix: str | int) -> Invalid:
        """The same fault, seen from further up the tree."""
        return Invalid(self.reason, (*prefix, *self.path), self.remedy)


def check_each(checks: Iterable[tuple[Path, Callable[[], object]]]) -> None:
    """Run checks, each with the way to the value it is about. Raises Invalid with the whole way to the fault."""
    for path, check in checks:
        try:
            check()
        except Invalid as fault:
            raise fault.under(*path) from None


class RowProblem(Struct, frozen=True, omit_defaults=True):
    """A row that cannot be used; `line` and `column` count from 1, in characters."""

    line: int
    column: int
    reason: str
    place: str = ""
    id: str = ""
    """Of the task, if it could be read."""
    remedy: str = ""

    def __str__(self) -> str:
        """One line for a human."""
        task = f"task {shown(self.id)}" if self.id else ""
        return _sentence(self.line, self.column, (self.place, task), self.reason, self.remedy)


class FormatError(ValueError):
    """A file that cannot be used.

    `line` and `column` count from 1 in characters; 0: the fault is in no particular
    line. `others` are further bad rows of the same file, as far as they were looked for.
    `file` may be set by whoever knows its name.
    """

    file = ""

    def __init__(
        self, line: int, column: int, reason: str, place: str = "", remedy: str = "",
        others: Iterable[RowProblem] = (),
    ) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column
        self.reason = reason
        self.place = place
        self.remedy = remedy
        self.others = tuple(others)

    def __str__(self) -> str:
        """One line for a human."""
        sentence = _sentence(self.line, self.column, (self.place,), self.reason, self.remedy)
        return f"{self.file}: {sentence}" if self.file else sentence


def _sentence(line: int, column: int, places: Iterable[str], reason: str, remedy: str) -> str:
    where = [f"line {line}, column {column}"] if line else []
    where += [place for place in places if place]
    return ": ".join([*where, reason]) + (f" ({remedy})" if remedy else "")


def dotted(path: Path) -> str:
    """A path as people write it: tasks[17].number. Numbers, which are keys in `recent`, are left out."""
    text = ""
    if len(path) > 1 and path[0] == "recent":
        path = ("recent",)
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.replace("-", "_").isidentifier() else shown(step)
            text += f".{name}" if text else name
    return text


def shown(text: str, limit: int = 60) -> str:
    """Text in quotes, fit for one line of a message: unprintable characters are escaped, long texts cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    body = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)
    return f'"{body}"'


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy: the known name most like this one, or all of them if none is like it and they are few."""
    names = list(dict.fromkeys(known))
    folded = {n.casefold().replace("-", "_"): n for n in names}
    close = get_close_matches(name[:80].casefold().replace("-", "_"), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {shown(folded[close[0]])}?"
    return "known: " + ", ".join(names) if len(names) <= 25 else ""
