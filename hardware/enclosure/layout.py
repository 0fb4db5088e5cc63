# SPDX-License-Identifier: GPL-3.0-or-later
"""Where everything sits and what is cut out of which face: numbers only, no solids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from hardware.workshop.model import Board, Part
from hardware.workshop.variants import Chosen, Phone

Face = Literal["lid", "rear", "right"]

POST = 5.0
"""Height of the posts on which boards stand above the bottom: room for solder joints and air."""
BEHIND = 0.6
"""Air between a board's edge and the wall it faces."""
CLEAR = 0.6
"""Air around a socket that stands in its hole."""
LED_HOLE = 5.2
PLUNGER_HOLE = 7.0
TAIL_SLOT = (23.0, 3.0)
"""For the keypad's tail and its 8-pole socket."""
RIDGE = 12.0
"""The cradle's two ridges, between which the head band lies."""
CRADLE = (66.0, 62.0)
SCREW_PLACES = 8.0
"""Screw bosses stand so far from the outside."""
EDGE = 2.0
"""Material that must be left between a hole and the end of its face, and between two holes."""


@dataclass(frozen=True)
class Cutout:
    """A hole: centre and size on its face; lid (u, v), rear (x, z), right (y, z)."""

    name: str
    face: Face
    centre: tuple[float, float]
    size: tuple[float, float]
    round: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, low, right, high."""
        (a, b), (w, h) = self.centre, self.size
        return a - w / 2, b - h / 2, a + w / 2, b + h / 2


class Layout:
    """One variant's case in numbers."""

    def __init__(self, board: Board, chosen: Chosen) -> None:
        self.phone = Phone(board, chosen)
        self.case = board.case
        self.width, self.depth = board.case.size
        self.slope = math.atan2(board.case.back - board.case.front, self.depth)
        self.lid_length = self.depth / math.cos(self.slope)
        self.keypad = next(part for part in self.phone.parts if part.id.startswith("keypad"))
        self.pi_z = board.case.bottom + POST
        """Underside of the Raspberry Pi."""
        out = max((socket.out for socket in self.phone.model.sockets if socket.edge == "side"), default=0.0)
        self.pi_side = self.width - board.case.wall - BEHIND - out
        self.pi_end = self.depth - board.case.wall - BEHIND
        self.bridge = self.phone.part("bridge")

    def pi(self, along: float, across: float) -> tuple[float, float]:
        """From the Pi's own coordinates to x, y: its USB end faces back, its HDMI side right."""
        return self.pi_side - across, self.pi_end - (self.phone.model.pcb[0] - along)

    def lid_height(self, y: float, inside: bool = False) -> float:
        """z of the lid's surface above a y; `inside`: of its underside."""
        z = self.case.front + (self.case.back - self.case.front) * y / self.depth
        return z - self.case.lid / math.cos(self.slope) if inside else z

    def on_lid(self, name: str) -> tuple[float, float]:
        """Centre of a thing on the lid; a display that does not fit where the others do has a place of its own."""
        own = self.phone.display.id if name == "display" else name
        return self.case.lid_places.get(own) or self.case.lid_places[name]

    def bosses(self) -> tuple[tuple[float, float], ...]:
        """Where screws join bottom and lid: the corners, but in front of the Pi where that fills one."""
        near, far = SCREW_PLACES, self.width - SCREW_PLACES
        back = self.depth - SCREW_PLACES - self.case.wall
        in_front = self.pi(0, 0)[1] - SCREW_PLACES
        return (near, near + self.case.wall), (far, near + self.case.wall), (near, back), (far, in_front)

    def cutouts(self) -> tuple[Cutout, ...]:
        """All holes for parts; air slots and screw holes are the case's own."""
        return (*self._lid(), *self._sockets())

    def _lid(self) -> list[Cutout]:
        u, v = self.on_lid("keypad")
        display = self.phone.display
        assert display.window is not None
        at = self.on_lid("display")
        low = v - self.keypad.body[1] / 2
        holes = [
            Cutout("keypad tail", "lid", (u, low - TAIL_SLOT[1] / 2 - 0.5), TAIL_SLOT),
            Cutout("display", "lid", (at[0] + display.window_off[0], at[1] + display.window_off[1]), display.window),
            Cutout("plunger", "lid", self.on_lid("cradle"), (PLUNGER_HOLE, PLUNGER_HOLE), round=True),
        ]
        holes += [Cutout(lamp.part, "lid", self.on_lid(lamp.part), (LED_HOLE, LED_HOLE), round=True)
                  for lamp in self.phone.board.lamps]
        u, v = self.on_lid("buzzer")
        holes += [Cutout("buzzer", "lid", (u + a, v + b), (2.2, 2.2), round=True)
                  for a, b in ((0, 0), (4.5, 0), (-4.5, 0), (0, 4.5), (0, -4.5))]
        return holes

    def _sockets(self) -> list[Cutout]:
        model = self.phone.model
        top = self.pi_z + model.pcb[2]
        holes = []
        for socket in model.sockets:
            low = top + socket.above
            if socket.edge == "end":
                x, _ = self.pi(0, socket.at)
                size = socket.plug or (socket.size[0] + 2 * CLEAR, socket.size[1] + 2 * CLEAR)
                holes.append(Cutout(socket.name, "rear", (x, low + socket.size[1] / 2), size))
            else:
                _, y = self.pi(socket.at, 0)
                holes.append(Cutout(socket.name, "right", (y, low + socket.size[1] / 2), socket.plug or socket.size))
        assert self.bridge.socket is not None and self.bridge.plug is not None
        x, _ = self.case.bottom_places["bridge"]
        holes.append(Cutout("console", "rear", (x, self.bridge_top + self.bridge.socket[1] / 2), self.bridge.plug))
        return holes

    @property
    def bridge_top(self) -> float:
        """z of the bridge's upper side, where its socket sits."""
        return self.case.bottom + POST + BOARD_THICK

    def face(self, name: Face) -> tuple[float, float, float, float]:
        """What may be cut of a face: left, low, right, high."""
        wall, bottom = self.case.wall, self.case.bottom
        if name == "lid":
            return wall, wall, self.width - wall, self.lid_length - wall
        if name == "rear":
            return wall, bottom, self.width - wall, self.lid_height(self.depth - wall, inside=True)
        return wall, bottom, self.depth - wall, self.case.back

    def problems(self) -> list[str]:
        """Cut-outs that leave their face or come too close to one another, each in a sentence."""
        found = []
        holes = self.cutouts()
        for index, hole in enumerate(holes):
            left, low, right, high = self.face(hole.face)
            if hole.face == "right":
                high = self.lid_height(hole.box[0], inside=True)
            a, b, c, d = hole.box
            if a < left + EDGE or b < low + (EDGE if hole.face == "lid" else 0) or c > right - EDGE or d > high - EDGE:
                found.append(f"{hole.name} leaves the {hole.face} face: move it in board.yaml's case")
            for other in holes[index + 1:]:
                if other.face == hole.face and _near(hole.box, other.box):
                    found.append(f"{hole.name} and {other.name} on the {hole.face} face are less than {EDGE:g} mm apart")
        return found


BOARD_THICK = 1.6


def _near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return (one[0] < other[2] + EDGE and other[0] < one[2] + EDGE
            and one[1] < other[3] + EDGE and other[1] < one[3] + EDGE)


def resting(part: Part, layout: Layout) -> tuple[float, float, float]:
    """Centre in x, y and underside in z of a part that stands on the bottom."""
    x, y = layout.case.bottom_places[part.id]
    if part.id == "bridge":
        y = layout.pi_end - part.body[0] / 2
    return x, y, layout.case.bottom + POST
