# SPDX-License-Identifier: GPL-3.0-or-later
"""The bought parts as simple bodies: what the printed ones must leave room for, and what the picture shows."""

from __future__ import annotations

from build123d import Align, Box, Cylinder, Part, Pos

from hardware.enclosure.case import LOW, on_lid, switch_place
from hardware.enclosure.layout import BOARD_THICK, Layout, resting

JUMPER = 22.5
"""Pin header with a jumper's housing on it: 2.5 mm of plastic, 6 mm of pin, 14 mm of housing."""
HEADER = (50.8, 5.08)
HEADER_AT = (32.5, 3.5)
"""Middle of the 40-pin header: along the Pi from its microSD end, and from its far edge."""
SKIN = 0.05
"""Bodies are drawn this much smaller, so that touching is not colliding."""
HIGH = (Align.CENTER, Align.CENTER, Align.MAX)


def bodies(layout: Layout) -> dict[str, Part]:
    """Every bought part where it sits in the finished phone."""
    return {**_pi(layout), **_on_bottom(layout), **_on_lid(layout)}


def _box(size: tuple[float, float, float]) -> Part:
    """Standing on its own origin, a skin smaller."""
    return Pos(0, 0, SKIN) * Box(*(max(side - 2 * SKIN, 0.1) for side in size), align=LOW)


def _pi(layout: Layout) -> dict[str, Part]:
    model = layout.phone.model
    long, wide, thick = model.pcb
    x, y = layout.pi(long / 2, wide / 2)
    top = layout.pi_z + thick
    found = {"Pi": Pos(x, y, layout.pi_z) * _box((wide, long, thick))}
    for socket in model.sockets:
        deep = 21.0 if socket.edge == "end" else 7.5
        if socket.edge == "end":
            sx, sy = layout.pi(long + socket.out - deep / 2, socket.at)
            size = (socket.size[0], deep, socket.size[1])
        else:
            sx, sy = layout.pi(socket.at, deep / 2 - socket.out)
            size = (deep, socket.size[0], socket.size[1])
        found[f"Pi {socket.name}"] = Pos(sx, sy, top + socket.above) * _box(size)
    hx, hy = layout.pi(HEADER_AT[0], wide - HEADER_AT[1])
    found["Pi jumpers"] = Pos(hx, hy, top) * _box((HEADER[1], HEADER[0], JUMPER))
    return found


def _on_bottom(layout: Layout) -> dict[str, Part]:
    found = {}
    for name in ("wiring-board", "bridge"):
        part = layout.phone.part(name)
        x, y, z = resting(part, layout)
        found[name] = Pos(x, y, z) * _box((part.body[1], part.body[0], BOARD_THICK))
        high = JUMPER if name == "wiring-board" else part.body[2] - BOARD_THICK
        # What stands on the board stays off its rim, where the ledges and washers are.
        found[f"{name} top"] = Pos(x, y, z + BOARD_THICK) * _box((part.body[1] - 6, part.body[0] - 6, high))
    return found


def _on_lid(layout: Layout) -> dict[str, Part]:
    at = on_lid(layout)
    inner = -layout.case.lid
    phone = layout.phone
    display, keypad = phone.display, layout.keypad
    found = {
        "keypad": at * Pos(*layout.on_lid("keypad"), 0) * _box(keypad.body),
        "display": at * Pos(*layout.on_lid("display"), inner - display.body[2]) * _box(display.body),
        "display wires": at * Pos(layout.on_lid("display")[0], layout.on_lid("display")[1] + display.body[1] / 2 - 4,
                                  inner - display.body[2] - 18) * _box((14, 6, 18)),
    }
    for lamp in phone.board.lamps:
        wide, _, long = phone.part(lamp.part).body
        found[lamp.part] = at * Pos(*layout.on_lid(lamp.part), 2.0) * Cylinder(
            wide / 2 - SKIN, long - SKIN, align=HIGH)
    wide, _, high = phone.part("buzzer").body
    found["buzzer"] = at * Pos(*layout.on_lid("buzzer"), inner - SKIN) * Cylinder(wide / 2 - SKIN, high, align=HIGH)
    switch = phone.part("hook-switch").body
    u, v, w = switch_place(layout)
    # The fixing holes are 2.9 mm above the lower edge of a body 10.2 mm high, the tags reach 6.4 mm below it.
    found["hook-switch"] = at * Pos(u, v - switch[1] / 2 - SKIN, w - 9.3) * _box((switch[0], switch[1], 16.6))
    return found
