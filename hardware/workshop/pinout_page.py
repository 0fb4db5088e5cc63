# SPDX-License-Identifier: GPL-3.0-or-later
"""The pin-out page: every pin, what it does at power-on, and the currents, levels and supply that follow."""

from __future__ import annotations

from hardware.workshop import header, nets, variants
from hardware.workshop.model import Board
from hardware.workshop.rules_electric import budget

LEGS = {"diode": ("anode", "cathode (ring)"), "npn": ("collector", "base", "emitter")}

HEAD = """\
<!-- Made from hardware/board.yaml by scripts/make-hardware; do not edit. -->
# Pin-out

For whoever wires the handset, or looks for a fault with a multimeter.

![The 40-pin header](pictures/header.svg)

## Every pin

`J` numbers are connectors of the wiring board. "At power-on" is what the pin does until the firmware runs.

| pin | name | signal | wire | goes to | at power-on |
| ---: | --- | --- | --- | --- | --- |
"""


def page(board: Board) -> str:
    """The page."""
    return "".join([HEAD, *(_pin(board, pin) for pin in range(1, 41)), _reserved(board), _connectors(board),
                    _currents(board), _levels(board), _supply(board)])


def _pin(board: Board, pin: int) -> str:
    signal = next((s for s in board.signals if s.header == pin), None)
    wires = []
    for cable in board.cables:
        if cable.start != "header":
            continue
        part = next((p for p in board.parts if p.id == cable.end), None)
        for at, colour, there in cable.wires:
            if at == pin:
                where = f"{part.name} {part.terminals[there - 1]}" if part else f"{cable.end}.{there}"
                wires.append((colour, where + (f" ({cable.end})" if part else "")))
    wires = list(dict.fromkeys(wires))
    colours, goals = ("<br>".join(dict.fromkeys(wire[side] for wire in wires)) for side in (0, 1))
    boot = signal.at_boot.replace("-", " ") if signal else ""
    only = f"<br>*only {', '.join(signal.when)}*" if signal and signal.when else ""
    return f"| {pin} | {header.name(pin)} | {(signal.name if signal else '') + only} | {colours} | {goals} | {boot} |\n"


def _reserved(board: Board) -> str:
    rows = "".join(f"| GPIO{r.bcm} | {header.HEADER_OF[r.bcm]} | {r.why} |\n" for r in board.reserved)
    return ("\n## Reserved\n\nPins with a job of their own; nothing else may use them.\n\n"
            f"| pin | header | for |\n| --- | ---: | --- |\n{rows}")


def _connectors(board: Board) -> str:
    rows = "".join(f"| {c.id} | {c.what} | {' · '.join(f'{n} {net}' for n, net in enumerate(c.nets, 1))} |\n"
                   for c in board.connectors)
    components = "".join(
        f"| {c.ref} | {_value(c.ohm, c.nf) or c.kind} | {' – '.join(c.nets)} | {c.why} |\n" for c in board.components)
    return (f"\n## The wiring board\n\n| connector | for | pins |\n| --- | --- | --- |\n{rows}"
            f"\n| part | value | between | why |\n| --- | --- | --- | --- |\n{components}"
            "\nA diode's nets are anode – cathode, the transistor's collector – base – emitter.\n"
            "\n### What is joined to what\n\nOne line per net: solder all that it names together, and nothing else. A leg is "
            "`R1.1` for the first and `R1.2` for the second net above; resistors and C1 may be turned round.\n\n"
            f"| net | joins |\n| --- | --- |\n{_joints(board)}")


def _joints(board: Board) -> str:
    joints: dict[str, list[str]] = {}
    for connector in board.connectors:
        for number, net in enumerate(connector.nets, 1):
            joints.setdefault(net, []).append(f"{connector.id}.{number}")
    for component in board.components:
        names = LEGS.get(component.kind, ("1", "2"))
        for leg, net in zip(names, component.nets, strict=True):
            joints.setdefault(net, []).append(f"{component.ref}.{leg}")
    return "".join(f"| {net} | {' – '.join(ends)} |\n" for net, ends in joints.items())


def _value(ohm: float | None, nf: float | None) -> str:
    if ohm is not None:
        return f"{ohm / 1000:g} kΩ" if ohm >= 1000 else f"{ohm:g} Ω"
    return f"{nf:g} nF" if nf is not None else ""


def _currents(board: Board) -> str:
    limit = board.electrics
    rows = []
    for lamp in board.lamps:
        least, most = nets.lamp_ma(board, lamp)
        rows.append(f"| {lamp.colour} lamp, lit | {least:.1f} to {most:.1f} mA |")
    rows += [f"| buzzer's transistor, sounding | {nets.base_ma(board):.1f} mA |",
             f"| TXD, with a console bridge that has no power | {nets.dead_bridge_ma(board):.1f} mA |",
             f"| two rows driven against each other by mistake | {nets.row_fault_ma(board):.1f} mA |",
             f"| **all pins together** | **{nets.pins_ma(board):.1f} mA** of {limit.total_ma:g} mA |"]
    return (f"\n## Currents\n\nA pin stands {limit.pin_ma:g} mA, all together {limit.total_ma:g} mA (BCM2835 ARM Peripherals; "
            "GPIO pads control).\n\n| what | at most |\n| --- | --- |\n" + "\n".join(rows) + "\n")


def _levels(board: Board) -> str:
    return (f"\n## Levels\n\nAll signals are {board.electrics.rail:g} V; 5 V on any of them destroys the processor. "
            f"Low is below {board.electrics.low_below:g} V, high above {board.electrics.high_above:g} V.\n\n"
            "| where | level |\n| --- | --- |\n"
            f"| column with a key pressed | {nets.column_low(board):.2f} V at worst |\n"
            f"| hook pin with the switch closed (lifted) | {nets.hook_low(board):.2f} V |\n"
            f"| hook pin, opening | rises with {nets.hook_filter_ms(board):g} ms |\n")


def _supply(board: Board) -> str:
    rows = []
    for model in board.models:
        # The strongest display is what the supply must stand.
        phones = [variants.Phone(board, c) for c in variants.every(board) if model.id in c]
        worst = max(phones, key=lambda phone: sum(budget(phone).values()))
        parts = budget(worst)
        rows.append("| " + " | ".join([
            next(c.name for c in board.choices.model if c.id == model.id),
            *(f"{value:.0f}" for value in parts.values()),
            f"**{sum(parts.values()):.0f}**", f"{model.supply_ma:.0f}"]) + " |")
    return ("\n## Supply\n\nmA at 5 V at the most, with the hungriest display (SSD1322) all white, a headset that takes all "
            "USB allows, and twice the bare board's typical current (Raspberry Pi documentation).\n\n"
            "| model | board | headset | display | lamps, pins | buzzer, others | sum | supply |\n"
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n" + "\n".join(rows) + "\n")
