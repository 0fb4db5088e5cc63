# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `scripts/make-hardware`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import msgspec

from bootstrap import say
from bootstrap.paths import ROOT
from hardware.workshop import (
    bom_page,
    header_picture,
    perfboard_picture,
    pinout_page,
    pintable,
    rules,
    same,
    tools,
)
from hardware.workshop.model import Board
from hardware.workshop.reading import BoardError

DOCS = Path("hardware/docs")
PICTURES = DOCS / "pictures"
BUILD = ROOT / "build" / "hardware"

EPILOG = """\
What is made, all from hardware/board.yaml:
  pages     pin table of the firmware, pin-out, bill of materials, schema, picture of the header
  drawings  wiring harness (WireViz), schematics (schemdraw)
  case      STL and STEP files into build/hardware, pictures of them

drawings and case need packages of their own, which are put into the cache on first use
(hardware/requirements.lock, hardware/requirements-case.lock). Where that cannot be done they are named
and left out; with CI=true or CALLSHEET_REQUIRE_ALL=1 that is an error.
Exit codes: 1 something is wrong or has drifted, 2 bad arguments."""
NAMES = ("pages", "drawings", "case")


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    words = argparse.ArgumentParser(
        prog="make-hardware", description="Make what follows from hardware/board.yaml, or check that it still does.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(NAMES)}")
    words.add_argument("--check", action="store_true", help="change nothing; exit 1 and name what has drifted")
    words.add_argument("--with", dest="chosen", action="append", default=[], metavar="CHOICE",
                       help="the case for another variant, e.g. --with sh1106 --with pi3bp")
    words.add_argument("--build", type=Path, default=BUILD, metavar="DIR",
                       help="where STL and STEP files go (build/hardware)")
    words.add_argument("--lock", action="store_true", help="write the generators' lock files anew, and end")
    words.add_argument("--upgrade", action="store_true", help="with --lock: take newer versions")
    return words


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    words = parser()
    chosen = words.parse_args(argv)
    if unknown := set(chosen.names) - set(NAMES):
        words.error(f"{', '.join(sorted(unknown))}: expected {', '.join(NAMES)}")
    try:
        if chosen.lock:
            tools.lock(chosen.upgrade)
            return 0
        board = rules.load()
        variant(board, chosen.chosen)
        return _make(board, chosen)
    except (BoardError, say.Failed, OSError) as problem:
        print(f"make-hardware: {problem}", file=sys.stderr)
        return 1


def variant(board: Board, wanted: list[str]) -> frozenset[str]:
    """The reference build with some choices made otherwise. Raises say.Failed for an unknown choice."""
    chosen = set(board.reference())
    for name in wanted:
        group = next((group for group in board.choices.groups() if any(c.id == name for c in group)), None)
        if group is None:
            known = ", ".join(choice.id for group in board.choices.groups() for choice in group)
            raise say.Failed(f"--with {name}: no such choice; known are {known}")
        chosen -= {choice.id for choice in group}
        chosen.add(name)
    return frozenset(chosen)


def pages(board: Board) -> dict[Path, str]:
    """All that needs nothing but the project's own environment, by path in the checkout."""
    schema = msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Board)), indent=1).decode() + "\n"
    return {
        Path("firmware/callsheet/adapters/board_data.toml"): pintable.pin_table(board),
        Path("hardware/board.schema.json"): schema,
        DOCS / "pinout.md": pinout_page.page(board),
        DOCS / "bom.md": bom_page.page(board),
        DOCS / "bom.csv": bom_page.table(board),
        PICTURES / "header.svg": header_picture.draw(board),
        PICTURES / "wiring-board.svg": perfboard_picture.draw(board),
    }


def _make(board: Board, chosen: argparse.Namespace) -> int:
    names = chosen.names or NAMES
    drifted: list[str] = []
    left_out: list[str] = []
    if "pages" in names:
        drifted += _settle({path: text.encode() for path, text in pages(board).items()}, check=chosen.check)
    with tempfile.TemporaryDirectory() as scratch:
        for tool in (tools.DRAWINGS, tools.CASE):
            if tool.name not in names:
                continue
            out = Path(scratch) / tool.name
            out.mkdir()
            try:
                tools.run(tool, [out, *_case_words(tool, board, chosen)])
            except tools.LeftOut as why:
                left_out.append(f"{tool.name}: left out, {why}")
                continue
            # Another variant's case has no picture in the repository.
            if tool is tools.DRAWINGS or not chosen.chosen:
                drifted += _settle({PICTURES / one.name: one.read_bytes() for one in sorted(out.iterdir())},
                                   check=chosen.check)
    return _verdict(drifted, left_out)


def _case_words(tool: tools.Tool, board: Board, chosen: argparse.Namespace) -> list[str]:
    if tool is not tools.CASE:
        return []
    return [str(chosen.build.resolve()), json.dumps(sorted(variant(board, chosen.chosen)))]


def _settle(made: dict[Path, bytes], *, check: bool) -> list[str]:
    """Write what differs; with `check` name it instead."""
    drifted = []
    for path, new in made.items():
        place = ROOT / path
        old = place.read_bytes() if place.exists() else None
        if old == new:
            continue
        if check:
            if old is None or not same.same(path.suffix, old, new):
                drifted.append(str(path))
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(new)
        say.step(f"wrote {path}")
    return drifted


def _verdict(drifted: list[str], left_out: list[str]) -> int:
    for line in left_out:
        print(f"make-hardware: {line}", file=sys.stderr)
    for path in drifted:
        print(f"make-hardware: {path} is not what hardware/board.yaml says; run scripts/make-hardware and commit",
              file=sys.stderr)
    must = os.environ.get("CI", "").lower() in ("1", "true") or os.environ.get("CALLSHEET_REQUIRE_ALL") == "1"
    return 1 if drifted or (left_out and must) else 0
