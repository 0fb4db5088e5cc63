# SPDX-License-Identifier: GPL-3.0-or-later
"""Schematics of what is soldered onto the wiring board, drawn by schemdraw with board.yaml's values."""

from __future__ import annotations

import re
from collections.abc import Callable

import schemdraw
import schemdraw.elements as elm
from schemdraw.util import Point

from hardware.workshop import header, nets
from hardware.workshop.model import Board, Component, Signal
from hardware.workshop.palette import WIRES

schemdraw.use("svg")
LAMP_FILL = {"green": "#59c26b", "amber": "#f5b93a", "red": "#e4534c"}
INK = "#20262c"
KEY = 1.4
"""From a row to the column a key joins it to, in units of the drawing."""


def draw(board: Board) -> dict[str, bytes]:
    """One SVG per circuit, by name."""
    circuits: dict[str, Callable[[Board, schemdraw.Drawing], None]] = {
        "lamps": _lamps, "buzzer": _buzzer, "hook-switch": _hook, "keypad": _keypad, "console": _console}
    made = {}
    for name, circuit in circuits.items():
        drawing = schemdraw.Drawing(show=False)
        drawing.config(fontsize=12, font="sans-serif", color=INK, lw=1.6, margin=0.5, bgcolor="#ffffff")
        circuit(board, drawing)
        made[name] = _tidy(drawing.get_imagedata("svg").decode())
    return made


def _tidy(svg: str) -> bytes:
    """Without ids that would change from run to run; on white, also where the page is dark."""
    box = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg)
    assert box is not None
    paper = f'<rect x="{box[1]}" y="{box[2]}" width="{box[3]}" height="{box[4]}" fill="#ffffff"/>'
    head, sep, rest = re.sub(r' id="[^"]*"', "", svg).partition(box[0])
    tag, end, body = rest.partition(">")
    return ((head + sep + tag + end + paper + body).rstrip() + "\n").encode()


def _signal(board: Board, name: str) -> Signal:
    return next(signal for signal in board.signals if signal.name == name)


def _pin(board: Board, name: str) -> str:
    """What stands beside a pin: "LINE  GPIO17  pin 11"."""
    signal = _signal(board, name)
    return f"{name}  {header.name(signal.header)}\npin {signal.header}"


def _value(component: Component) -> str:
    if component.ohm is not None:
        value = f"{component.ohm / 1000:g} kΩ" if component.ohm >= 1000 else f"{component.ohm:g} Ω"
    elif component.nf is not None:
        value = f"{component.nf:g} nF"
    else:
        value = {"diode": "1N4148", "npn": "BC337-40"}[component.kind]
    return f"{component.ref}  {value}"


def _wire(board: Board, name: str) -> str:
    return WIRES[board.wire_colour(_signal(board, name).header) or "grey"]


def _lead(d: schemdraw.Drawing, board: Board, name: str, length: float = 1.6) -> None:
    """A pin of the header and its wire, in the wire's own colour."""
    d += elm.Dot(open=True).label(_pin(board, name), loc="left", ofst=0.2)
    _coloured(d, d.here, (d.here[0] + length, d.here[1]), _wire(board, name))


