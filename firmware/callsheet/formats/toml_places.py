# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a TOML text a value stands; tomllib only tells values."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from callsheet.formats.errors import FormatError, Path, dotted
from callsheet.formats.texts import line_and_column

MAX_BYTES = 256 * 1024

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parsed(text: str) -> dict[str, Any]:
    """The TOML document as plain objects; raises FormatError with the place of a fault in the syntax."""
    if len(text) > MAX_BYTES:
        raise FormatError(0, 0, f"longer than {MAX_BYTES} characters")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise FormatError(0, 0, "nested too deeply") from None
    except ValueError as error:
        message = str(error)
        match = _AT.search(message)
        line, column = (int(match[1]), int(match[2])) if match and match[1] else line_and_column(text)
        reason = message[: match.start()] if match else message
        raise FormatError(line, column, f"not valid TOML: {reason[:1].lower()}{reason[1:]}") from None


def error_at(text: str, path: Path, reason: str, remedy: str = "") -> FormatError:
    """The error for a fault at `path`, with its line and column."""
    line, column = place_of(text, path)
    return FormatError(line, column, reason, dotted(path), remedy)


def place_of(text: str, path: Path) -> tuple[int, int]:
    """Line and column of the key of the value at `path`, or of its nearest parent that is there; else 1, 1.

    A prefix of a TOML text that ends with a whole statement is TOML itself, so the
    statement that sets the value is the one that ends the first prefix that has it.
    """
    lines = text.splitlines(keepends=True)
    for depth in range(len(path), 0, -1):
        place = _statement_of(lines, path[:depth])
        if place:
            return place
    return 1, 1


def _statement_of(lines: list[str], path: Path) -> tuple[int, int] | None:
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    start = 0
    for number, line in enumerate(lines):
        # A line with neither the name nor the end of a value that goes over several lines cannot complete it.
        if name not in line and not any(mark in line for mark in "]}\"'") :
            continue
        try:
            document = tomllib.loads("".join(lines[: number + 1]))
        except (ValueError, RecursionError):
            continue
        if _has(document, path):
            return _key_between(lines, start, number, name)
        start = number + 1
    return None


def _has(value: Any, path: Path) -> bool:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return False
    return True


def _key_between(lines: list[str], start: int, end: int, name: str) -> tuple[int, int]:
    """The last place in the lines where the name stands by itself; the value's own key comes after its parents'."""
    pattern = re.compile(rf"(?<![\w\-]){re.escape(name)}(?![\w\-])")
    for number in range(end, start - 1, -1):
        found = [match.start() for match in pattern.finditer(lines[number].partition("=")[0])]
        found = found or [match.start() for match in pattern.finditer(lines[number])]
        if found:
            return number + 1, found[0] + 1
    return end + 1, 1
