# SPDX-License-Identifier: GPL-3.0-or-later
"""The board as a whole: read, then judged by every rule."""

from __future__ import annotations

from hardware.workshop import perfboard, rules_electric, rules_pins, rules_wiring
from hardware.workshop.model import Board
from hardware.workshop.reading import BOARD_FILE, BoardError, Source, decode


def load(text: str | None = None) -> Board:
    """The board of a text, or of hardware/board.yaml. Raises BoardError with every fault found, and OSError."""
    source = Source(BOARD_FILE.read_text(encoding="utf-8") if text is None else text)
    board = decode(source)
    # Currents can be reckoned only where the wires lead where they should.
    faults = [*rules_pins.check(board), *rules_wiring.check(board)]
    faults = faults or [*rules_electric.check(board), *perfboard.check(board)]
    if faults:
        raise BoardError(faults, source)
    return board
