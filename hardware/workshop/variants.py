# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones that board.yaml describes: what is in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Protocol, TypeVar

from hardware.workshop.model import Board, BomLine, Cable, Model, Part, Signal, When

Chosen = frozenset[str]
"""One choice of each group."""


class _Conditional(Protocol):
    @property
    def when(self) -> When: ...


Thing = TypeVar("Thing", bound=_Conditional)


def every(board: Board) -> Iterator[Chosen]:
    """All variants, the reference build first."""
    for chosen in product(*([choice.id for choice in group] for group in board.choices.groups())):
        yield frozenset(chosen)


def within(things: Sequence[Thing], chosen: Chosen) -> list[tuple[int, Thing]]:
    """The things of a variant, with their index in the file."""
    return [(index, thing) for index, thing in enumerate(things) if not thing.when or chosen & set(thing.when)]


class Phone:
    """One variant."""

    def __init__(self, board: Board, chosen: Chosen) -> None:
        self.board = board
        self.chosen = chosen
        self.signals: list[Signal] = [s for _, s in within(board.signals, chosen)]
        self.parts: list[Part] = [p for _, p in within(board.parts, chosen)]
        self.cables: list[Cable] = [c for _, c in within(board.cables, chosen)]
        self.bom: list[BomLine] = [line for _, line in within(board.bom, chosen)]

    @property
    def model(self) -> Model:
        """Its Raspberry Pi."""
        return next(model for model in self.board.models if model.id in self.chosen)

    @property
    def display(self) -> Part:
        """Its display."""
        ids = {display.id for display in self.board.displays} & self.chosen
        return next(part for part in self.parts if part.id in ids)

    def part(self, id: str) -> Part:
        """Raises KeyError for a part this variant does not have."""
        for part in self.parts:
            if part.id == id:
                return part
        raise KeyError(id)

    def count(self, line: BomLine) -> int:
        """How many of a BOM line go into this phone; 0: none."""
        if line not in self.bom:
            return 0
        uses = [self.model.bom, *(part.bom for part in self.parts), *(c.bom for c in self.board.components)]
        pieces = uses.count(line.id) + line.count
        return pieces or int(any(cable.bom == line.id for cable in self.cables))
