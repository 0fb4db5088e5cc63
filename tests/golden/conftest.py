# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares frames with the images below `images`, pixel by pixel.

    pytest tests/golden                    compare
    pytest tests/golden --update-golden    write what is drawn now; look at the images before you commit them

A frame that differs leaves `build/golden/NAME.png`: expected, drawn, and the
difference, one below the other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops

IMAGES = Path(__file__).parent / "images"
_SCALE = 4
_GAP = 8

Golden = Callable[[str, Image.Image], None]


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden images anew")


@pytest.fixture
def golden(request) -> Golden:
    """Check a frame of mode "1" against the image of that name (a path below `images`, without .png)."""
    update = request.config.getoption("--update-golden", default=False)
    failed = Path(request.config.rootpath) / "build" / "golden"

    def check(name: str, frame: Image.Image) -> None:
        path = IMAGES / f"{name}.png"
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.save(path, optimize=True)
            return
        if not path.exists():
            pytest.fail(
                f"{path.relative_to(IMAGES)} is missing: look at the screen, then run with --update-golden"
            )
        with Image.open(path) as image:
            expected = image.convert("1")
        if expected.size != frame.size or expected.tobytes() != frame.tobytes():
            picture = _write_difference(failed / f"{name}.png", expected, frame)
            pytest.fail(f"{name} is drawn differently: see {picture}; --update-golden if that is right")

    return check


def _write_difference(path: Path, expected: Image.Image, frame: Image.Image) -> Path:
    """Expected, drawn, and what differs in red."""
    width, height = max(expected.width, frame.width), max(expected.height, frame.height)
    padded = [Image.new("1", (width, height)) for _ in range(2)]
    padded[0].paste(expected)
    padded[1].paste(frame)
    changed = ImageChops.logical_xor(*padded)
    difference = padded[1].convert("RGB")
    difference.paste((255, 40, 40), (0, 0), changed)
    page = Image.new("RGB", (width * _SCALE, 3 * height * _SCALE + 2 * _GAP), (90, 90, 90))
    for row, image in enumerate((*padded, difference)):
        large = image.convert("RGB").resize((width * _SCALE, height * _SCALE), Image.Resampling.NEAREST)
        page.paste(large, (0, row * (height * _SCALE + _GAP)))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)
    return path
