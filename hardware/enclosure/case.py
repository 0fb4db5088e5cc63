# SPDX-License-Identifier: GPL-3.0-or-later
"""The four printed parts as solids: base, lid, cradle, plunger. Every one prints flat, without support.

The lid prints upside down on its sloping face: walls, screw bosses and frames then all grow upwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from build123d import (
    Align,
    Axis,
    Box,
    Cone,
    Cylinder,
    Face,
    Location,
    Part,
    Plane,
    Pos,
    Rot,
    Vector,
    Wire,
    chamfer,
    extrude,
    fillet,
)

from hardware.enclosure.layout import BOARD_THICK, CRADLE, PLUNGER_HOLE, POST, RIDGE, Cutout, Layout, resting

LOW = (Align.CENTER, Align.CENTER, Align.MIN)
INSERT, INSERT_DEEP, BOSS = 4.0, 7.0, 9.6
"""Hole for a heat-set insert M3 of 4.6 mm, its depth, and the boss around it."""
SCREW, HEAD = 3.4, 6.6
"""M3 passes, and its countersunk head."""
PI_HOLE, PI_POST = 2.1, 6.2
"""M2.5 cuts its thread; the post stays within the free ring around the Pi's holes."""
CLAMP_HOLE, CLAMP = 1.8, 7.0
"""M2.2 cuts its thread; a post beside the board, its washer over the board's edge."""
RIB = 2.0
SLOT = 3.0
"""Width of an air slot: nothing falls in, and it prints without support."""
PIN, FLANGE, FLANGE_THICK, TRAVEL = 6.4, 14.0, 2.0, 4.5
"""The plunger, its flange, and how far it stands out over the cradle's floor."""
FLOOR, RIDGE_HIGH = 3.0, 16.0
"""The cradle's floor and the height of its ridges above it."""
SWITCH_BELOW = 12.6
"""From the plunger's flange to the switch's fixing holes (Omron SS-5GL: lever free at 13.6 mm, switched at 8.8 mm)."""


def parts(layout: Layout) -> dict[str, Part]:
    """All printed parts where they are in the finished phone."""
    return {"base": base(layout), "lid": lid(layout), "cradle": cradle(layout), "plunger": plunger(layout)}


def on_lid(layout: Layout) -> Location:
    """The lid's own coordinates: u across, v up the slope, w out of its surface."""
    tilt = math.degrees(layout.slope)
    return Location((0, 0, layout.case.front), (tilt, 0, 0))


def to_print(layout: Layout) -> dict[str, Location]:
    """How each part is turned to lie on the printer's bed."""
    upright = Location()
    return {"base": upright, "lid": Rot(180, 0, 0) * on_lid(layout).inverse(),
            "cradle": on_lid(layout).inverse(), "plunger": on_lid(layout).inverse()}


def _prism(points: Iterable[tuple[float, float]], x: float, width: float) -> Part:
    """A solid of one section in y and z, from x on."""
    wire = Wire.make_polygon([Vector(x, y, z) for y, z in points], close=True)
    return extrude(Face(wire), amount=width, dir=(1, 0, 0))


def base(layout: Layout) -> Part:
    """Bottom and back wall, with posts for the boards."""
    case, gap = layout.case, layout.case.gap
    inner = case.wall + gap
    width = layout.width - 2 * inner
    plate = Pos(layout.width / 2, (inner + layout.depth) / 2, 0) * Box(
        width, layout.depth - inner, case.bottom, align=LOW)
    back = layout.depth - case.wall
    solid = plate + _prism([(back, 0), (layout.depth, 0),
                            (layout.depth, layout.lid_height(layout.depth, inside=True) - gap),
                            (back, layout.lid_height(back, inside=True) - gap)], inner, width)
    solid += _gussets(layout)
    solid += _pi_posts(layout)
    solid += _cradle_for_board(layout, "wiring-board", turned=True)
    solid += _cradle_for_board(layout, "bridge", turned=True)
    for hole in layout.cutouts():
        if hole.face == "rear":
            solid -= _through(hole, Plane.XZ.location, (0, 0, -layout.depth))
    for x, y in layout.bosses():
        solid -= Pos(x, y, 0) * Cylinder(SCREW / 2, 20)
        solid -= Pos(x, y, 0) * Cone(HEAD / 2, SCREW / 2, (HEAD - SCREW) / 2, align=LOW)
    for slot in (*_bottom_slots(layout), *_back_slots(layout)):
        solid -= slot
    return solid


