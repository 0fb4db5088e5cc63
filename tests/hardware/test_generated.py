# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the repository is what hardware/board.yaml says; the drawings' tools are made where all must run."""

from __future__ import annotations

import csv
import html
import io
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from hardware.workshop import bom_page, harness_names, tools, variants
from hardware.workshop.same import same
from hardware.workshop.tools import CASE, DRAWINGS, Tool

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "hardware" / "docs" / "pictures"
MUST = os.environ.get("CALLSHEET_REQUIRE_ALL") == "1"
SPOIL = """
import sys
from pathlib import Path
import msgspec
from build123d import export_stl
from hardware.enclosure import bodies, case, checks
from hardware.enclosure.layout import Layout
from hardware.workshop import rules
board = rules.load()
places = {**board.case.bottom_places, "wiring-board": (44, 60)}
moved = msgspec.structs.replace(board, case=msgspec.structs.replace(board.case, bottom_places=places))
layout = Layout(moved, moved.reference())
print("collide:", checks.collisions(case.parts(layout), bodies.bodies(layout)))
sound = Layout(board, board.reference())
pin = case.plunger(sound)
file = Path(sys.argv[1]) / "pin.stl"
export_stl(case.to_print(sound)["plunger"] * pin, str(file))
print("sound:", checks.mesh_problems("pin", file, pin.volume, (220, 220)))
print("bed:", checks.mesh_problems("pin", file, pin.volume, (5, 5)))
data = file.read_bytes()
count = int.from_bytes(data[80:84], "little")
file.write_bytes(data[:80] + (count - 1).to_bytes(4, "little") + data[84:-50])
print("open:", checks.mesh_problems("pin", file, pin.volume, (220, 220)))
lid = case.lid(sound)
export_stl(lid, str(file))
print("ceiling:", checks.mesh_problems("lid", file, lid.volume, (220, 220)))
"""


def provided(tool: Tool) -> None:
    """Skip where the tool's packages would first have to be fetched, unless everything must run."""
    if not MUST and not tools.home_of(tool).exists():
        pytest.skip(f"the tools for {tool.name} are not here: run scripts/make-hardware once")


def test_pages_and_pin_table_have_not_drifted(make_hardware) -> None:
    code, said = make_hardware("--check", "pages")
    assert code == 0, said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_harness_and_schematics_have_not_drifted(make_hardware, needs_dot) -> None:
    provided(DRAWINGS)
    code, said = make_hardware("--check", "drawings")
    assert code == 0, said


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.xdist_group("case")
def test_the_case_can_be_printed_and_its_pictures_are_true(make_hardware, tmp_path) -> None:
    provided(CASE)
    code, said = make_hardware("--check", "case", "--build", str(tmp_path))
    assert code == 0, said
    for name in ("base", "lid", "cradle", "plunger"):
        assert (tmp_path / f"{name}.stl").stat().st_size > 5_000
        assert (tmp_path / f"{name}.step").read_text(encoding="ascii").startswith("ISO-10303-21")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.xdist_group("case")
