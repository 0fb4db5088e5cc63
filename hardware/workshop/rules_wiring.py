# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for wires and what to buy: both ends exist and belong together, colours tell the truth, nothing is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hardware.workshop import header, nets, variants
from hardware.workshop.model import Board, Cable
from hardware.workshop.reading import Fault, Place

SUPPLY_COLOURS = {"5V": "red", "3V3": "orange", "GND": "black"}
COLOURS = {"brown", "red", "orange", "yellow", "green", "blue", "violet", "grey", "white", "black"}
"""The ten of a jumper ribbon; a keypad's own tail has no colours."""
TAIL = "tail"


def check(board: Board) -> Iterator[Fault]:
    """Every fault, each once per place."""
    yield from _ends(board)
    told: set[tuple[Place, str]] = set()
    for chosen in variants.every(board):
        for fault in (*_colours(board, chosen), *_everything_is_wired(board, chosen), *_bom(board, chosen)):
            if (fault.place, fault.reason) not in told:
                told.add((fault.place, fault.reason))
                yield fault
    yield from _unused(board)
    yield from _loose_nets(board)


def terminals(board: Board, end: str) -> tuple[str, ...] | None:
    """Names of the terminals at one end of a cable; None: there is no such thing."""
    if end == "header":
        return tuple(header.name(pin) for pin in range(1, 41))
    for connector in board.connectors:
        if connector.id == end:
            return connector.nets
    for part in board.parts:
        if part.id == end:
            return part.terminals
    return None


def net_at(board: Board, cable: Cable, wire: tuple[int, str, int]) -> str:
    """The net a wire belongs to, as its start says."""
    if cable.start == "header":
        return nets.net_of_header(board, wire[0])
    found = terminals(board, cable.start) or ()
    return found[wire[0] - 1] if 1 <= wire[0] <= len(found) else ""


def _ends(board: Board) -> Iterator[Fault]:
    connectors = {connector.id: connector.nets for connector in board.connectors}
    for index, cable in enumerate(board.cables):
        for field, side in (("start", 0), ("end", 2)):
            end = getattr(cable, field)
            names = terminals(board, end)
            if names is None:
                yield Fault(("cables", index, field), f"there is no {end}", "name header, a connector or a part")
                continue
            for number, wire in enumerate(cable.wires):
                if not 1 <= int(wire[side]) <= len(names):
                    yield Fault(("cables", index, "wires", number), f"{end} has no pin {wire[side]}",
                                f"it has 1 to {len(names)}")
        for number, wire in enumerate(cable.wires):
            net = net_at(board, cable, wire)
            place: Place = ("cables", index, "wires", number)
            if not net:
                yield Fault(place, f"nothing is on header pin {wire[0]}", "add a signal, or use another pin")
            there = connectors.get(cable.end)
            if there and net and 1 <= wire[2] <= len(there) and there[wire[2] - 1] != net:
                yield Fault(place, f"joins {net} to {there[wire[2] - 1]} on {cable.end}", "the nets must be the same")


def _colours(board: Board, chosen: variants.Chosen) -> Iterator[Fault]:
    at: dict[tuple[str, str], Place] = {}
    for index, cable in variants.within(board.cables, chosen):
        for number, wire in enumerate(cable.wires):
            place: Place = ("cables", index, "wires", number)
            colour, net = wire[1], net_at(board, cable, wire)
            if colour == TAIL:
                continue
            if colour not in COLOURS:
                yield Fault(place, f"{colour} is no wire's colour", "one of " + ", ".join(sorted(COLOURS)))
            wanted = SUPPLY_COLOURS.get(net)
            if (wanted or (colour if colour not in SUPPLY_COLOURS.values() else None)) != colour:
                yield Fault(place, f"{colour} for {net}", f"{net} is {wanted}" if wanted else
                            "red, orange and black are for 5 V, 3.3 V and ground only")
            for end in {cable.start, cable.end} - {"header"}:
                if at.setdefault((end, colour), place) != place and colour != SUPPLY_COLOURS["GND"]:
                    yield Fault(place, f"{colour} comes twice on {end}", "choose another colour")


def _everything_is_wired(board: Board, chosen: variants.Chosen) -> Iterator[Fault]:
    phone = variants.Phone(board, chosen)
    pins = Counter((cable.start, wire[0]) for cable in phone.cables for wire in cable.wires)
    pins += Counter((cable.end, wire[2]) for cable in phone.cables for wire in cable.wires)
    for end, pin in [where for where, count in pins.items() if count > 1]:
        yield Fault(("cables",), f"two wires on pin {pin} of {end} in a phone with {', '.join(sorted(chosen))}",
                    "one wire per pin")
    for index, signal in variants.within(board.signals, chosen):
        if not pins["header", signal.header]:
            yield Fault(("signals", index), f"no wire on header pin {signal.header}", "add it to a cable")
    for index, part in variants.within(board.parts, chosen):
        for number, name in enumerate(part.terminals, 1):
            if not pins[part.id, number]:
                yield Fault(("parts", index), f"terminal {name} of {part.id} has no wire", "add it to a cable")


def _bom(board: Board, chosen: variants.Chosen) -> Iterator[Fault]:
    here = {line.id for _, line in variants.within(board.bom, chosen)}
    uses: list[tuple[Place, str]] = [
        (("cables", i, "bom"), cable.bom) for i, cable in variants.within(board.cables, chosen)]
    uses += [(("parts", i, "bom"), part.bom) for i, part in variants.within(board.parts, chosen)]
    uses += [(("components", i, "bom"), component.bom) for i, component in enumerate(board.components)]
    for i, model in enumerate(board.models):
        if model.id in chosen:
            uses += [(("models", i, "bom"), model.bom), (("models", i, "supply_bom"), model.supply_bom)]
    for place, id in uses:
        if id not in here:
            yield Fault(place, f"{id} is not on the bill of materials of a phone with {', '.join(sorted(chosen))}",
                        "add a line, or widen its `when`")


def _unused(board: Board) -> Iterator[Fault]:
    ids = Counter(line.id for line in board.bom)
    phones = [variants.Phone(board, chosen) for chosen in variants.every(board)]
    for index, line in enumerate(board.bom):
        if ids[line.id] > 1:
            yield Fault(("bom", index, "id"), f"{line.id} comes twice", "one line per part")
        if bool(line.fits) != bool(line.count):
            yield Fault(("bom", index), "`fits` and `count` belong together", "give both, or neither")
        if not any(phone.count(line) for phone in phones):
            yield Fault(("bom", index), f"nothing uses {line.id}", "take the line out, or say where it `fits`")


def _loose_nets(board: Board) -> Iterator[Fault]:
    touching = Counter(net for connector in board.connectors for net in connector.nets)
    touching += Counter(net for component in board.components for net in component.nets)
    for index, connector in enumerate(board.connectors):
        for number, net in enumerate(connector.nets):
            if touching[net] < 2:
                yield Fault(("connectors", index, "nets", number), f"{net} of {connector.id} leads nowhere",
                            "join it to a component or another connector")
    for index, component in enumerate(board.components):
        for net in component.nets:
            if touching[net] < 2:
                yield Fault(("components", index, "nets"), f"{net} of {component.ref} leads nowhere",
                            "join it to a connector or another component")
