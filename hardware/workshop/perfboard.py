# SPDX-License-Identifier: GPL-3.0-or-later
"""The perfboard: which hole holds what, what is joined, and whether that is what the netlist says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from hardware.workshop.model import Board, Hole
from hardware.workshop.reading import Fault, Place
from hardware.workshop.rules_wiring import COLOURS, SUPPLY_COLOURS

STEPS = {"down": (0, 1), "right": (1, 0), "left": (-1, 0)}


def pads(board: Board) -> Iterator[tuple[str, Hole, str, Place]]:
    """Every pin and leg: its name, hole, net, and place in board.yaml."""
    plan = board.perfboard
    for connector in board.connectors:
        where = plan.connectors.get(connector.id)
        if where is None:
            continue
        dx, dy = STEPS[where.runs]
        for number, net in enumerate(connector.nets):
            hole = (where.at[0] + dx * number, where.at[1] + dy * number)
            yield f"{connector.id}.{number + 1}", hole, net, ("perfboard", "connectors", connector.id)
    for component in board.components:
        for number, (hole, net) in enumerate(zip(plan.legs.get(component.ref, ()), component.nets, strict=False), 1):
            yield f"{component.ref}.{number}", hole, net, ("perfboard", "legs", component.ref)


def along(track: tuple[Hole, ...]) -> list[Hole]:
    """Every hole that a track covers. Raises ValueError if it is not straight from corner to corner."""
    holes = [track[0]]
    for (x, y), (to_x, to_y) in pairwise(track):
        if x != to_x and y != to_y:
            raise ValueError(f"[{x}, {y}] to [{to_x}, {to_y}] is not straight")
        steps = max(abs(to_x - x), abs(to_y - y))
        holes += [(x + (to_x - x) * n // steps, y + (to_y - y) * n // steps) for n in range(1, steps + 1)]
    return holes


def check(board: Board) -> Iterator[Fault]:
    """Every fault of the plan."""
    plan = board.perfboard
    for name in {c.id for c in board.connectors} ^ plan.connectors.keys():
        yield Fault(("perfboard", "connectors"), f"{name} is in only one of connectors and perfboard", "add or remove it")
    for component in board.components:
        if len(plan.legs.get(component.ref, ())) != len(component.nets):
            yield Fault(("perfboard", "legs"), f"{component.ref} has {len(component.nets)} legs", "give each its hole")
    taken: dict[Hole, str] = {}
    for name, hole, _, place in pads(board):
        if not (1 <= hole[0] <= plan.holes[0] and 1 <= hole[1] <= plan.holes[1]):
            yield Fault(place, f"{name} is off the board at {list(hole)}", f"it has {list(plan.holes)} holes")
        if hole in taken:
            yield Fault(place, f"{name} and {taken[hole]} share hole {list(hole)}", "move one of them")
        taken[hole] = name
    crooked = list(_crooked(board))
    yield from crooked
    if not crooked:
        yield from _links(board, taken)
        yield from _joined(board)


def _crooked(board: Board) -> Iterator[Fault]:
    for index, track in enumerate(board.perfboard.tracks):
        try:
            along(track)
        except ValueError as error:
            yield Fault(("perfboard", "tracks", index), str(error), "add the corner")


def _links(board: Board, taken: dict[Hole, str]) -> Iterator[Fault]:
    covered = {hole for track in board.perfboard.tracks for hole in along(track)}
    for index, link in enumerate(board.perfboard.links):
        place: Place = ("perfboard", "links", index)
        for end in link.ends:
            if end in taken:
                yield Fault(place, f"hole {list(end)} is taken by {taken[end]}", "end beside it, on the same track")
            taken[end] = f"a {link.colour} link"
            if end not in covered:
                yield Fault(place, f"hole {list(end)} is on no track", "end on a track")
        if link.colour not in COLOURS:
            yield Fault(place, f"{link.colour} is no wire's colour", "one of " + ", ".join(sorted(COLOURS)))


def groups(board: Board) -> dict[Hole, Hole]:
    """For each hole with something in it, one hole that stands for all it is joined to."""
    parent: dict[Hole, Hole] = {}

    def top(hole: Hole) -> Hole:
        parent.setdefault(hole, hole)
        while parent[hole] != hole:
            hole = parent[hole]
        return hole

    for track in board.perfboard.tracks:
        for hole in along(track):
            parent[top(hole)] = top(track[0])
    for link in board.perfboard.links:
        parent[top(link.ends[0])] = top(link.ends[1])
    for _, hole, _, _ in pads(board):
        top(hole)
    return {hole: top(hole) for hole in list(parent)}


def _joined(board: Board) -> Iterator[Fault]:
    """One net per group of joined holes, one group per net."""
    group_of = groups(board)
    nets_of: dict[Hole, dict[str, str]] = defaultdict(dict)
    groups_of: dict[str, dict[Hole, str]] = defaultdict(dict)
    for name, hole, net, _ in pads(board):
        nets_of[group_of[hole]].setdefault(net, name)
        groups_of[net].setdefault(group_of[hole], name)
    for nets in nets_of.values():
        if len(nets) > 1:
            yield Fault(("perfboard", "tracks"), "a short: " + ", ".join(f"{name} ({net})" for net, name in nets.items()),
                        "take a track or a link away")
    for net, ends in groups_of.items():
        if len(ends) > 1:
            yield Fault(("perfboard", "tracks"), f"{net} falls apart: {', '.join(ends.values())} are not joined",
                        "add a track or a link")
    by_hole = {hole: net for _, hole, net, _ in pads(board)}
    colour_of = {group_of[hole]: SUPPLY_COLOURS.get(net) for hole, net in by_hole.items()}
    for index, link in enumerate(board.perfboard.links):
        wanted = colour_of.get(group_of[link.ends[0]])
        if (wanted or (link.colour if link.colour not in SUPPLY_COLOURS.values() else None)) != link.colour:
            yield Fault(("perfboard", "links", index), f"a {link.colour} link on the wrong net",
                        "red is 5 V, orange 3.3 V, black ground, and nothing else is")
