# SPDX-License-Identifier: GPL-3.0-or-later
"""The perfboard as a picture: parts seen from above, tracks on the lower side shown through."""

from __future__ import annotations

import math
from html import escape

from hardware.workshop.model import Board, Component, Hole, Link
from hardware.workshop.palette import WIRES
from hardware.workshop.perfboard import STEPS, pads

PITCH, LEFT, TOP, BELOW = 34, 150, 124, 96
BOARD, TRACK, BODY, INK = "#e9dcc0", "#c9955a", "#f3ead6", "#20262c"


def draw(board: Board) -> str:
    """The SVG; the same board gives the same text."""
    columns, rows = board.perfboard.holes
    width, height = LEFT * 2 + (columns - 1) * PITCH, TOP + (rows - 1) * PITCH + BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="The wiring board of {escape(board.name)}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{width / 2:.0f}" y="28" text-anchor="middle" font-size="19" font-weight="bold" fill="{INK}">'
        "The wiring board</text>",
        f'<text x="{width / 2:.0f}" y="50" text-anchor="middle" fill="#4a545e">seen from the parts\' side; brown: solder '
        "or bare wire below; coloured: insulated wires above</text>",
        f'<rect x="{LEFT - 24}" y="{TOP - 24}" width="{(columns - 1) * PITCH + 48}" height="{(rows - 1) * PITCH + 48}" '
        f'rx="6" fill="{BOARD}" stroke="#b9a77f"/>',
    ]
    parts += [_rulers(columns, rows)]
    parts += [_line([_at(hole) for hole in track], TRACK, 9) for track in board.perfboard.tracks]
    parts += [f'<circle cx="{x}" cy="{y}" r="3.2" fill="#fff" stroke="#a98"/>'
              for x, y in (_at((c, r)) for r in range(1, rows + 1) for c in range(1, columns + 1))]
    parts += [_component(board, component) for component in board.components]
    parts += [_connector(board, name) for name in board.perfboard.connectors]
    parts += [f'<text x="{width / 2:.0f}" y="70" text-anchor="middle" fill="#4a545e">{_inner(board)}</text>']
    parts += [_link(link) for link in board.perfboard.links]
    return "\n".join([*parts, "</svg>", ""])


def _at(hole: Hole) -> tuple[int, int]:
    return LEFT + (hole[0] - 1) * PITCH, TOP + (hole[1] - 1) * PITCH


def _line(points: list[tuple[int, int]], colour: str, width: float) -> str:
    path = " ".join(f"{x} {y}" for x, y in points)
    return (f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" '
            'stroke-linejoin="round"/>')


def _inner(board: Board) -> str:
    """The pins of connectors that are not at an edge, where there is no room beside them."""
    rows = board.perfboard.holes[1]
    inside = [c for c in board.connectors if 1 < board.perfboard.connectors[c.id].at[1] < rows
              and board.perfboard.connectors[c.id].runs != "down"]
    return "; ".join(f"{c.id} ({c.what}): " + ", ".join(f"{n} {net}" for n, net in enumerate(c.nets, 1)) for c in inside)


def _rulers(columns: int, rows: int) -> str:
    """Numbers of columns above, of rows inside both edges' outer rim."""
    text = [f'<text x="{_at((c, 1))[0]}" y="{TOP - 30}" text-anchor="middle" font-size="10" fill="#8b949e">{c}</text>'
            for c in range(1, columns + 1)]
    text += [f'<text x="{LEFT - 30}" y="{_at((1, r))[1] + 4}" text-anchor="end" font-size="10" fill="#8b949e">{r}</text>'
             for r in range(1, rows + 1)]
    return "".join(text)


def _link(link: Link) -> str:
    """A wire that bends, so that it hides neither parts nor other wires."""
    (x1, y1), (x2, y2), (cx, cy) = _at(link.ends[0]), _at(link.ends[1]), _at(link.by)
    colour = WIRES[link.colour]
    path = f'd="M{x1} {y1}Q{cx} {cy} {x2} {y2}" fill="none" stroke-linecap="round"'
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}" stroke="{INK}"/>' for x, y in ((x1, y1), (x2, y2)))
    return f'<path {path} stroke="{INK}" stroke-width="6"/><path {path} stroke="{colour}" stroke-width="4.4"/>{dots}'


