# SPDX-License-Identifier: GPL-3.0-or-later
"""`ports.Keys`: the keypad and, where one is fitted, the hook switch."""

from __future__ import annotations

import importlib
from typing import Any

from callsheet.adapters.board import Board
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio.hook import Hook, switch
from callsheet.adapters.gpio.keypad import Keypad
from callsheet.adapters.gpio.matrix import Crossing, Matrix
from callsheet.core.keypad import LAYOUTS
from callsheet.ports import Post


class GpioKeys:
    """Keys on real lines."""

    def __init__(self, board: Board, layout: str, faults: Faults, *, hook: bool = True, gpio: Any = None,
                 factory: Any = None) -> None:
        """`layout`: of `core.keypad.LAYOUTS`. `gpio` and `factory` stand in for RPi.GPIO and gpiozero's pins."""
        pins = board.keypad

        def matrix() -> Matrix:
            # Here, so that a machine without the library is a fault of the keypad, not the phone's end.
            return Matrix(gpio or importlib.import_module("RPi.GPIO"), pins, layout)

        def name(place: Crossing) -> str:
            row, column = place
            wires = f"{board.signal(pins.rows[row])} and {board.signal(pins.columns[column])}"
            return f"key {LAYOUTS[layout][row][column]}, between {wires}"

        self._keypad = Keypad(matrix, faults, name, board.signal)
        self._hook = Hook(lambda: switch(board.hook, factory), board.hook.debounce_ms / 1000, faults) if hook else None

    def start(self, post: Post) -> None:
        """Begin to watch."""
        self._keypad.start(post)
        if self._hook is not None:
            self._hook.start(post)

    def close(self) -> None:
        """End."""
        self._keypad.close()
        if self._hook is not None:
            self._hook.close()