def test_a_case_that_does_not_fit_is_refused(tmp_path) -> None:
    provided(CASE)
    python = tools.python_of(CASE)
    done = subprocess.run([python, "-c", SPOIL, tmp_path], text=True, capture_output=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert "hook-switch" in said["collide"] and "mm³" in said["collide"]
    assert said["sound"] == "[]"
    assert "does not fit a bed" in said["bed"]
    assert "not closed" in said["open"]
    assert "needs support" in said["ceiling"]  # the lid the way it stands on the table


def test_a_change_of_the_board_is_drift(board_text, make_hardware, tmp_path) -> None:
    """The same script on a copy of the hardware, where one wire has another colour."""
    for name in ("hardware", "firmware", "scripts"):
        subprocess.run(["cp", "-r", ROOT / name, tmp_path], check=True)
    board = tmp_path / "hardware" / "board.yaml"
    board.write_text(board_text.replace("[29, brown, 1]", "[29, violet, 1]"), encoding="utf-8")
    code, said = make_hardware("--check", "pages", root=tmp_path)
    assert code == 1
    for name in ("board_data.toml", "hardware/docs/pinout.md", "header.svg"):
        assert name in said
    assert make_hardware("pages", root=tmp_path)[0] == 0
    assert make_hardware("--check", "pages", root=tmp_path)[0] == 0


def test_a_board_that_is_wrong_makes_nothing(board_text, make_hardware, tmp_path) -> None:
    for name in ("hardware", "firmware", "scripts"):
        subprocess.run(["cp", "-r", ROOT / name, tmp_path], check=True)
    before = (tmp_path / "hardware/docs/pinout.md").read_bytes()
    (tmp_path / "hardware/board.yaml").write_text(board_text.replace("bcm: 5, header: 29", "bcm: 5, header: 30"),
                                                  encoding="utf-8")
    code, said = make_hardware("pages", root=tmp_path)
    assert code == 1
    assert "line 63: signals[0].header: GPIO5 is not on header pin 30 (it is on pin 29)" in said
    assert (tmp_path / "hardware/docs/pinout.md").read_bytes() == before


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("ci", "exit_code"), [("false", 0), ("true", 1)])
def test_where_tools_cannot_be_had_they_are_named(make_hardware, tmp_path, needs_dot, ci, exit_code) -> None:
    bare = {"CALLSHEET_CACHE": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull,
            "CI": ci, "CALLSHEET_REQUIRE_ALL": ""}
    code, said = make_hardware("--check", "pages", "drawings", env=bare)
    assert code == exit_code, said
    assert "drawings: left out, its packages could not be installed" in said


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_are_whole_and_carry_no_dates(path) -> None:
    text = path.read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert not re.search(r"20\d\d-\d\d-\d\d|<title>|graphviz version", text)


def test_harness_shows_every_wire_of_the_reference_build(board) -> None:
    phone = variants.Phone(board, board.reference())
    drawn = "".join((PICTURES / f"{name}.svg").read_text(encoding="utf-8") for name in harness_names.NAMES)
    for cable in phone.cables:
        assert f">{cable.id}<" in drawn
    colours = re.findall(r":(BROWN|RED|ORANGE|YELLOW|GREEN|BLUE|VIOLET|GREY|WHITE|BLACK) ", html.unescape(drawn).replace("\xa0", " "))
    assert len(colours) >= sum(len(cable.wires) for cable in phone.cables if cable.bom == "jumpers")


def test_the_spreadsheet_of_parts_adds_up(board) -> None:
    rows = list(csv.DictReader(io.StringIO((ROOT / "hardware/docs/bom.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(board.bom)
    quantity = {row["id"]: int(row["quantity"]) for row in rows}
    assert (quantity["r330"], quantity["r1k"], quantity["r10k"], quantity["c100n"]) == (7, 4, 2, 1)
    assert all(float(row["price_min_eur"]) <= float(row["price_max_eur"]) for row in rows)
    assert {row["id"] for row in rows if row["reference"] == "no"} == {
        line.id for line in board.bom if not variants.Phone(board, board.reference()).count(line)}
    assert all(bom_page.price(line)[0] > 0 for line in board.bom)


def test_what_counts_as_the_same_drawing() -> None:
    def svg(source: str, word: str, x: int) -> bytes:
        return f'<!-- made from {source * 64} --><svg><text x="{x}">{word}</text></svg>'.encode()

    assert same(".svg", svg("a", "J1", 1), svg("a", "J1", 2))
    assert not same(".svg", svg("a", "J1", 1), svg("b", "J1", 1))
    assert not same(".svg", svg("a", "J1", 1), svg("a", "J2", 1))
    assert not same(".svg", b"<svg>1</svg>", b"<svg>2</svg>")
    assert not same(".md", b"one", b"two")


def test_what_counts_as_the_same_picture() -> None:
    def webp(lamp: int, grey: int = 220, width: int = 400) -> bytes:
        image = Image.new("RGB", (width, 300), (grey, grey, grey))
        image.paste((220, 60, 60), (lamp, 100, lamp + 14, 114))
        out = io.BytesIO()
        image.save(out, "WEBP", quality=86)
        return out.getvalue()

    assert same(".webp", webp(100), webp(100, grey=222))
    assert not same(".webp", webp(100), webp(110))  # a lamp ten pixels to the side
    assert not same(".webp", webp(100), webp(100, width=404))