def _component(board: Board, component: Component) -> str:
    legs = [_at(hole) for hole in board.perfboard.legs[component.ref]]
    if component.kind == "npn":
        return _transistor(component, legs)
    (x1, y1), (x2, y2) = legs
    x, y, length = (x1 + x2) / 2, (y1 + y2) / 2, math.hypot(x2 - x1, y2 - y1)
    upright = y1 != y2
    turn = f' transform="rotate(90 {x:.0f} {y:.0f})"' if upright else ""
    short = min(length - 14, 88.0)
    if component.kind == "capacitor" or length < 1.5 * PITCH:
        # A disc, or a resistor that stands upright.
        body = f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="9" ry="{max(length / 2 - 8, 9):.0f}" fill="{_fill(component)}" stroke="{INK}"/>'
        side = 1 if component.kind == "capacitor" else -1
        label = (f'<text x="{x + 14 * side:.0f}" y="{y + 4:.0f}" text-anchor="{"start" if side > 0 else "end"}" '
                 f'font-weight="bold" fill="{INK}">{_name(component)}</text>')
    else:
        ring = ""
        if component.kind == "diode":
            right = x2 > x1
            ring = f'<rect x="{x + (short / 2 - 14 if right else -short / 2 + 8):.0f}" y="{y - 10:.0f}" width="6" height="20" fill="#fff"/>'
        body = (f'<g{turn}><rect x="{x - short / 2:.0f}" y="{y - 10:.0f}" width="{short:.0f}" height="20" rx="6" '
                f'fill="{_fill(component)}" stroke="{INK}"/>{ring}</g>')
        ink = "#fff" if component.kind == "diode" else INK
        label = f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-weight="bold" fill="{ink}">{_name(component)}</text>'
    leads = _line([(x1, y1), (x2, y2)], "#7d8791", 2.4)
    ends = "".join(f'<circle cx="{a}" cy="{b}" r="4.6" fill="#c7cdd3" stroke="{INK}"/>' for a, b in legs)
    return leads + body + label + ends


def _fill(component: Component) -> str:
    return {"resistor": BODY, "capacitor": "#e8a33d", "diode": "#b2492f", "npn": "#3a4149"}[component.kind]


def _name(component: Component) -> str:
    if component.ohm is None:
        return component.ref
    return f"{component.ref} {component.ohm / 1000:g}k" if component.ohm >= 1000 else f"{component.ref} {component.ohm:g}"


def _transistor(component: Component, legs: list[tuple[int, int]]) -> str:
    """A BC337 from above: who looks at its flat side has the collector on the left, so the flat side faces right here."""
    x, low, high = legs[1][0], max(y for _, y in legs), min(y for _, y in legs)
    ends = "".join(f'<text x="{a - 7}" y="{b + 4}" text-anchor="end" font-size="11" font-weight="bold" fill="#fff">{name}'
                   f'</text><circle cx="{a}" cy="{b}" r="4.6" fill="#c7cdd3" stroke="{INK}"/>'
                   for name, (a, b) in zip("CBE", legs, strict=True))
    return (f'<path d="M{x + 9} {high - 10}V{low + 10}A50 50 0 0 1 {x + 9} {high - 10}Z" fill="{_fill(component)}" '
            f'stroke="{INK}"/>{ends}<text x="{x + 13}" y="{legs[1][1] + 4}" font-weight="bold" fill="{INK}">{component.ref}</text>')


def _connector(board: Board, name: str) -> str:
    """Its frame, its pins (the first one square), and outside what is on each."""
    place = board.perfboard.connectors[name]
    _, dy = STEPS[place.runs]
    mine = [(_at(hole), net) for pad, hole, net, _ in pads(board) if pad.split(".")[0] == name]
    xs, ys = [x for (x, _), _ in mine], [y for (_, y), _ in mine]
    parts = [f'<rect x="{min(xs) - 13}" y="{min(ys) - 13}" width="{max(xs) - min(xs) + 26}" '
             f'height="{max(ys) - min(ys) + 26}" rx="4" fill="#2a3036" fill-opacity=".88"/>']
    for number, ((x, y), net) in enumerate(mine, 1):
        parts.append(f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12" fill="#f2cf2e"/>' if number == 1
                     else f'<circle cx="{x}" cy="{y}" r="6" fill="#f2cf2e"/>')
        parts.append(_outside(x, y, f"{number} {net}", place.at, dy, board.perfboard.holes[0]))
    x, y = _at(place.at)
    middle = (min(ys) + max(ys)) / 2
    if dy:
        side = -1 if place.at[0] == 1 else 1
        parts.append(f'<text x="{x + side * 92:.0f}" y="{middle + 5:.0f}" text-anchor="{"end" if side < 0 else "start"}" '
                     f'font-size="16" font-weight="bold" fill="{INK}">{name}</text>')
    elif place.at[1] > 2:
        parts.append(f'<text x="{(min(xs) + max(xs)) / 2:.0f}" y="{y + 72}" text-anchor="middle" font-size="16" '
                     f'font-weight="bold" fill="{INK}">{name}</text>')
    else:
        parts.append(f'<text x="{min(xs) - 18}" y="{y + 5}" text-anchor="end" font-size="13" font-weight="bold" fill="{INK}">'
                     f"{name}</text>")
    return "".join(parts)


def _outside(x: int, y: int, text: str, at: Hole, dy: int, columns: int) -> str:
    """Beside the edge the connector is on; one in the middle of the board carries its nets elsewhere."""
    if dy:
        side = -1 if at[0] == 1 else 1
        shift = 44 if side < 0 else 30
        anchor = "end" if side < 0 else "start"
        return f'<text x="{x + side * shift}" y="{y + 4}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'
    if at[1] > 2:
        return (f'<text x="{x + 4}" y="{y + 30}" transform="rotate(40 {x} {y + 26})" font-size="11" '
                f'fill="{INK}">{escape(text)}</text>')
    return ""
