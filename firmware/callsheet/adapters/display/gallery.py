# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the screens as they look on the glass, for the documentation.

    python -m callsheet.adapters.display.gallery OUT_DIR --screens MODULE:NAME

NAME is a mapping from language to screens, each with its name, or a function
that returns one. Per language and size one sheet is written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from PIL import Image, ImageDraw

from callsheet.adapters.display.render import render
from callsheet.adapters.display.text import CELL, strip
from callsheet.core.screen import Screen

Named = Iterable[tuple[str, Screen]]

SIZES = ((128, 64), (256, 64))
"""The glasses there are."""
_SCALE = 4
_LIT = (170, 215, 255)
_DARK = (7, 10, 16)
_GAP_BETWEEN_PIXELS = 0.55
"""How bright the gaps of a lit area are: on the glass the pixels can be told apart."""
_BEZEL = (22, 23, 26)
_PAPER = (238, 239, 241)
_INK = (40, 42, 48)
_BORDER = 5 * _SCALE
_MARGIN = 24
_CAPTION = 40


def glass(frame: Image.Image, scale: int = _SCALE) -> Image.Image:
    """A frame of mode "1" as it looks behind its bezel, `scale` pixels per pixel (at least 2)."""
    width, height = frame.size
    grid = Image.new("L", (scale, scale), 255)
    for at in range(scale):
        for spot in ((scale - 1, at), (at, scale - 1)):
            grid.putpixel(spot, round(255 * _GAP_BETWEEN_PIXELS))
    shades = Image.new("L", (width * scale, height * scale))
    row = Image.new("L", (width * scale, scale))
    for x in range(width):
        row.paste(grid, (x * scale, 0))
    for y in range(height):
        shades.paste(row, (0, y * scale))
    large = frame.resize(shades.size, Image.Resampling.NEAREST)
    light = Image.composite(shades, Image.new("L", shades.size), large)
    lit = Image.composite(Image.new("RGB", shades.size, _LIT), Image.new("RGB", shades.size, _DARK), light)
    module = Image.new("RGB", (lit.width + 2 * _BORDER, lit.height + 2 * _BORDER), _PAPER)
    ImageDraw.Draw(module).rounded_rectangle(
        (0, 0, module.width - 1, module.height - 1), 2 * scale, fill=_BEZEL
    )
    module.paste(lit, (_BORDER, _BORDER))
    return module


def caption(text: str, scale: int = 2) -> Image.Image:
    """A mask of mode "1" with a text in the phone's own fonts."""
    columns = strip(text, "text").columns or (0,)
    data = b"".join((column & 0xFFFF).to_bytes(2, "little") for column in columns)
    upright = Image.frombytes("1", (CELL, len(columns)), data, "raw", "1;R")
    mask = upright.transpose(Image.Transpose.TRANSPOSE)
    return mask.resize((mask.width * scale, mask.height * scale), Image.Resampling.NEAREST)


def sheet(screens: Named, size: tuple[int, int], columns: int) -> Image.Image:
    """All screens side by side in so many columns, each with its name below."""
    modules = [(name, glass(render(screen, size))) for name, screen in screens]
    if not modules:
        raise ValueError("no screens to draw")
    width, height = modules[0][1].size
    cell = width + _MARGIN, height + _CAPTION + _MARGIN // 2
    rows = -(-len(modules) // columns)
    page = Image.new("RGB", (_MARGIN + columns * cell[0], _MARGIN + rows * cell[1]), _PAPER)
    for index, (name, module) in enumerate(modules):
        x = _MARGIN + (index % columns) * cell[0]
        y = _MARGIN + (index // columns) * cell[1]
        page.paste(module, (x, y))
        mask = caption(name)
        page.paste(_INK, (x + max(0, (width - mask.width) // 2), y + height + 4), mask)
    return page


def write(folder: Path, languages: Mapping[str, Named]) -> list[Path]:
    """One PNG per language and size; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for language, screens in languages.items():
        named = list(screens)
        for size in SIZES:
            path = folder / f"{language}-{size[0]}x{size[1]}.png"
            sheet(named, size, columns=512 // size[0]).quantize(16).save(path, optimize=True)
            written.append(path)
    return written


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m callsheet.adapters.display.gallery",
        description="Draw the screens as they look on the glass.",
    )
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("--screens", required=True, metavar="MODULE:NAME")
    options = parser.parse_args(arguments)
    module, _, name = options.screens.partition(":")
    try:
        screens = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        parser.error(f"--screens {options.screens}: {error}")
    for path in write(options.folder, screens() if callable(screens) else screens):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
