# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the manual that are made from the code, so that they cannot disagree with it.

`python -m callsheet.docs` writes them, `--check` says whether they are up to date.
"""

from collections.abc import Callable
from pathlib import Path

from callsheet.docs import behaviour, headsets, outcomes, settings

FOLDER = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "behaviour.md": behaviour.page, "outcomes.md": outcomes.page, "settings.md": settings.page,
    "headsets.md": headsets.page,
}
