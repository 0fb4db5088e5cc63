# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.bench.clients FILE COUNT writes a manager's file as there are many; … peer WHAT FILE does the least.

Numbers stand as people write them, of five countries; one row in a hundred is wrong, one in a hundred comes twice.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import python_calamine

from callsheet.manager.tabular import Value, write_table

TITLES = ("Customer no.", "First name", "Last name", "Phone", "City", "Language", "Priority", "Contract", "Balance", "Remark")
HOME = "DE"
PHONE = TITLES.index("Phone")
_FIRST = ("Anna", "Jürgen", "Zoë", "Mehmet", "Wei", "Marta", "Paul", "Ines", "Tom", "Olga")
_LAST = ("Schmidt", "Müller", "Öztürk", "Novak", "Rossi", "Ivanova", "Li", "Becker", "O'Neill", "Lange")
_CITIES = ("Berlin", "Leipzig", "München", "Köln", "Hamburg", "Dresden", "Bremen", "Kiel")
_REMARKS = ("", "", "wants an offer", "called twice in spring", "speak slowly; hard of hearing", "moved, see new address")


def rows(count: int) -> Iterator[list[Value]]:
    """The titles, then so many rows; the same every time."""
    dice = random.Random(1)
    yield list(TITLES)
    for number in range(count):
        phone = "0151 234" if number % 100 == 17 else _phone(number - 7 if number % 100 == 57 else number)
        yield [f"K{number:07}", dice.choice(_FIRST), dice.choice(_LAST), phone, dice.choice(_CITIES),
               dice.choice(("de", "de", "en", "tr")), dice.randrange(5), f"V-{dice.randrange(10**6):06}",
               round(dice.uniform(0, 2000), 2), dice.choice(_REMARKS)]


def _phone(number: int) -> str:
    """No two the same."""
    digits = f"{2_000_000 + number:07}"
    kind = number % 10
    if kind < 4:
        return f"030 {digits[:3]} {digits[3:]}"
    if kind < 7:
        return f"0151 2{digits[:3]} {digits[3:]}"
    return (f"+44 20 7{digits[0]}{digits[1:3]} {digits[3:]}", f"+1 (212) {digits[:3]}-{digits[3:]}",
            f"+33 1 42 {digits[1:3]} {digits[3:5]} {digits[5:]}")[kind - 7]


def _table(path: Path) -> list[list[object]]:
    if path.suffix == ".xlsx":
        return list(python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python())
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def _peer(what: str, path: Path) -> None:
    """"read": the file into lists; "numbers": that, and every number parsed, classified and written as E.164."""
    table = _table(path)
    if what == "numbers":
        for row in table[1:]:
            parsed = phonenumbers.parse(str(row[PHONE]).lstrip("'"), HOME)
            phonenumbers.number_type(parsed)
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    print(len(table))


if __name__ == "__main__":
    if sys.argv[1] == "peer":
        _peer(sys.argv[2], Path(sys.argv[3]))
    else:
        write_table(Path(sys.argv[1]), rows(int(sys.argv[2])))