def _coloured(d: schemdraw.Drawing, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """A wire in its own colour, with an edge so that white shows on white."""
    d += elm.Line().at(start).to(end).color(INK).linewidth(5.5)
    d += elm.Line().at(start).to(end).color(colour).linewidth(3.5)


def _series(board: Board, name: str) -> Component:
    found = nets.series_resistor(board, name)
    assert found is not None
    return found


def _lamps(board: Board, d: schemdraw.Drawing) -> None:
    for index, lamp in enumerate(board.lamps):
        d.move_from(Point((0, -index * 2.2)), theta=0)
        _lead(d, board, lamp.signal)
        d += elm.ResistorIEC().right().length(2.6).label(_value(_series(board, lamp.signal)), loc="top")
        d += elm.LED().right().length(2.4).fill(LAMP_FILL[lamp.colour]).label(f"{lamp.colour}: {lamp.name}", loc="bottom", ofst=0.45)
        least, most = nets.lamp_ma(board, lamp)
        d += elm.Line().right().length(0.8)
        d += elm.Ground()
        d += elm.Label().at((8.2, -index * 2.2)).label(f"{least:.1f} to {most:.1f} mA", loc="right", halign="left")


def _buzzer(board: Board, d: schemdraw.Drawing) -> None:
    npn = next(c for c in board.components if c.kind == "npn")
    base = npn.nets[1]
    pull = nets.component_between(board, "resistor", base, "GND")
    diode = nets.component_between(board, "diode", "5V")
    assert pull is not None and diode is not None
    _lead(d, board, board.buzzer.signal)
    d += elm.ResistorIEC().right().length(2.6).label(_value(_series(board, board.buzzer.signal)), loc="top")
    joint = d.here
    d += elm.Dot()
    d += elm.Line().right().length(0.9)
    transistor = elm.BjtNpn(circle=True).right().anchor("base").label(_value(npn), loc="right", ofst=0.2)
    d += transistor
    d += elm.ResistorIEC().at(joint).down().length(2.4).label(_value(pull), loc="top")
    d += elm.Ground()
    d += elm.Line().at(transistor.emitter).down().toy(d.here)
    d += elm.Ground()
    d += elm.Line().at(transistor.collector).up().length(0.5)
    low = d.here
    d += elm.Dot()
    d += elm.Line().up().length(0.2)
    d += elm.RBox().up().length(2.0).label("buzzer\n5 V, 30 mA", loc="bottom", ofst=0.15)
    d += elm.Label().at((low[0] - 0.45, low[1] + 1.75)).label("+")
    d += elm.Line().up().length(0.4)
    high = d.here
    d += elm.Dot()
    d += elm.Line().at(low).right().length(2.9)
    d += elm.Diode().up().toy(high).label(_value(diode), loc="bottom", ofst=0.1)
    d += elm.Line().left().tox(high)
    d += elm.Line().at(high).up().length(0.5)
    d += elm.Vdd().label("5 V")


def _hook(board: Board, d: schemdraw.Drawing) -> None:
    name = board.hook.signal
    pull = nets.component_between(board, "resistor", "3V3", name)
    capacitor = nets.component_between(board, "capacitor", name, "GND")
    assert pull is not None and capacitor is not None
    _lead(d, board, name)
    joint = d.here
    d += elm.Dot()
    d += elm.ResistorIEC().up().length(2.2).label(_value(pull), loc="bottom")
    d += elm.Vdd().label("3.3 V")
    d += elm.Capacitor().at(joint).down().length(2.2).label(_value(capacitor), loc="bottom", ofst=0.15)
    d += elm.Ground()
    d += elm.Line().at(joint).right().length(2.0)
    d += elm.ResistorIEC().right().length(2.6).label(_value(_series(board, name)), loc="top")
    d += elm.Switch().down().length(2.2).label("NC – COM\nopen: on the hook\nclosed: lifted", loc="bottom", ofst=0.3)
    d += elm.Ground()


def _keypad(board: Board, d: schemdraw.Drawing) -> None:
    rows, columns = board.used_as("row"), board.used_as("column")
    caps = board.keypad.layouts[0].caps
    step = 2.3
    for c, column in enumerate(columns):
        x = 6.2 + c * step
        d += elm.Dot(open=True).at((x + KEY, 1.6)).label(_pin(board, column.name).replace("  ", "\n"), loc="top", ofst=0.15)
        _coloured(d, (x + KEY, 1.6), (x + KEY, 0.4), _wire(board, column.name))
        d += elm.Line().at((x + KEY, 0.4)).down().length(0.8 + step * (len(rows) - 1))
    for r, row in enumerate(rows):
        y = -0.9 - r * step
        d.move_from(Point((0, y)), theta=0)
        _lead(d, board, row.name)
        d += elm.ResistorIEC().right().length(2.6).label(_value(_series(board, row.name)), loc="top")
        d += elm.Line().right().length(6.2 + (len(columns) - 1) * step - 4.2)
        for c in range(len(columns)):
            x = 6.2 + c * step
            d += elm.Dot().at((x, y))
            _key(d, x, y, caps[r][c])
    d += elm.Label().at((6.2 + (len(columns) - 1) * step / 2, -2.2 - (len(rows) - 1) * step)).label(
        "Columns are pulled up inside the processor.\nIdle: all rows low. Scan: one row low, the others float.")


def _key(d: schemdraw.Drawing, x: float, y: float, cap: str) -> None:
    """A key between the row at (x, y) and the column to its right."""
    d += elm.Line().at((x, y)).up().length(0.5)
    d += elm.Button().at((x, y + 0.5)).right().length(1.0).label(cap, loc="top", fontsize=13)
    d += elm.Line().at((x + 1.0, y + 0.5)).right().length(KEY - 1.0)
    d += elm.Dot().at((x + KEY, y + 0.5))


def _console(board: Board, d: schemdraw.Drawing) -> None:
    for index, (name, there) in enumerate((("TXD", "RXD"), ("RXD", "TXD"))):
        d.move_from(Point((0, -index * 1.5)), theta=0)
        _lead(d, board, name)
        d += elm.ResistorIEC().right().length(2.6).label(_value(_series(board, name)), loc="top")
        d += elm.Line().right().length(1.2)
        d += elm.Dot(open=True)
        d += elm.Label().at((5.75, -index * 1.5)).label(there, halign="left")
    d += elm.Dot(open=True).at((0, -3.0)).label("GND", loc="left", ofst=0.2)
    _coloured(d, (0, -3.0), (5.4, -3.0), WIRES["black"])
    d += elm.Dot(open=True).at((5.4, -3.0))
    d += elm.Label().at((5.75, -3.0)).label("GND", halign="left")
    d += elm.Rect(corner1=(5.6, 0.9), corner2=(10.2, -3.8)).at((0, 0))
    d += elm.Label().at((8.4, -1.5)).label("USB-UART\nbridge\n3.3 V levels")
    d += elm.Label().at((7.9, -4.3)).label("its VCC pin stays free")
