# SPDX-License-Identifier: GPL-3.0-or-later
"""The board as it is in the repository: numbers held against sources that are not its own rules."""

from __future__ import annotations

import itertools

import pytest
from gpiozero.pins.pi import PiBoardInfo

from callsheet.adapters.board import board as firmware_board
from callsheet.core.keypad import LAYOUTS
from hardware.workshop import header, nets, variants
from hardware.workshop.rules_electric import budget

PI_4B = 0xC03114
"""A revision code of the Pi 4B; the header is the same on every model."""


def official_header() -> dict[int, str]:
    """What gpiozero, which has it from the makers' tables, says is on each pin of the 40-pin header."""
    return {pin.number: pin.name for pin in PiBoardInfo.from_revision(PI_4B).headers["J8"].pins.values()}


def test_our_header_is_the_official_one() -> None:
    names = official_header()
    assert {pin: header.name(pin) for pin in range(1, 41)} == names


def test_every_signal_is_on_the_pin_it_says(board) -> None:
    names = official_header()
    for signal in board.signals:
        assert names[signal.header] == f"GPIO{signal.bcm}", signal.name


def test_no_pin_has_two_jobs_in_any_variant(board) -> None:
    for chosen in variants.every(board):
        pins = [signal.bcm for signal in variants.Phone(board, chosen).signals]
        assert len(pins) == len(set(pins)), sorted(chosen)


@pytest.mark.parametrize(("bcm", "use"), [(2, "i2c"), (3, "i2c"), (14, "uart"), (15, "uart"), (0, None), (1, None)])
def test_bus_console_and_eeprom_pins_have_no_other_job(board, bcm, use) -> None:
    assert {signal.use for signal in board.signals if signal.bcm == bcm} == ({use} if use else set())


def test_lamps_buzzer_and_hook_are_on_pins_that_are_low_until_the_firmware_runs(board) -> None:
    quiet = {board.buzzer.signal, *(lamp.signal for lamp in board.lamps)}
    assert all(signal.bcm > 8 for signal in board.signals if signal.name in quiet)


def test_currents_by_hand(board) -> None:
    """Ohm's law written out, for the reference build's 330 Ω and 1 kΩ."""
    by_name = {lamp.name: nets.lamp_ma(board, lamp) for lamp in board.lamps}
    assert by_name["line"] == pytest.approx(((3.3 - 2.5) / 0.330, (3.3 - 1.8) / 0.330))
    assert nets.row_fault_ma(board) == pytest.approx(3.3 / 0.660)
    assert nets.base_ma(board) == pytest.approx(2.7)
    assert nets.pins_ma(board) < 50
    assert all(most < 16 for _, most in by_name.values())


def test_a_pressed_key_and_a_lifted_receiver_are_low(board) -> None:
    # Four keys of one row: four pull-ups of 50 kΩ against 330 Ω. Hook: 10 kΩ against 1 kΩ.
    assert nets.column_low(board) == pytest.approx(3.3 * 330 / (330 + 12_500))
    assert nets.hook_low(board) == pytest.approx(0.3)
    assert nets.hook_filter_ms(board) == pytest.approx(1.0)


def test_every_supply_feeds_its_phone(board) -> None:
    for chosen in variants.every(board):
        phone = variants.Phone(board, chosen)
        assert sum(budget(phone).values()) <= phone.model.supply_ma


def test_every_wire_and_part_is_on_the_bill_and_every_line_is_used(board) -> None:
    used = {cable.bom for cable in board.cables} | {part.bom for part in board.parts}
    used |= {component.bom for component in board.components}
    used |= {bom for model in board.models for bom in (model.bom, model.supply_bom)}
    used |= {line.id for line in board.bom if line.fits}
    assert used == {line.id for line in board.bom}


def test_wires_reach_from_the_header_to_the_part_they_are_for(board) -> None:
    """Follow the copper, resistors included, from each pin: it must end where its use says."""
    phone = variants.Phone(board, board.reference())
    ends = {"row": "keypad-4x4", "column": "keypad-4x4", "lamp": "lamp-", "buzzer": "buzzer", "hook": "hook-switch",
            "i2c": "ssd1306", "uart": "bridge"}
    for signal in phone.signals:
        assert any(end.startswith(ends[signal.use]) for end in reached(phone, signal.header)), signal.name


def reached(phone: variants.Phone, pin: int) -> set[str]:
    """Parts joined to a header pin through wires, connectors, resistors and the transistor's base."""
    joints: set[frozenset[object]] = set()
    for cable in phone.cables:
        joints |= {frozenset({(cable.start, there), (cable.end, here)}) for there, _, here in cable.wires}
    for connector in phone.board.connectors:
        joints |= {frozenset({(connector.id, number), net}) for number, net in enumerate(connector.nets, 1)
                   if net not in ("GND", "3V3", "5V")}
    for component in phone.board.components:
        if component.kind in ("resistor", "npn"):
            joints |= {frozenset(pair) for pair in itertools.combinations(component.nets, 2)
                       if not {"GND", "3V3", "5V"} & set(pair)}
    seen: set[object] = {("header", pin)}
    while more := {end for joint in joints if joint & seen for end in joint} - seen:
        seen |= more
    return {end[0] for end in seen if isinstance(end, tuple)} & {part.id for part in phone.parts}


def test_firmware_loads_what_the_board_says(board) -> None:
    loaded = firmware_board()
    assert {s.name: s.bcm for s in loaded.signals} == {s.name: s.bcm for s in board.signals}
    assert loaded.keypad.rows == (5, 6, 13, 19)
    assert [loaded.signal(loaded.lamps[name].line).name for name in ("line", "work", "attention")] == [
        "LINE", "WORK", "ATTN"]
    assert str(loaded.signal(5)) == "ROW1 (GPIO5, header pin 29, brown wire)"


def test_keypad_layouts_are_the_cores(board) -> None:
    assert {layout.id: layout.caps for layout in board.keypad.layouts} == LAYOUTS
    assert len(firmware_board().keypad.columns_of("3x4")) == 3
