# SPDX-License-Identifier: GPL-3.0-or-later
"""What is joined to what: the wiring board as a netlist, and the figures that follow from its parts."""

from __future__ import annotations

from hardware.workshop import header
from hardware.workshop.model import Board, Component, Lamp

DIODE_DROP = 0.6
"""Least forward voltage of a silicon junction that carries current (1N4148, a protection diode, a base), in volts."""


def component_between(board: Board, kind: str, *nets: str) -> Component | None:
    """The first component of a kind that joins these nets, in any order."""
    wanted = set(nets)
    return next((c for c in board.components if c.kind == kind and wanted <= set(c.nets)), None)


def series_resistor(board: Board, net: str) -> Component | None:
    """The resistor from a signal's net to another one that is neither supply nor ground."""
    fixed = {"GND", "3V3", "5V"}
    return next((c for c in board.components if c.kind == "resistor" and net in c.nets and not fixed & set(c.nets)),
                None)


def net_of_header(board: Board, pin: int) -> str:
    """Supply, ground, or the name of the signal on a header pin; "" if it is free."""
    signal = next((signal.name for signal in board.signals if signal.header == pin), "")
    return header.SUPPLY.get(pin) or signal


def ohms(component: Component | None) -> float:
    """Its resistance; raises ValueError where there is none, which `rules` has reported by then."""
    if component is None or component.ohm is None:
        raise ValueError("no resistor there")
    return component.ohm


def lamp_ma(board: Board, lamp: Lamp) -> tuple[float, float]:
    """Least and greatest current of a lamp: (rail - Vf) / R, over the forward voltages of its data sheet."""
    part = next(part for part in board.parts if part.id == lamp.part)
    least, greatest = part.drop or (0.0, board.electrics.rail)
    resistor = ohms(series_resistor(board, lamp.signal))
    return (board.electrics.rail - greatest) / resistor * 1000, (board.electrics.rail - least) / resistor * 1000


def base_ma(board: Board) -> float:
    """What the buzzer's pin delivers into the transistor's base and its pull-down."""
    return (board.electrics.rail - DIODE_DROP) / ohms(series_resistor(board, board.buzzer.signal)) * 1000


def dead_bridge_ma(board: Board) -> float:
    """What TXD drives into a bridge without power, through that one's protection diode."""
    return (board.electrics.rail - DIODE_DROP) / ohms(series_resistor(board, "TXD")) * 1000


def row_fault_ma(board: Board) -> float:
    """What flows if two rows are driven against each other through two keys of one column."""
    resistors = sorted(ohms(series_resistor(board, row.name)) for row in board.used_as("row"))
    return board.electrics.rail / (resistors[0] + resistors[1]) * 1000


def column_low(board: Board) -> float:
    """Voltage of a pressed column at worst: all keys of the row down, the strongest pull-ups against one row."""
    pull = board.electrics.pull_ohm[0] / len(board.used_as("column"))
    row = max(ohms(series_resistor(board, row.name)) for row in board.used_as("row"))
    return board.electrics.rail * row / (row + pull)


def hook_low(board: Board) -> float:
    """Voltage at the hook's pin with the switch closed."""
    pull = ohms(component_between(board, "resistor", "3V3", board.hook.signal))
    series = ohms(series_resistor(board, board.hook.signal))
    return board.electrics.rail * series / (series + pull)


def hook_filter_ms(board: Board) -> float:
    """Time constant of the opening hook switch."""
    capacitor = component_between(board, "capacitor", board.hook.signal, "GND")
    pull = ohms(component_between(board, "resistor", "3V3", board.hook.signal))
    return pull * ((capacitor.nf or 0) if capacitor else 0) * 1e-6


def pins_ma(board: Board) -> float:
    """All pins together at the most: three lamps, the buzzer, a bridge without power."""
    return sum(lamp_ma(board, lamp)[1] for lamp in board.lamps) + base_ma(board) + dead_bridge_ma(board)
