# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the manual of the formats are call sheets."""

import re
import textwrap
from pathlib import Path

import callsheet.formats
from callsheet.formats.sheet import read_sheet

README = Path(callsheet.formats.__file__).parent / "README.md"


def examples() -> list[bytes]:
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return [textwrap.dedent(block).encode() for block in blocks if not block.startswith("    line ")]


def test_the_examples_are_valid() -> None:
    files = [read_sheet(example, name="readme") for example in examples()]
    assert [file.form for file in files] == ["json", "csv"]
    for file in files:
        (task,) = file.sheet.tasks
        assert task.windows[0].start.isoformat() == "2026-11-24T09:00:00+01:00"
        assert "Berlin" in task.extra.values()
        assert file.sheet.order[0].by == "priority"
