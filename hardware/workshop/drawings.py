# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws harness and schematics into a folder; run by scripts/make-hardware in an environment of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from hardware.workshop import rules


def main(out: Path) -> None:
    """Raises BoardError if the board is not sound."""
    board = rules.load()
    start = time.monotonic()
    from hardware.workshop import harness

    for name, svg in harness.draw(board).items():
        (out / f"{name}.svg").write_bytes(svg)
    middle = time.monotonic()
    print(f"harness by WireViz: {middle - start:.1f} s")
    from hardware.workshop import schematics

    for name, svg in schematics.draw(board).items():
        (out / f"{name}.svg").write_bytes(svg)
    print(f"schematics by schemdraw: {time.monotonic() - middle:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
