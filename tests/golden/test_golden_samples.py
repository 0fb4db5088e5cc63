# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens in five languages and scripts on both glasses, and long texts on their way."""

import pytest

from callsheet.adapters.display.render import render
from tests.golden.samples import BY_LANGUAGE

SIZES = ((128, 64), (256, 64))
# Screen, and seconds since its words appeared.
MOVED = (
    ("en", "dialling", 4.0),
    ("en", "preview", 3.0),
    ("en", "fault", 3.0),
    ("en", "ready-blocked", 3.0),
    ("zh", "talking", 3.0),
    ("zh", "long-name", 5.0),
    ("zh", "ready-blocked", 6.0),
    ("ar", "long", 4.5),
    ("others", "icons", 3.0),
)
EVERY = [
    pytest.param(language, name, screen, size, id=f"{language}/{name}-{size[0]}x{size[1]}")
    for language, screens in BY_LANGUAGE.items()
    for name, screen in screens
    for size in SIZES
]


@pytest.mark.parametrize(("language", "name", "screen", "size"), EVERY)
def test_screen(golden, language, name, screen, size):
    golden(f"samples/{language}/{name}-{size[0]}x{size[1]}", render(screen, size))


@pytest.mark.parametrize(("language", "name", "clock"), MOVED)
def test_screen_later(golden, language, name, clock):
    screen = dict(BY_LANGUAGE[language])[name]
    golden(f"samples/{language}/{name}-128x64-at-{clock:g}s", render(screen, (128, 64), clock))
