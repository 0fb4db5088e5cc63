# SPDX-License-Identifier: GPL-3.0-or-later
"""The bill of materials, as a page and as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

from hardware.workshop import variants
from hardware.workshop.model import Board, BomLine

GROUPS = {"core": "Processor, supply, headset, console", "front": "What the agent sees and touches",
          "board": "On the wiring board", "wire": "Wires", "case": "Case"}
HEAD = """\
<!-- Made from hardware/board.yaml by scripts/make-hardware; do not edit. -->
# Bill of materials

For whoever buys the parts of one handset. The reference build is {reference}. Parts of other variants say what
they are for and take the place of the reference's. As a table for a spreadsheet: [bom.csv](bom.csv).

Prices are rough, in euro, for single pieces, late 2025. The reference build is about **€ {least:.0f} to {most:.0f}**,
headset and supply included.
"""


def price(line: BomLine) -> tuple[float, float]:
    """Least and greatest price of one piece, in euro. Raises ValueError if it is neither a number nor a range."""
    ends = [float(part) for part in str(line.price).split("–")]
    return ends[0], ends[-1]


def lines(board: Board) -> list[tuple[BomLine, int, str]]:
    """Every line with how many it takes and, for parts outside the reference build, what they are for."""
    reference = variants.Phone(board, board.reference())
    names = {choice.id: choice.name for group in board.choices.groups() for choice in group}
    phones = [variants.Phone(board, chosen) for chosen in variants.every(board)]
    rows = []
    for line in board.bom:
        count = reference.count(line)
        elsewhere = "" if count else " or ".join(names[choice] for choice in line.when)
        rows.append((line, count or max(phone.count(line) for phone in phones), elsewhere))
    return rows


def table(board: Board) -> str:
    """CSV with a header line; quantity counts pieces, reference says whether the reference build has it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "group", "part", "quantity", "reference", "variant", "price_min_eur", "price_max_eur",
                     "why", "not_to_buy"])
    for line, count, elsewhere in lines(board):
        least, most = price(line)
        writer.writerow([line.id, line.group, line.part, count, "no" if elsewhere else "yes", elsewhere,
                         f"{least:g}", f"{most:g}", line.why, line.avoid])
    return out.getvalue()


def page(board: Board) -> str:
    """The page."""
    rows = lines(board)
    inside = [(price(line), count) for line, count, elsewhere in rows if not elsewhere]
    least, most = (sum(cost[end] * count for cost, count in inside) for end in (0, 1))
    names = {choice.id: choice.name for group in board.choices.groups() for choice in group}
    reference = ", ".join(names[group[0].id] for group in board.choices.groups())
    parts = [HEAD.format(reference=reference, least=least, most=most)]
    for group, title in GROUPS.items():
        parts.append(f"\n## {title}\n\n| pieces | part | € each | why this one | not to buy |\n| ---: | --- | --- | --- | --- |\n")
        parts += [_row(line, count, elsewhere) for line, count, elsewhere in rows if line.group == group]
    return "".join(parts)


def _row(line: BomLine, count: int, elsewhere: str) -> str:
    part = f"{line.part}<br>*only for {elsewhere}*" if elsewhere else f"**{line.part}**"
    return f"| {count} | {part} | {line.price} | {line.why} | {line.avoid} |\n"