def _gussets(layout: Layout) -> Part:
    """Two feet that hold the back wall upright."""
    back = layout.depth - layout.case.wall
    low = layout.case.bottom
    found = None
    for x in (layout.width * 0.33, layout.pi(0, layout.phone.model.pcb[1])[0] - 8.0):
        one = _prism([(back, low), (back - 14, low), (back, low + 34)], x, RIB + 0.5)
        found = one if found is None else found + one
    assert found is not None
    return found


def _pi_posts(layout: Layout) -> Part:
    found = None
    for along, across in layout.phone.model.holes:
        x, y = layout.pi(along, across)
        post = Pos(x, y, layout.case.bottom) * (
            Cylinder(PI_POST / 2, POST, align=LOW) - Cylinder(PI_HOLE / 2, POST, align=LOW))
        found = post if found is None else found + post
    assert found is not None
    return found


def _cradle_for_board(layout: Layout, name: str, *, turned: bool) -> Part:
    """Four ledges under the corners, two posts beside the board whose washers hold it down."""
    part = layout.phone.part(name)
    x, y, z = resting(part, layout)
    wide, deep = (part.body[1], part.body[0]) if turned else (part.body[0], part.body[1])
    low = layout.case.bottom
    found = None
    for sx in (-1, 1):
        for sy in (-1, 1):
            # A ledge reaches 3 mm under the board, and its rim stands beside it.
            ledge = Pos(x + sx * (wide / 2 - 1), y + sy * (deep / 2 - 2.5), low) * Box(6, 5, z - low, align=LOW)
            rim = Pos(x + sx * (wide / 2 + 0.3 + 0.85), y + sy * (deep / 2 - 2.5), low) * Box(
                1.7, 5, z - low + BOARD_THICK + 0.6, align=LOW)
            both = ledge + rim
            found = both if found is None else found + both
        post = Pos(x + sx * (wide / 2 + 0.3 + CLAMP / 2), y, low) * (
            Cylinder(CLAMP / 2, z - low + BOARD_THICK, align=LOW)
            - Pos(0, 0, 1) * Cylinder(CLAMP_HOLE / 2, 20, align=LOW))
        found += post
    assert found is not None
    return found


def _bottom_slots(layout: Layout) -> list[Part]:
    """Air in, under the Pi."""
    length, across, _ = layout.phone.model.pcb
    slots = []
    for n in range(4):
        x, y = layout.pi(length / 2 - 3, across * (0.26 + 0.16 * n))
        slots.append(Pos(x, y, 0) * Box(SLOT, length * 0.42, 20))
    return slots


def _back_slots(layout: Layout) -> list[Part]:
    """Air out, high up behind the Pi."""
    high = layout.lid_height(layout.depth - layout.case.wall, inside=True)
    count = 12
    return [Pos(layout.width / 2 + (n - (count - 1) / 2) * 10, layout.depth, high - 17) * Box(SLOT, 20, 16)
            for n in range(count)]


def _through(hole: Cutout, face: Location, shift: tuple[float, float, float]) -> Part:
    """The tool that cuts a hole through its face."""
    tool = Cylinder(hole.size[0] / 2, 40) if hole.round else Box(hole.size[0], hole.size[1], 24)
    if not hole.round and min(hole.size) >= 6 and hole.face != "lid":
        tool = fillet(tool.edges().filter_by(Axis.Z), 1.0)
    return face * Pos(hole.centre[0] + shift[0], hole.centre[1] + shift[1], shift[2]) * tool


