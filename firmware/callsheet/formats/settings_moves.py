# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that changed their names: files of older firmware are read as they are, and written with today's names.

Nothing is written because a file is old. A phone that goes back to older firmware after a failed update finds the file
of before, with the names it knows. Only when somebody applies other settings are the names changed too, and the file
of before is kept as the previous one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import tomlkit
from msgspec import Struct


class Move(Struct, frozen=True):
    """One setting under another name."""

    since: str
    """Version of the firmware that has the new name first."""
    old: str
    """section.key"""
    new: str
    """section.key; empty: there is no such setting any more, and nothing is to be said about it."""


MOVES: tuple[Move, ...] = ()
"""Oldest first. None so far: every setting that was ever in a released file still has its name.

A name that stands here as an old one is never given to another setting.
"""


def moved(objects: dict[str, Any], moves: Sequence[Move] = MOVES) -> tuple[dict[str, Any], dict[str, str]]:
    """A file's plain objects under today's names, and from today's names to those in the file.

    Where a file has both names, written for phones with either firmware, the new one counts.
    """
    came: dict[str, str] = {}
    for move in moves:
        (section, key), (to, name) = _parts(move.old), _parts(move.new)
        table = objects.get(section)
        if not isinstance(table, dict) or (table and key not in table):
            continue
        rest = {one: value for one, value in table.items() if one != key}
        # A section that was moved as a whole is unknown today, also where nothing stands in it.
        objects = {**objects, section: rest} if rest else {one: value for one, value in objects.items() if one != section}
        if key not in table:
            continue
        target = objects.get(to, {})
        if move.new and isinstance(target, dict) and name not in target:
            objects = {**objects, to: {**target, name: table[key]}}
            came[move.new] = came.pop(move.old, move.old)
    return objects, came


def with_new_names(text: str, moves: Sequence[Move] = MOVES) -> str:
    """A TOML text under today's names, its comments kept. Raises ValueError if it is none."""
    document = None
    for move in moves:
        (section, key), (to, name) = _parts(move.old), _parts(move.new)
        document = tomlkit.parse(text) if document is None else document
        table = document.get(section)
        if not isinstance(table, dict) or key not in table:
            continue
        item = table.pop(key)
        if move.new:
            target = document.setdefault(to, tomlkit.table())
            if name not in target:
                target[name] = item
        if not table:
            del document[section]
    return text if document is None else tomlkit.dumps(document)


def old_names(moves: Sequence[Move] = MOVES) -> Iterator[str]:
    """Names that no setting may have again."""
    return (move.old for move in moves)


def _parts(name: str) -> tuple[str, str]:
    section, _, key = name.partition(".")
    return section, key
