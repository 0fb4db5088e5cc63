# SPDX-License-Identifier: GPL-3.0-or-later
"""From the text of board.yaml to a Board, or one error that names every fault with its line."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml

from hardware.workshop.model import Board

BOARD_FILE = Path(__file__).resolve().parents[1] / "board.yaml"
Place = tuple[str | int, ...]


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with the board: where, what, and what to do."""

    place: Place
    reason: str
    remedy: str = ""


class BoardError(ValueError):
    """A board that cannot be built, with all that is wrong with it."""

    def __init__(self, faults: list[Fault], source: Source) -> None:
        self.faults = faults
        super().__init__("\n".join(source.sentence(fault) for fault in faults))


class Source:
    """The file's text, which knows on what line a value stands."""

    def __init__(self, text: str, name: str = "hardware/board.yaml") -> None:
        self.name = name
        try:
            # Loaded once: the C loader is ten times faster, and where it is missing the other one does.
            self._loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
            self._root = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{name}: line {mark.line + 1}, column {mark.column + 1}" if mark else name
            raise BoardError([Fault((), f"{where}: {error.problem}", "YAML: check indentation and quotes")],
                             _Nowhere()) from error

    def value(self) -> object:
        """The document as plain values. Raises BoardError for a key that comes twice."""
        twice = list(_doubled(self._root, ()))
        if twice:
            raise BoardError([Fault(place, "this key comes twice", "keep one of them") for place in twice], self)
        return self._loader.construct_document(self._root) if self._root is not None else None

    def line(self, place: Place) -> int:
        """The line, from 1, of the value at a place, or of the nearest thing above it."""
        node = self._root
        for step in place:
            below = _child(node, step)
            if below is None:
                break
            node = below
        return node.start_mark.line + 1 if node is not None else 1

    def sentence(self, fault: Fault) -> str:
        """One line for a human."""
        where = f"{self.name}: line {self.line(fault.place)}: {dotted(fault.place)}"
        return f"{where}: {fault.reason}" + (f" ({fault.remedy})" if fault.remedy else "")


class _Nowhere(Source):
    """For a text that has no structure at all."""

    def __init__(self) -> None:
        pass

    def sentence(self, fault: Fault) -> str:
        return f"{fault.reason} ({fault.remedy})"


def decode(source: Source) -> Board:
    """The board of a text, as its schema wants it. Raises BoardError; its rules are `rules.check`'s."""
    try:
        return msgspec.convert(source.value(), Board)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        remedy = "see hardware/board.schema.json" if "unknown field" in reason else ""
        raise BoardError([Fault(_place(path.rstrip("`")), reason, remedy)], source) from error


def dotted(place: Place) -> str:
    """A place as people write it: signals[3].bcm."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def _place(path: str) -> Place:
    """From msgspec's way of writing it: ".signals[3].bcm"."""
    steps = re.findall(r"\.([\w-]+)|\[(\d+)\]", path)
    return tuple(int(index) if index else name for name, index in steps)


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _doubled(node: yaml.Node | None, place: Place) -> list[Place]:
    found: list[Place] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            here = (*place, key.value)
            found += [here] if key.value in seen else []
            seen.add(key.value)
            found += _doubled(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found += _doubled(value, (*place, index))
    return found
