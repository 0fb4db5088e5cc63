# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of the handset in both languages on both glasses."""

import pytest

from callsheet.adapters.display.gallery import SIZES
from callsheet.adapters.display.render import render
from callsheet.core.behaviour import Mode
from tests.golden.states import by_language

LANGUAGES = by_language()
EVERY = [
    pytest.param(language, name, screen, size, id=f"{language}/{name}-{size[0]}x{size[1]}")
    for language, screens in LANGUAGES.items()
    for name, screen in screens
    for size in SIZES
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_state_is_left_out(language):
    assert {screen.mode for _, screen in LANGUAGES[language]} == set(Mode)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shot_has_a_name_of_its_own(language):
    names = [name for name, _ in LANGUAGES[language]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("language", "name", "screen", "size"), EVERY)
def test_state(golden, language, name, screen, size):
    golden(f"states/{language}/{name}-{size[0]}x{size[1]}", render(screen, size))
