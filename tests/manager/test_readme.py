# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manager's page says is so."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest
from msgspec.structs import fields

from callsheet.cli import manager as commands
from callsheet.manager import lists
from callsheet.manager.assign import BY
from callsheet.manager.importer.columns import FIELDS
from callsheet.manager.settings import ManagerSettings

PAGE = Path(__file__).parents[2] / "firmware" / "callsheet" / "manager" / "README.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", TEXT, re.MULTILINE)]
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("callsheet manager")]


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT):
        assert (PAGE.parent / link).exists(), link


@pytest.mark.parametrize("line", LINES)
def test_the_commands_are_written_rightly(line: str) -> None:
    words = shlex.split(line)[2:]
    assert commands._parser(words[0]).parse_args(words).command == words[0]


def test_there_are_commands_to_try() -> None:
    assert len(LINES) >= 6


def test_the_values_of_a_list_are_taken() -> None:
    block = next(block for block in BLOCKS if "dispositions" in block)
    found = lists.read_header(block.encode(), "list.toml")
    assert found["rules"]["hours"] and found["region_rules"]["FL"]["caps"]


def test_fields_ways_to_deal_and_sections_are_all_there() -> None:
    named = set(re.findall(r"`\[?([a-z_-]+)\]?`", TEXT))
    assert named >= set(FIELDS)
    assert named >= set(BY)
    assert named >= {field.encode_name for field in fields(ManagerSettings)}
