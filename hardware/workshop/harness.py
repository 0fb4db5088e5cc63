# SPDX-License-Identifier: GPL-3.0-or-later
"""The wiring harness of the reference build, drawn by WireViz."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from wireviz import wireviz

from hardware.workshop import header, nets, variants
from hardware.workshop.harness_names import NAMES
from hardware.workshop.model import Board, Cable
from hardware.workshop.palette import WIRES, WIREVIZ

HEADER = "Raspberry Pi"


def draw(board: Board) -> dict[str, bytes]:
    """Two drawings: from the header to the wiring board, and from there to the parts."""
    phone = variants.Phone(board, board.reference())
    inner = [cable for cable in phone.cables if cable.start == "header"]
    outer = [cable for cable in phone.cables if cable.start != "header"]
    return {name: _svg(phone, cables) for name, cables in zip(NAMES, (inner, outer), strict=True)}


def _svg(phone: variants.Phone, cables: list[Cable]) -> bytes:
    made = wireviz.parse(_document(phone, cables), return_types="harness")
    graph = made.create_graph()
    source = graph.source
    return _tidy(graph.pipe(format="svg").decode(), source)


def _tidy(svg: str, source: str) -> bytes:
    """Without what changes from run to run (ids, titles, the release of Graphviz); with the hash of the source."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!DOCTYPE.*?>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>.*?</title>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[^"]*"| class="[^"]*"', "", svg)
    mark = f"<!-- made from {hashlib.sha256(source.encode()).hexdigest()} -->\n"
    return (svg.replace("<svg ", mark + "<svg ", 1).rstrip() + "\n").encode()


def _document(phone: variants.Phone, cables: list[Cable]) -> dict[str, Any]:
    """What WireViz reads."""
    connectors: dict[str, Any] = {}
    for cable in cables:
        _connector(phone, connectors, cable.start, [wire[0] for wire in cable.wires])
        _connector(phone, connectors, cable.end, [wire[2] for wire in cable.wires])
    return {
        "options": {"fontname": "DejaVu Sans", "bgcolor": "#ffffff", "color_mode": "FULL", "template_separator": "|"},
        "connectors": connectors,
        "cables": {cable.id: _cable(phone, cable) for cable in cables},
        "connections": [[
            {_name(phone, cable.start): [wire[0] for wire in cable.wires]},
            {cable.id: list(range(1, len(cable.wires) + 1))},
            {_name(phone, cable.end): [wire[2] for wire in cable.wires]},
        ] for cable in cables],
    }


def _name(phone: variants.Phone, end: str) -> str:
    if end == "header":
        return HEADER
    part = next((part for part in phone.parts if part.id == end), None)
    return part.name if part else end


def _connector(phone: variants.Phone, made: dict[str, Any], end: str, pins: list[int]) -> None:
    board = phone.board
    one = made.setdefault(_name(phone, end), {"pins": [], "pinlabels": [], "show_pincount": False})
    for pin in pins:
        if end == "header":
            net = nets.net_of_header(board, pin)
            label = net if pin in header.SUPPLY else f"{header.name(pin)} {net}"
        else:
            label = _labels(phone, end)[pin - 1]
        one["pins"].append(pin)
        one["pinlabels"].append(label)
    what = next((c.what for c in board.connectors if c.id == end), None)
    if end == "header":
        one["type"] = "40-pin header"
    elif what:
        one["type"] = f"wiring board: {what}"
    else:
        one["type"] = next(line.part for line in phone.bom if line.id == next(
            part.bom for part in phone.parts if part.id == end)).split(",")[0].split("(")[0].strip()


def _labels(phone: variants.Phone, end: str) -> tuple[str, ...]:
    connector = next((c for c in phone.board.connectors if c.id == end), None)
    return connector.nets if connector else phone.part(end).terminals


def _cable(phone: variants.Phone, cable: Cable) -> dict[str, Any]:
    kind = {"jumpers": "jumper wires", "strand": "0.14 mm² strand"}.get(cable.bom, "its own tail")
    colours = [WIREVIZ.get(colour, WIRES[colour]) for _, colour, _ in cable.wires]
    return {"wirecount": len(cable.wires), "colors": [c if not c.startswith("#") else "GY" for c in colours],
            "category": "bundle" if cable.bom == "strand" else None, "type": kind, "length": cable.mm / 1000,
            "show_wirecount": False}