def lid(layout: Layout) -> Part:
    """Lid, front and sides; open below and at the back."""
    case, wall = layout.case, layout.case.wall
    outer = _prism([(0, 0), (layout.depth, 0), (layout.depth, case.back), (0, case.front)], 0, layout.width)
    outer = _softened(outer)
    inside = layout.lid_height
    inner = _prism([(wall, -1), (layout.depth + 9, -1), (layout.depth + 9, inside(layout.depth + 9, inside=True)),
                    (wall, inside(wall, inside=True))], wall, layout.width - 2 * wall)
    solid = outer - inner + _bosses(layout)
    at = on_lid(layout)
    solid += at * _under_the_lid(layout)
    for hole in layout.cutouts():
        if hole.face == "lid":
            solid -= _through(hole, at, (0, 0, 0))
        elif hole.face == "right":
            solid -= _through(hole, Plane.YZ.location, (0, 0, layout.width))
    u, v = layout.on_lid("cradle")
    for sx, sy in CORNERS:
        solid -= at * Pos(u + sx * _CRADLE_SCREW[0], v + sy * _CRADLE_SCREW[1], 0) * Cylinder(1.25, 40)
    return solid


CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_CRADLE_SCREW = (CRADLE[0] / 2 - 7, CRADLE[1] / 2 - RIDGE / 2)


def _softened(outer: Part) -> Part:
    """No sharp edge where a hand lies; 45° at most, so that it prints on its face."""
    slanted = [edge for edge in outer.edges() if edge.center().Z > 12 and abs(edge.tangent_at(0.5).Z) < 0.9
               and edge.center().Y < outer.bounding_box().max.Y - 1]
    outer = chamfer(slanted, 1.6)
    front = [edge for edge in outer.edges() if abs(edge.tangent_at(0.5).Z) > 0.99 and edge.center().Y < 1]
    return fillet(front, 2.0)


def _bosses(layout: Layout) -> Part:
    """Columns from the lid down to the bottom, for heat-set inserts."""
    found = None
    for x, y in layout.bosses():
        high = layout.lid_height(y - BOSS / 2, inside=True) + 1.0
        low = layout.case.bottom + layout.case.gap
        column = Pos(x, y, low) * Cylinder(BOSS / 2, high - low, align=LOW)
        # Against the wall, so that it does not snap off when the screw pulls.
        side = -1 if x < layout.width / 2 else 1
        column += Pos(x + side * 3, y, low) * Box(6, BOSS, high - low, align=LOW)
        column -= Pos(x, y, low) * Cylinder(INSERT / 2, INSERT_DEEP, align=LOW)
        found = column if found is None else found + column
    assert found is not None
    return found


def _under_the_lid(layout: Layout) -> Part:
    """Frames and posts on the lid's inner side, in the lid's own coordinates."""
    inner = -layout.case.lid
    display = layout.phone.display
    u, v = layout.on_lid("display")
    solid = _frame(u, v, display.body, inner)
    for side in (-1, 1):
        x = u + side * (display.body[0] / 2 + 0.4 + RIB + CLAMP / 2 - 1.5)
        post = Cylinder(CLAMP / 2, display.body[2], align=LOW) - Cylinder(CLAMP_HOLE / 2, display.body[2], align=LOW)
        solid += Pos(x, v, inner - display.body[2]) * post
    buzzer = layout.phone.part("buzzer").body
    ring = Cylinder(buzzer[0] / 2 + 0.25 + RIB, 7, align=LOW) - Cylinder(buzzer[0] / 2 + 0.25, 7, align=LOW)
    solid += Pos(*layout.on_lid("buzzer"), inner - 7) * ring
    for lamp in layout.phone.board.lamps:
        collar = Cylinder(5.2, 3, align=LOW) - Cylinder(3.1, 3, align=LOW)
        solid += Pos(*layout.on_lid(lamp.part), inner - 3) * collar
    return solid + _switch_bracket(layout, inner)


