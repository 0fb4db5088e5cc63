# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of electricity: currents, levels, pull-ups, the power supply."""

from __future__ import annotations

from collections.abc import Iterator

from hardware.workshop import nets, variants
from hardware.workshop.model import Board
from hardware.workshop.reading import Fault

LEAST_GLOW_MA = 1.0
"""Below this an indoor lamp cannot be seen from the side."""
FORCED_GAIN = 20
"""A small transistor is a closed switch if its base gets a twentieth of the collector's current."""
LOW_OUTPUT = 0.4
"""What an I²C device makes of a low (UM10204, table 10), in volts."""
BUSY = 2
"""A Raspberry Pi under load draws about twice its typical current; a phone hardly ever is."""


def check(board: Board) -> Iterator[Fault]:
    """Every fault. Assumes that `rules_pins` and `rules_wiring` found none."""
    missing = list(_missing(board))
    yield from missing
    yield from _i2c(board)
    if not missing:
        yield from _currents(board)
        yield from _levels(board)
        yield from _power(board)


def _missing(board: Board) -> Iterator[Fault]:
    """Parts without which a pin or a coil would suffer."""
    signals = [(lamp.signal, "a lamp without a resistor burns") for lamp in board.lamps]
    signals += [(row.name, "rows need resistors against each other") for row in board.used_as("row")]
    signals += [(board.buzzer.signal, "the transistor's base needs a resistor"),
                (board.hook.signal, "the hook switch needs a resistor in series"),
                ("TXD", "a bridge without power would be fed by the pin"),
                ("RXD", "a Pi without power would be fed by the bridge")]
    for signal, why in signals:
        found = nets.series_resistor(board, signal)
        if found is None or found.ohm is None:
            yield Fault(("components",), f"no resistor in series with {signal}", why)
    npn = next((c for c in board.components if c.kind == "npn"), None)
    if npn is None or len(npn.nets) != 3:
        yield Fault(("components",), "no transistor for the buzzer", "add {kind: npn, nets: [collector, base, emitter]}")
        return
    collector, base, _ = npn.nets
    if nets.component_between(board, "resistor", base, "GND") is None:
        yield Fault(("components",), "nothing keeps the buzzer's transistor off at power-on", "add 10 kΩ to GND")
    diode = nets.component_between(board, "diode", collector, "5V")
    if diode is None or diode.nets != (collector, "5V"):
        yield Fault(("components",), "no diode takes the buzzer's kick", f"add {{kind: diode, nets: [{collector}, 5V]}}")
    if nets.component_between(board, "resistor", "3V3", board.hook.signal) is None:
        yield Fault(("components",), "the hook switch needs a pull-up", "add 10 kΩ to 3V3")


def _currents(board: Board) -> Iterator[Fault]:
    limit = board.electrics.pin_ma
    for index, lamp in enumerate(board.lamps):
        least, greatest = nets.lamp_ma(board, lamp)
        if greatest > min(limit, board.electrics.led_drop_ma):
            yield Fault(("lamps", index), f"{greatest:.1f} mA is more than a pin gives ({limit:g} mA)", "a larger resistor")
        if least < LEAST_GLOW_MA:
            yield Fault(("lamps", index), f"{least:.1f} mA at the greatest forward voltage: it hardly glows",
                        "a smaller resistor, or a lamp with less forward voltage")
    for name, value in (("two rows against each other", nets.row_fault_ma(board)),
                        ("the buzzer's base", nets.base_ma(board)),
                        ("TXD into a bridge without power", nets.dead_bridge_ma(board))):
        if value > limit:
            yield Fault(("components",), f"{name}: {value:.1f} mA is more than a pin gives", "a larger resistor")
    total = nets.pins_ma(board)
    if total > board.electrics.total_ma:
        yield Fault(("lamps",), f"all pins together: {total:.1f} mA, allowed are {board.electrics.total_ma:g} mA",
                    "larger resistors")
    buzzer = next((part for part in board.parts if part.id == "buzzer"), None)
    if buzzer is not None and buzzer.ma > nets.base_ma(board) * FORCED_GAIN:
        yield Fault(("components",), "the buzzer's transistor does not close fully", "a smaller base resistor")


def _levels(board: Board) -> Iterator[Fault]:
    for place, what, volts in ((("keypad",), "a pressed key", nets.column_low(board)),
                               (("hook",), "the closed hook switch", nets.hook_low(board))):
        if volts >= board.electrics.low_below:
            yield Fault(place, f"{what} gives {volts:.2f} V, low is below {board.electrics.low_below:g} V",
                        "a smaller resistor in series, or a weaker pull-up")


def _i2c(board: Board) -> Iterator[Fault]:
    allowed = (board.electrics.rail - LOW_OUTPUT) / board.electrics.i2c_sink_ma * 1000
    worst = min((_pull(board, chosen) for chosen in variants.every(board)), default=allowed)
    if worst < allowed:
        yield Fault(("electrics", "i2c_pull_ohm"), f"pull-ups of the bus together: {worst:.0f} Ω, allowed are"
                    f" {allowed:.0f} Ω", "take a module's pull-ups off, or choose modules with weaker ones")


def _pull(board: Board, chosen: variants.Chosen) -> float:
    pulls = [board.electrics.i2c_pull_ohm]
    pulls += [part.i2c_pull_ohm for _, part in variants.within(board.parts, chosen) if part.i2c_pull_ohm]
    return 1 / sum(1 / ohm for ohm in pulls)


def budget(phone: variants.Phone) -> dict[str, float]:
    """What the supply has to give at the most, by consumer, in mA at 5 V."""
    board = phone.board
    return {
        f"{phone.model.id} under load": phone.model.board_ma * BUSY,
        "headset": board.headset_ma,
        "display": phone.display.ma,
        "lamps and pins": round(nets.pins_ma(board), 1),
        "buzzer and others": sum(part.ma for part in phone.parts if part is not phone.display),
    }


def _power(board: Board) -> Iterator[Fault]:
    for chosen in variants.every(board):
        phone = variants.Phone(board, chosen)
        index = board.models.index(phone.model)
        wanted = sum(budget(phone).values())
        if wanted > phone.model.supply_ma:
            yield Fault(("models", index, "supply_ma"), f"{', '.join(sorted(chosen))} may draw {wanted:.0f} mA",
                        "a stronger supply")
        if board.headset_ma > phone.model.usb_ma:
            yield Fault(("models", index, "usb_ma"), "the USB port does not feed the headset", "a powered hub")
