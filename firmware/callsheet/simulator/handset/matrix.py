# SPDX-License-Identifier: GPL-3.0-or-later
"""What a keypad matrix without diodes looks like from its eight wires."""

from __future__ import annotations

from collections.abc import Iterable

Crossing = tuple[int, int]
"""Row and column, counted from the top left."""


def closed_contacts(pressed: Iterable[Crossing]) -> frozenset[Crossing]:
    """The crossings that conduct while the keys `pressed` are held down.

    Current takes any way round: rows and columns joined by pressed keys are one
    net, and every crossing within a net reads as closed. So three keys on the
    corners of a rectangle close the fourth, a ghost.
    """
    nets: list[tuple[set[int], set[int]]] = []
    for row, column in pressed:
        rows, columns = {row}, {column}
        apart = []
        for net in nets:
            if row in net[0] or column in net[1]:
                rows |= net[0]
                columns |= net[1]
            else:
                apart.append(net)
        nets = [*apart, (rows, columns)]
    return frozenset((row, column) for rows, columns in nets for row in rows for column in columns)
