# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws who imports whom in the firmware, from the code itself, as SVG."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROWS = (("cli", "phone", "docs"), ("simulator", "manager", "adapters", "selftest"), ("ports",), ("formats",), ("core",))
"""Rooms from the outside in; a row imports only from rows below it, or its own."""
NOTES = {
    "cli": "the command", "phone": "main loop, composition root", "simulator": "handset, town, demo",
    "adapters": "SIP, store, transport, display", "ports": "what the core needs from outside",
    "formats": "files to dataclasses", "core": "pure: queue, state machine, screens", "manager": "the management end",
    "selftest": "checks for technicians", "docs": "generated pages",
}
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 220, 62, 40, 58, 24


def rooms(root: Path) -> tuple[dict[str, int], Counter[tuple[str, str]]]:
    """Files per room, and how many imports lead from one room to another."""
    files: Counter[str] = Counter()
    arrows: Counter[tuple[str, str]] = Counter()
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        if room.startswith("__"):
            continue
        files[room] += 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("callsheet."):
                other = (node.module or "").split(".")[1]
                if other != room:
                    arrows[room, other] += 1
    return dict(files), arrows


def draw(root: Path) -> str:
    """The picture; the same code gives the same text."""
    files, arrows = rooms(root)
    rows = [[room for room in row if room in files] for row in ROWS]
    rows = [row for row in rows if row]
    widest = max(len(row) for row in rows)
    total = widest * WIDTH + (widest - 1) * GAP_X + 2 * MARGIN
    boxes: dict[str, tuple[float, float]] = {}
    for y, row in enumerate(rows):
        left = (total - len(row) * WIDTH - (len(row) - 1) * GAP_X) / 2
        for x, room in enumerate(row):
            boxes[room] = (left + x * (WIDTH + GAP_X), MARGIN + y * (HEIGHT + GAP_Y))
    height = MARGIN * 2 + len(rows) * HEIGHT + (len(rows) - 1) * GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:.0f} {height}" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="Who imports whom in the firmware">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#5a6b7b"/></marker></defs>',
        f'<rect width="{total:.0f}" height="{height}" fill="#fff"/>',
    ]
    parts += [_arrow(boxes, pair, count) for pair, count in sorted(arrows.items()) if set(pair) <= boxes.keys()]
    parts += [_box(room, place, files[room]) for room, place in boxes.items()]
    return "\n".join([*parts, "</svg>", ""])


def _arrow(boxes: dict[str, tuple[float, float]], pair: tuple[str, str], count: int) -> str:
    """From the lower edge to the upper; within a row from side to side. Thicker: more imports."""
    (x1, y1), (x2, y2) = boxes[pair[0]], boxes[pair[1]]
    if y1 == y2:
        right = x2 > x1
        start = (x1 + (WIDTH if right else 0), y1 + HEIGHT / 2)
        end = (x2 + (0 if right else WIDTH), y2 + HEIGHT / 2)
    else:
        start = (x1 + WIDTH / 2 + (x2 - x1) * 0.12, y1 + HEIGHT)
        end = (x2 + WIDTH / 2 + (x1 - x2) * 0.25, y2)
    width = 1 + min(count, 60) ** 0.5 / 2.5
    return (f'<path d="M{start[0]:.0f} {start[1]:.0f} {end[0]:.0f} {end[1]:.0f}" stroke="#5a6b7b" fill="none" '
            f'stroke-width="{width:.1f}" opacity=".55" marker-end="url(#tip)"><title>{pair[0]} imports {pair[1]}'
            f"</title></path>")


def _box(room: str, place: tuple[float, float], files: int) -> str:
    x, y = place
    fill = "#e4f1e7" if room == "core" else "#f3f0e8"
    size = f"{room}/" if files > 1 else f"{room}.py"
    return (f'<g><rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="9" fill="{fill}" '
            f'stroke="#39424c"/><text x="{x + WIDTH / 2:.0f}" y="{y + 25:.0f}" text-anchor="middle" '
            f'font-weight="bold" fill="#20262c">{size}</text><text x="{x + WIDTH / 2:.0f}" y="{y + 45:.0f}" '
            f'text-anchor="middle" fill="#4a545e">{NOTES.get(room, "")}</text></g>')
