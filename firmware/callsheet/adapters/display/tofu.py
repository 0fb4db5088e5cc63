# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for a character that Unifont does not have: emoji above all.

A face for faces, a heart for hearts, a picture frame for other pictures, and
for everything else a frame with its code point, so that it can be looked up.
All are 16 columns wide.
"""

from __future__ import annotations

from functools import lru_cache

from callsheet.adapters.display.pixels import Columns, overlay, parse, parse_bands, shift


def _drawn(art: str) -> Columns:
    return parse(art.split())


_FACE = _drawn(
    """
....#######.....
..##.......##...
.#...........#..
.#...........#..
#....#...#....#.
#....#...#....#.
#....#...#....#.
#.............#.
#..#.......#..#.
#...#.....#...#.
.#...#####...#..
.#...........#..
..##.......##...
....#######.....
"""
)
_HEART = _drawn(
    """
................
...###...###....
..#####.#####...
.#############..
.#############..
.#############..
.#############..
..###########...
...#########....
....#######.....
.....#####......
......###.......
.......#........
................
"""
)
_PICTURE = _drawn(
    """
##############..
#............#..
#........##..#..
#.......#..#.#..
#.......#..#.#..
#........##..#..
#............#..
#...#........#..
#..#.#..#....#..
#.#...##.#...#..
##....#...#..#..
#....#.....#.#..
#...#.......##..
##############..
"""
)
_FRAME = parse(["###############.", *["#.............#."] * 13, "###############."])
# Hexadecimal digits of 3 by 5.
_HEX = parse_bands(
    """
0   1   2   3   4   5   6   7   8   9   A   B   C   D   E   F
### .#. ##. ##. #.# ### .## ### ### ### .#. ##. .## ##. ### ###
#.# ##. ..# ..# #.# #.. #.. ..# #.# #.# #.# #.# #.. #.# #.. #..
#.# .#. .#. .#. ### ##. ### .#. ### ### ### ##. #.. #.# ##. ##.
#.# .#. #.. ..# ..# ..# #.# .#. #.# ..# #.# #.# #.. #.# #.. #..
### ### ### ##. ..# ##. ### .#. ### ##. #.# ##. .## ##. ### #..
"""
)
_FACES = ((0x1F600, 0x1F64F), (0x1F910, 0x1F917), (0x1F920, 0x1F92F), (0x1F970, 0x1F97A))
_HEARTS = ((0x1F493, 0x1F49F), (0x1F5A4, 0x1F5A4), (0x1F90D, 0x1F90E), (0x1FA75, 0x1FA77))
_PICTURES = ((0x1F000, 0x1FAFF),)


@lru_cache(maxsize=64)
def glyph(char: str) -> Columns:
    """Sixteen columns for any character, in Unifont's 16-row cell."""
    code = ord(char)
    for ranges, picture in ((_FACES, _FACE), (_HEARTS, _HEART), (_PICTURES, _PICTURE)):
        if any(first <= code <= last for first, last in ranges):
            return shift(picture, 1)
    return _coded(code)


def _coded(code: int) -> Columns:
    digits = f"{code:06X}" if code > 0xFFFF else f"{code:04X}"
    half = len(digits) // 2
    columns = _FRAME
    for row, part in enumerate((digits[:half], digits[half:])):
        for place, digit in enumerate(part):
            at = (2 if half == 3 else 4) + 4 * place
            columns = overlay(columns, shift(_HEX[digit], 2 + 6 * row), at)
    return columns
