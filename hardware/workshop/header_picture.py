# SPDX-License-Identifier: GPL-3.0-or-later
"""The 40-pin header as a picture: what is on each pin, which wire, where it goes."""

from __future__ import annotations

from html import escape

from hardware.workshop import header
from hardware.workshop.model import Board, Cable, Signal
from hardware.workshop.palette import WIRES

ROW, TOP, CENTRE, WIDTH = 30, 92, 430, 860
KINDS = {
    "row": "#cfe3f7", "column": "#dcefd9", "lamp": "#fdeec2", "buzzer": "#f9dcc4", "hook": "#f6d3dc",
    "i2c": "#ddd6f3", "spi": "#ececec", "display": "#ececec", "uart": "#d3eeee",
}
WHAT = {"row": "keypad row", "column": "keypad column", "lamp": "lamp", "buzzer": "buzzer", "hook": "hook switch",
        "i2c": "display, clock", "uart": "console", "spi": "SSD1322 only", "display": "SSD1322 only"}
SUPPLY = {"5V": "#f7c9c6", "3V3": "#fbdcb8", "GND": "#d9dde1"}
FREE = "#ffffff"


def draw(board: Board) -> str:
    """The SVG; the same board gives the same text."""
    height = TOP + 20 * ROW + 78
    body = [_pin(board, pin) for pin in range(1, 41)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="The 40-pin header of {escape(board.name)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{CENTRE}" y="28" text-anchor="middle" font-size="19" font-weight="bold" fill="#20262c">'
        "The 40-pin header</text>",
        f'<text x="{CENTRE}" y="50" text-anchor="middle" fill="#4a545e">seen from above, microSD card at the top, '
        "pin 1 (square pad) at the top left. Dashed wires: only in some variants</text>",
        f'<rect x="{CENTRE - 40}" y="{TOP - 12}" width="80" height="{20 * ROW + 10}" rx="6" fill="#20262c"/>',
        *body, _legend(height - 34), "</svg>", ""])


def _pin(board: Board, pin: int) -> str:
    left = pin % 2 == 1
    y = TOP + (pin - 1) // 2 * ROW
    sign = -1 if left else 1
    x = CENTRE + sign * 19
    signal = next((s for s in board.signals if s.header == pin), None)
    fill = SUPPLY.get(header.SUPPLY.get(pin, ""), KINDS[signal.use] if signal else FREE)
    box = CENTRE + (-40 - 126 if left else 40)
    parts = [
        _pad(x, y, fill, square=pin == 1),
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="11" fill="#20262c">{pin}</text>',
        f'<rect x="{box}" y="{y - 11}" width="126" height="22" rx="3" fill="{fill}" stroke="#b5bec7"/>',
        f'<text x="{box + 63}" y="{y + 4}" text-anchor="middle" font-weight="bold" fill="#20262c">'
        f"{_title(pin, signal)}</text>",
    ]
    wire = _wire(board, pin)
    if wire:
        parts += _lead(box if left else box + 126, y, sign, *wire)
    elif signal is None and pin not in header.SUPPLY:
        parts.append(_text(box if left else box + 126, y, sign, _spare(board, pin), "#8b949e"))
    return "".join(parts)


def _pad(x: float, y: float, fill: str, *, square: bool) -> str:
    if square:
        return f'<rect x="{x - 11}" y="{y - 11}" width="22" height="22" fill="{fill}"/>'
    return f'<circle cx="{x}" cy="{y}" r="11" fill="{fill}"/>'


def _title(pin: int, signal: Signal | None) -> str:
    name = header.name(pin)
    return f"{signal.name} · {name}" if signal else name


def _wire(board: Board, pin: int) -> tuple[str, str, bool] | None:
    """Colour and goal of the wire on a pin, and whether every phone has it."""
    found = [(cable, colour, there) for cable in board.cables if cable.start == "header"
             for at, colour, there in cable.wires if at == pin]
    if not found:
        return None
    cable, colour, there = found[0]
    return colour, f"{_goal(board, cable, there)}", not cable.when or len(found) > 1


def _goal(board: Board, cable: Cable, there: int) -> str:
    part = next((part for part in board.parts if part.id == cable.end), None)
    where = f"{part.name} {part.terminals[there - 1]}" if part else f"{cable.end}.{there}"
    signal = next((s for s in board.signals if any(w[0] == s.header and w[2] == there for w in cable.wires)), None)
    if signal is None or part:
        return where
    if signal.use in ("row", "column"):
        return f"{where}  {WHAT[signal.use]} {signal.index + 1}"
    lamp = next((lamp for lamp in board.lamps if lamp.signal == signal.name), None)
    return f"{where}  {lamp.colour} lamp: {lamp.name}" if lamp else f"{where}  {WHAT[signal.use]}"


def _lead(x: float, y: float, sign: int, colour: str, goal: str, always: bool) -> list[str]:
    end = x + sign * 34
    dash = "" if always else ' stroke-dasharray="5 3"'
    return [
        f'<path d="M{x} {y}H{end}" stroke="#39424c" stroke-width="6.5"/>',
        f'<path d="M{x} {y}H{end}" stroke="{WIRES[colour]}" stroke-width="5"{dash}/>',
        _text(end, y, sign, goal, "#20262c"),
    ]


def _text(x: float, y: float, sign: int, text: str, fill: str) -> str:
    anchor = "end" if sign < 0 else "start"
    return f'<text x="{x + sign * 8}" y="{y + 4}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _spare(board: Board, pin: int) -> str:
    reserved = next((r for r in board.reserved if r.bcm == header.BCM[pin]), None)
    return {"id-eeprom": "keep free: ID EEPROM", "spi": "keep free: SPI"}.get(reserved.job, "") if reserved else "free"


def _legend(y: float) -> str:
    items = [("#f7c9c6", "5 V"), ("#fbdcb8", "3.3 V"), ("#d9dde1", "ground"), (KINDS["row"], "rows"),
             (KINDS["column"], "columns"), (KINDS["lamp"], "lamps"), (KINDS["buzzer"], "buzzer"),
             (KINDS["hook"], "hook"), (KINDS["i2c"], "I²C"), (KINDS["uart"], "console"), (KINDS["spi"], "SSD1322")]
    parts, x = [], 26.0
    for fill, text in items:
        parts.append(f'<rect x="{x:.0f}" y="{y}" width="14" height="14" rx="2" fill="{fill}" stroke="#b5bec7"/>'
                     f'<text x="{x + 19:.0f}" y="{y + 11}" font-size="12" fill="#4a545e">{text}</text>')
        x += 36 + 6.6 * len(text)
    return "".join(parts)
