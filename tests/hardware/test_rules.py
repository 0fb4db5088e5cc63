# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a board is said with its line and the remedy. Each case spoils the real file in one place."""

from __future__ import annotations

import pytest

from hardware.workshop import rules
from hardware.workshop.reading import BoardError

SPOILT = [
    # (what to replace, by what, words the error must have)
    ("ROW1, bcm: 5, header: 29", "ROW1, bcm: 5, header: 28", ("signals[0].header", "not on header pin 28", "pin 29")),
    ("ROW1, bcm: 5, header: 29", "ROW1, bcm: 17, header: 11", ("is taken by", "give one of them another")),
    ("ROW1, bcm: 5, header: 29", "ROW1, bcm: 0, header: 27", ("GPIO0 is reserved for id-eeprom", "choose a free pin")),
    ("WORK, bcm: 27, header: 13", "WORK, bcm: 15, header: 10", ("reserved for uart",)),
    ("WORK, bcm: 27, header: 13", "WORK, bcm: 2, header: 3", ("reserved for i2c",)),
    ("LINE, bcm: 17, header: 11, use: lamp, index: 0, at_boot: pulled-down",
     "LINE, bcm: 4, header: 7, use: lamp, index: 0, at_boot: pulled-up", ("the lamp glows", "GPIO9 to 27")),
    ("at_boot: pulled-up}\n  - {name: ROW2", "at_boot: pulled-down}\n  - {name: ROW2", ("GPIO5 is not pulled-down",)),
    ("  - {bcm: 14, job: uart", "  - {bcm: 4, job: uart", ("GPIO14 must be reserved for uart",)),
    ("ohm: 330, nets: [LINE, LED1]", "ohm: 68, nets: [LINE, LED1]", ("lamps[0]", "more than a pin gives", "larger")),
    ("ohm: 330, nets: [LINE, LED1]", "ohm: 2200, nets: [LINE, LED1]", ("hardly glows", "smaller resistor")),
    ("ohm: 330, nets: [LINE, LED1]", "ohm: 330, nets: [LINE, LED2]", ("leads nowhere",)),
    ("ohm: 330, nets: [LINE, LED1]", "nets: [LINE, LED1]", ("no resistor in series with LINE", "burns")),
    ("kind: diode, nets: [BZ, \"5V\"]", "kind: diode, nets: [\"5V\", BZ]", ("no diode takes the buzzer's kick",)),
    ("ohm: 1000, nets: [HOOK, HSW]", "ohm: 4700, nets: [HOOK, HSW]", ("the closed hook switch gives", "low is below")),
    ("i2c_pull_ohm: 1800", "i2c_pull_ohm: 900", ("pull-ups of the bus together", "take a module's pull-ups off")),
    ("supply_ma: 2500\n    board_ma: 500", "supply_ma: 1500\n    board_ma: 500", ("may draw", "a stronger supply")),
    ("pin_ma: 16", "pin_ma: 4", ("more than a pin gives",)),
    ("total_ma: 50", "total_ma: 15", ("all pins together", "larger resistors")),
    ("[1, orange, 1]", "[1, red, 1]", ("red for 3V3", "3V3 is orange")),
    ("[29, brown, 1]", "[29, black, 1]", ("black for ROW1", "ground only")),
    ("[29, brown, 1]", "[29, yellow, 1]", ("yellow comes twice on J2",)),
    ("[29, brown, 1]", "[29, pink, 1]", ("pink is no wire's colour", "violet")),
    ("[29, brown, 1]", "[31, brown, 1]", ("joins ROW2 to ROW1 on J2",)),
    ("[29, brown, 1]", "[29, brown, 9]", ("J2 has no pin 9", "1 to 4")),
    ("[29, brown, 1], ", "", ("no wire on header pin 29",)),
    ("end: J2, bom: jumpers", "end: J2, bom: string", ("string is not on the bill of materials", "add a line")),
    ("  - {id: feet, group: case", "  - {id: feets, group: cases", ("Invalid enum value",)),
    ("[[1, 9], [4, 9]]", "[[1, 9], [4, 9], [4, 10]]", ("a short", "J2.1 (ROW1)", "(ROW2)")),
    ("[[1, 9], [4, 9]]", "[[1, 9], [3, 9]]", ("ROW1 falls apart", "J2.1", "R1.1")),
    ("[[1, 9], [4, 9]]", "[[1, 9], [4, 8]]", ("is not straight", "add the corner")),
    ("R1: [[4, 9], [8, 9]]", "R1: [[4, 9], [8, 10]]", ("share hole [8, 10]",)),
    ("R1: [[4, 9], [8, 9]]", "R1: [[4, 9], [8, 99]]", ("is off the board",)),
    ("colour: red, ends: [[10, 2]", "colour: red, ends: [[1, 2]", ("hole [1, 2] is taken by J1.2",)),
    ("colour: red, ends: [[10, 2]", "colour: red, ends: [[11, 2]", ("is on no track",)),
    ("colour: red, ends: [[10, 2]", "colour: black, ends: [[10, 2]", ("a black link on the wrong net",)),
    ("fits: case, count: 10}", "}", ("nothing uses screw-m2",)),
    ("when: [3x4], wires: [[1, tail", "when: [2x4], wires: [[1, tail", ("2x4 is no choice", "known:")),
    ("address: 0x68", "address: 0x3c", ("0x3c is the clock's",)),
    ("revision: 1\n", "revision: 1\nrevision: 2\n", ("this key comes twice",)),
    ("revision: 1\n", "revison: 1\n", ("revison",)),
    ("revision: 1\n", "revision: [1\n", ("line ", "check indentation")),
    ("wall: 2.4", "wall: 1.2", (">= 2",)),
]


@pytest.mark.parametrize(("old", "new", "words"), SPOILT, ids=[f"{n}-{row[2][0]}" for n, row in enumerate(SPOILT)])
def test_a_spoilt_board_is_refused_with_place_and_remedy(board_text, old, new, words) -> None:
    assert old in board_text
    with pytest.raises(BoardError) as caught:
        rules.load(board_text.replace(old, new, 1))
    text = str(caught.value)
    for word in ("hardware/board.yaml: line ", *words):
        assert word in text


def test_the_line_is_where_the_fault_is(board_text) -> None:
    old, new = "ROW3, bcm: 13, header: 33", "ROW3, bcm: 13, header: 34"
    line = board_text[: board_text.index(old)].count("\n") + 1
    with pytest.raises(BoardError, match=f"line {line}: signals\\[2\\].header"):
        rules.load(board_text.replace(old, new))


def test_all_faults_are_told_at_once(board_text) -> None:
    spoilt = board_text.replace("ROW1, bcm: 5, header: 29", "ROW1, bcm: 5, header: 28").replace("[1, orange, 1]", "[1, red, 1]")
    with pytest.raises(BoardError) as caught:
        rules.load(spoilt)
    assert len(caught.value.faults) >= 2


def test_the_real_board_is_sound(board_text) -> None:
    rules.load(board_text)
