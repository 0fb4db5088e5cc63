# SPDX-License-Identifier: GPL-3.0-or-later
"""The pin table that the firmware loads (`callsheet.adapters.board`), as TOML."""

from __future__ import annotations

import json

from hardware.workshop.model import Board, Display, Signal

HEADER = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Made from hardware/board.yaml by scripts/make-hardware; do not edit.
"""


def pin_table(board: Board) -> str:
    """The whole file; the same board gives the same text."""
    line = {signal.name: signal.bcm for signal in board.signals}
    parts = [HEADER, _pairs(name=board.name, revision=board.revision)]
    parts.append("\n[keypad]\n" + _pairs(
        rows=[s.bcm for s in board.used_as("row")], columns=[s.bcm for s in board.used_as("column")],
        driven=board.keypad.driven, column_pull=board.keypad.column_pull, settle_us=board.keypad.settle_us))
    parts.append("\n[keypad.layouts]\n" + "".join(
        f"{_value(layout.id)} = {_value(layout.caps)}\n" for layout in board.keypad.layouts))
    for lamp in board.lamps:
        parts.append(f"\n[lamps.{lamp.name}]\n" + _pairs(line=line[lamp.signal], lit=lamp.lit, colour=lamp.colour))
    parts.append("\n[buzzer]\n" + _pairs(line=line[board.buzzer.signal], sounds=board.buzzer.sounds))
    parts.append("\n[hook]\n" + _pairs(
        line=line[board.hook.signal], off_hook=board.hook.off_hook, debounce_ms=board.hook.debounce_ms))
    parts += [_display(display, line) for display in board.displays]
    parts.append("\n[clock]\n" + _pairs(port=board.clock.port, address=board.clock.address))
    parts += [_signal(board, signal) for signal in board.signals]
    return "".join(parts)


def _display(display: Display, line: dict[str, int]) -> str:
    text = f"\n[displays.{display.id}]\n" + _pairs(
        bus=display.bus, port=display.port, hertz=display.hertz, width=display.width, height=display.height)
    if display.addresses:
        text += "addresses = [" + ", ".join(f"0x{address:02x}" for address in display.addresses) + "]\n"
    if display.bus == "spi":
        text += _pairs(device=display.device)
    if display.dc:
        text += _pairs(dc=line[display.dc])
    if display.reset:
        text += _pairs(reset=line[display.reset])
    return text


def _signal(board: Board, signal: Signal) -> str:
    return "\n[[signals]]\n" + _pairs(
        name=signal.name, bcm=signal.bcm, header=signal.header, wire=board.wire_colour(signal.header))


def _pairs(**values: object) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: object) -> str:
    """JSON's strings, numbers and lists are TOML's as well."""
    return json.dumps(value, ensure_ascii=False)
