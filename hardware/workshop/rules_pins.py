# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for pins: the right numbers, nothing twice, reserved pins left alone, quiet at power-on."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.workshop import header, variants
from hardware.workshop.model import Board
from hardware.workshop.reading import Fault, Place

JOBS = {2: "i2c", 3: "i2c", 0: "id-eeprom", 1: "id-eeprom", 14: "uart", 15: "uart"}
"""What must be reserved on a phone whose image has I²C1 and a console on the UART."""


def check(board: Board) -> Iterator[Fault]:
    """Every fault, each once per place."""
    yield from _numbers(board)
    yield from _reserved(board)
    yield from _twice(board)
    yield from _roles(board)
    yield from _boot(board)
    yield from _buses(board)


def _numbers(board: Board) -> Iterator[Fault]:
    for index, signal in enumerate(board.signals):
        official = header.HEADER_OF[signal.bcm]
        if signal.header != official:
            yield Fault(("signals", index, "header"), f"GPIO{signal.bcm} is not on header pin {signal.header}",
                        f"it is on pin {official}")
        pulled = "pulled-up" if signal.bcm in header.PULLED_UP_AT_RESET else "pulled-down"
        if signal.at_boot != pulled:
            yield Fault(("signals", index, "at_boot"), f"GPIO{signal.bcm} is not {signal.at_boot} at reset",
                        f"it is {pulled}")


def _reserved(board: Board) -> Iterator[Fault]:
    jobs: dict[int, str] = {pin.bcm: pin.job for pin in board.reserved}
    for bcm, job in JOBS.items():
        if jobs.get(bcm) != job:
            yield Fault(("reserved",), f"GPIO{bcm} must be reserved for {job}", f"add {{bcm: {bcm}, job: {job}, why: …}}")
    for index, signal in enumerate(board.signals):
        reserved = jobs.get(signal.bcm, signal.use)
        if signal.use != reserved:
            yield Fault(("signals", index, "bcm"),
                        f"GPIO{signal.bcm} is reserved for {reserved}, {signal.name} is {signal.use}", "choose a free pin")


def _twice(board: Board) -> Iterator[Fault]:
    told = set()
    for chosen in variants.every(board):
        for what in ("bcm", "header", "name"):
            seen: dict[object, str] = {}
            for index, signal in variants.within(board.signals, chosen):
                value = getattr(signal, what)
                if value in seen and (index, what) not in told:
                    told.add((index, what))
                    yield Fault(("signals", index, what), f"{value} is taken by {seen[value]} in a phone with "
                                + ", ".join(sorted(chosen)), "give one of them another")
                seen.setdefault(value, signal.name)


def _roles(board: Board) -> Iterator[Fault]:
    names = {signal.name: signal.use for signal in board.signals}
    wanted: list[tuple[Place, str, str]]
    wanted = [(("lamps", i, "signal"), lamp.signal, "lamp") for i, lamp in enumerate(board.lamps)]
    wanted += [(("buzzer", "signal"), board.buzzer.signal, "buzzer"), (("hook", "signal"), board.hook.signal, "hook")]
    for i, display in enumerate(board.displays):
        wanted += [(("displays", i, field), name, "display") for field in ("dc", "reset")
                   if (name := getattr(display, field)) is not None]
    for place, name, use in wanted:
        if names.get(name) != use:
            yield Fault(place, f"{name} is no signal with use: {use}", "name one of " + ", ".join(
                n for n, u in names.items() if u == use))
    if sorted(lamp.name for lamp in board.lamps) != ["attention", "line", "work"]:
        yield Fault(("lamps",), "the phone has the lamps line, work and attention", "name each of them once")
    known = {choice.id for group in board.choices.groups() for choice in group}
    for field in ("signals", "parts", "cables", "bom"):
        for i, thing in enumerate(getattr(board, field)):
            for choice in set(thing.when) - known:
                yield Fault((field, i, "when"), f"{choice} is no choice", "known: " + ", ".join(sorted(known)))
    rows, columns = board.used_as("row"), board.used_as("column")
    for i, layout in enumerate(board.keypad.layouts):
        if len(layout.caps) > len(rows) or any(len(row) > len(columns) for row in layout.caps):
            yield Fault(("keypad", "layouts", i), f"{len(rows)} rows and {len(columns)} columns are wired",
                        "add signals, or take caps away")


def _boot(board: Board) -> Iterator[Fault]:
    """Nothing glows, sounds or pushes before the firmware runs."""
    boot = {signal.name: signal.at_boot for signal in board.signals}
    active = {"high": "pulled-up", "low": "pulled-down"}
    for index, lamp in enumerate(board.lamps):
        if boot.get(lamp.signal) == active[lamp.lit]:
            yield Fault(("lamps", index, "signal"), f"{lamp.signal} is {boot[lamp.signal]} at reset: the lamp glows",
                        "GPIO9 to 27 are pulled down, GPIO2 to 8 up")
    if boot.get(board.buzzer.signal) == active[board.buzzer.sounds]:
        yield Fault(("buzzer", "signal"), f"{board.buzzer.signal} is {boot[board.buzzer.signal]} at reset: it buzzes",
                    "choose a pin from GPIO9 to 27")
    if (board.keypad.driven == "low") != (board.keypad.column_pull == "up"):
        yield Fault(("keypad", "column_pull"), "columns must rest at the level that rows are not driven to",
                    "rows low, columns pulled up; or the other way round")


def _buses(board: Board) -> Iterator[Fault]:
    ids = {choice.id for choice in board.choices.display}
    if {display.id for display in board.displays} != ids:
        yield Fault(("displays",), "displays and choices.display differ", "list the same ids")
    for index, display in enumerate(board.displays):
        if display.bus == "i2c" and not display.addresses:
            yield Fault(("displays", index), "a display on I²C needs addresses", "usual are [0x3c, 0x3d]")
        if board.clock.address in display.addresses:
            yield Fault(("displays", index, "addresses"), f"0x{board.clock.address:02x} is the clock's", "give another")