def _frame(u: float, v: float, body: tuple[float, float, float], inner: float) -> Part:
    """Four corners that hold a display where it belongs."""
    wide, high, thick = body[0] + 0.8, body[1] + 0.8, body[2] + 1.0
    frame = Box(wide + 2 * RIB, high + 2 * RIB, thick, align=LOW) - Box(wide, high, thick, align=LOW)
    frame -= Box(wide + 20, high - 10, thick, align=LOW)
    frame -= Box(wide - 10, high + 20, thick, align=LOW)
    return Pos(u, v, inner - thick) * frame


def switch_place(layout: Layout) -> tuple[float, float, float]:
    """Where the switch's fixing holes are, in the lid's coordinates: middle of the two, at the bracket's face."""
    u, v = layout.on_lid("cradle")
    thick = layout.phone.part("hook-switch").body[1]
    return u, v + thick / 2 + 0.2, -layout.case.lid - FLANGE_THICK - SWITCH_BELOW


def _switch_bracket(layout: Layout, inner: float) -> Part:
    """A wall the microswitch is screwed to; the holes are slots, to set where it switches."""
    part = layout.phone.part("hook-switch")
    assert part.holes is not None
    u, v, w = switch_place(layout)
    deep = inner - w + 6
    wall = Pos(u, v + 1.6, inner - deep) * Box(part.body[0] + 6, 3.2, deep, align=LOW)
    for side in (-1, 1):
        wall -= Pos(u + side * part.holes[0] / 2, v, w) * Box(part.holes[1], 20, part.holes[1] + 3)
        # Feet along the wall, so that it does not bend when the plunger is pressed.
        wall += Pos(u + side * (part.body[0] / 2 + 1.6), v + 4.5, inner - 8) * Box(2.4, 5, 8, align=LOW)
    return wall


def cradle(layout: Layout) -> Part:
    """The rest for the headset: its band lies between two ridges and presses the plunger."""
    wide, high = CRADLE
    solid = Box(wide, high, FLOOR, align=LOW)
    for side in (-1, 1):
        ridge = Pos(0, side * (high - RIDGE) / 2, 0) * Box(wide, RIDGE, FLOOR + RIDGE_HIGH, align=LOW)
        solid += ridge
    top = [edge for edge in solid.edges() if edge.center().Z > FLOOR + RIDGE_HIGH - 0.1]
    solid = chamfer(top, 2.5)
    upright = [edge for edge in solid.edges() if abs(edge.tangent_at(0.5).Z) > 0.99 and abs(edge.center().X) > wide / 2 - 1
               and abs(edge.center().Y) > high / 2 - 1]
    solid = fillet(upright, 3.0)
    solid -= Cylinder(PLUNGER_HOLE / 2, 40)
    for sx, sy in CORNERS:
        solid -= Pos(sx * _CRADLE_SCREW[0], sy * _CRADLE_SCREW[1], 0) * Cylinder(CLAMP_HOLE / 2, 12, align=LOW)
    return on_lid(layout) * Pos(*layout.on_lid("cradle"), 0) * solid


def plunger(layout: Layout, pressed: float = 0.0) -> Part:
    """A pin with a flange under the lid; the switch's lever pushes it up. `pressed`: so far down, in mm."""
    length = FLANGE_THICK + layout.case.lid + FLOOR + TRAVEL
    solid = Box(FLANGE, PIN, FLANGE_THICK, align=LOW) + Cylinder(PIN / 2, length, align=LOW)
    solid = chamfer([edge for edge in solid.edges() if length - 0.1 < edge.center().Z], 1.0)
    return on_lid(layout) * Pos(*layout.on_lid("cradle"), -layout.case.lid - FLANGE_THICK - pressed) * solid
