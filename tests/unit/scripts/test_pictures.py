# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures in the docs show the code as it is."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
import architecture  # noqa: E402

PICTURE = ROOT / "firmware" / "docs" / "pictures" / "architecture.svg"


def shape(svg):
    """Rooms and arrows; line widths follow the number of imports and may lag behind."""
    return sorted(re.findall(r"<title>(.*?)</title>|font-weight=\"bold\"[^>]*>(.*?)<", svg))


def test_the_architecture_is_drawn_as_it_is():
    drawn = architecture.draw(ROOT / "firmware" / "callsheet")
    assert shape(PICTURE.read_text(encoding="utf-8")) == shape(drawn), "run scripts/make-pictures --architecture"


def test_every_picture_the_docs_show_exists():
    for page in [ROOT / "README.md", *ROOT.glob("*/README.md"), *ROOT.glob("firmware/docs/*.md")]:
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"
