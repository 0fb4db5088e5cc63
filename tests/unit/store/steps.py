# SPDX-License-Identifier: GPL-3.0-or-later
"""A short working life of a store, step by step; run as a module it lives it in a process of its own.

`python -m tests.unit.store.steps DIRECTORY [COUNT]` writes "done N" after each step has been confirmed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from callsheet.core.events import Saved
from callsheet.core.ledger import Adopted, AnyEntry, Snapshot, Upload
from callsheet.ports import Document, Waiting
from tests.unit.store.samples import START, Phone, document, ended, intention, sheet, signed_in, signed_out

Step = Callable[[Phone], None]
Sight = tuple[Snapshot, tuple[Waiting, ...], dict[str, tuple[float, ...]]]


def save(*entries: AnyEntry, documents: tuple[Document, ...] = ()) -> Step:
    def step(phone: Phone) -> None:
        assert isinstance(phone.save(*entries, documents=documents), Saved)

    return step


def confirm(phone: Phone) -> None:
    phone.store.confirmed(phone.store.waiting()[0].id)


def fail(phone: Phone) -> None:
    phone.store.failed(phone.store.waiting()[0].id, "HTTP 503")


def short_life() -> list[Step]:
    """Every kind of change once."""
    return [
        save(signed_in(), Adopted(sheet=sheet(), at=START)),
        save(intention(1)),
        save(ended(1), Upload("result", "kiosk-1"), intention(2), documents=(document(1),)),
        fail,
        save(ended(2), Upload("result", "kiosk-2"), documents=(document(2),)),
        confirm,
        save(Adopted(sheet=sheet(revision=2, tasks=40), at=START), intention(3)),
        save(ended(3), Upload("remaining"), signed_out(), documents=(document(1000, "z" * 9000),)),
        confirm,
        confirm,
        save(signed_in("102"), Adopted(sheet=sheet("b", agent="102"), at=START), intention(4)),
    ]


def long_life() -> Iterator[Step]:
    """One result and one intention per step, for ever; every tenth upload is confirmed."""
    yield save(signed_in(), Adopted(sheet=sheet(tasks=40), at=START), intention(1))
    n = 1
    while True:
        yield save(ended(n), Upload("result", f"kiosk-{n}"), intention(n + 1), documents=(document(n),))
        if n % 10 == 0:
            yield confirm
        n += 1


def look(phone: Phone) -> Sight:
    """Everything the store can be asked for."""
    return replace(phone.store.load(), installation=0), phone.store.waiting(), phone.store.recent([ended(1).attempt.number])


def main() -> None:
    phone = Phone(Path(sys.argv[1]))
    steps = short_life() if len(sys.argv) == 2 else long_life()
    for number, step in enumerate(steps, 1):
        step(phone)
        os.write(1, f"done {number}\n".encode())
        if sys.argv[2:] == [str(number)]:
            break
    phone.close()


if __name__ == "__main__":
    main()
