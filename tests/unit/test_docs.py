# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated pages are as the code is, and links in the docs lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callsheet.core.behaviour import TABLE, Action, Mode
from callsheet.core.processor import keys, overlays
from callsheet.core.texts import CATALOGUE
from callsheet.docs import FOLDER, PAGES

ROOT = Path(__file__).resolve().parents[2]
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run python -m callsheet.docs"


@pytest.mark.parametrize("page", [ROOT / "README.md", *ROOT.glob("*/README.md"), *FOLDER.glob("*.md")],
                         ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert "://" in link or (page.parent / link).exists(), link


@pytest.mark.parametrize("language", CATALOGUE)
def test_every_language_says_everything_with_the_same_blanks(language: str) -> None:
    texts, english = CATALOGUE[language], CATALOGUE["en"]
    assert texts.keys() == english.keys()
    for key, text in texts.items():
        assert text.strip(), key
        assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(english[key])), key


def test_every_mode_and_action_is_in_the_table_and_has_its_words() -> None:
    assert set(TABLE) == set(Mode)
    english = CATALOGUE["en"]
    assert all(f"title.{at.value}" in english for at in Mode)
    assert all(f"key.{action.value}" in english for action in Action)
    used = {b.action for row in TABLE.values() for b in row.keys}
    used |= {a for row in TABLE.values() for a in (row.hook_on, row.hook_off) if a is not None}
    assert used == set(Action)
    assert all(action in keys._HANDLERS or action in overlays.ACTIONS for action in Action)


def test_nothing_needs_a_key_that_a_small_keypad_lacks() -> None:
    """What only a letter key does must also be in the menu, or on another key."""
    for at, row in TABLE.items():
        reachable = {b.action for b in row.keys if b.menu or any(not c.isalpha() for c in b.caps)}
        reachable |= {a for a in (row.hook_on, row.hook_off) if a is not None}
        if any(b.action is Action.DIGIT for b in row.keys):
            reachable |= {Action.UP, Action.DOWN}
        missing = {b.action for b in row.keys} - reachable - {Action.CLOSE}
        has_menu = any(b.action is Action.MENU and not b.caps.isalpha() for b in row.keys)
        assert not missing, f"{at}: {missing}"
        assert has_menu or not any(b.menu and not any(not c.isalpha() for c in b.caps) for b in row.keys), at
