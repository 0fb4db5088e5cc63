# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things sit in the case, as numbers; the solids themselves are judged in test_generated.py."""

from __future__ import annotations

import math

import msgspec
import pytest

from hardware.enclosure.layout import CLEAR, Layout
from hardware.workshop import variants


def moved(board, **places):
    """The board with things elsewhere on the lid."""
    case = msgspec.structs.replace(board.case, lid_places={**board.case.lid_places, **places})
    return msgspec.structs.replace(board, case=case)


def test_every_variants_cutouts_lie_on_their_faces(board) -> None:
    for chosen in variants.every(board):
        assert Layout(board, chosen).problems() == [], sorted(chosen)


def test_cutouts_have_the_size_of_their_parts(board) -> None:
    layout = Layout(board, board.reference())
    holes = {hole.name: hole for hole in layout.cutouts()}
    assert holes["display"].size == layout.phone.display.window
    ethernet = next(socket for socket in layout.phone.model.sockets if socket.name == "ethernet")
    assert holes["ethernet"].size == pytest.approx(tuple(side + 2 * CLEAR for side in ethernet.size))
    assert holes["lamp-line"].size[0] > layout.phone.part("lamp-line").body[0]


def test_power_and_console_have_sockets_of_their_own(board) -> None:
    for chosen in variants.every(board):
        faces = {hole.name: hole.face for hole in Layout(board, chosen).cutouts()}
        assert {faces["power"], faces["console"]} == {"right", "rear"}


def test_the_pis_sockets_are_where_its_drawing_has_them(board) -> None:
    """A Pi 4B, USB end to the back: its USB-C is 11.2 mm from the SD end, its Ethernet the farthest from that side."""
    layout = Layout(board, board.reference())
    holes = {hole.name: hole for hole in layout.cutouts()}
    front_end = layout.pi_end - 85
    assert holes["power"].centre[0] == pytest.approx(front_end + 11.2)
    assert holes["usb2"].centre[0] - holes["ethernet"].centre[0] == pytest.approx(45.75 - 9)
    assert holes["usb2"].centre[0] > holes["usb3"].centre[0] > holes["ethernet"].centre[0]


@pytest.mark.parametrize(("place", "words"), [
    ({"display": (131, 160)}, "display leaves the lid face"),
    ({"lamp-line": (131, 130)}, "display and lamp-line on the lid face are less than 2 mm apart"),
    ({"keypad": (131, 38)}, "keypad tail leaves the lid face"),
])
def test_what_does_not_fit_is_named(board, place, words) -> None:
    spoilt = moved(board, **place)
    assert any(words in problem for problem in Layout(spoilt, spoilt.reference()).problems())


def test_walls_bottom_and_lid_are_thick_enough(board) -> None:
    assert min(board.case.wall, board.case.bottom, board.case.lid) >= 2


def test_the_lid_slopes_towards_the_agent(board) -> None:
    layout = Layout(board, board.reference())
    assert 10 < math.degrees(layout.slope) < 30
    assert layout.lid_height(0) == board.case.front and layout.lid_height(layout.depth) == board.case.back
