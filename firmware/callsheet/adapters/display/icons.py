# SPDX-License-Identifier: GPL-3.0-or-later
"""The small pictures of the status row, 9 columns by 8 rows at most."""

from __future__ import annotations

from functools import cache

from callsheet.adapters.display.pixels import Columns, parse_bands

HEIGHT = 8
"""Rows."""

_ART = """
unregistered no-headset muted     held   upload    fault
##....#.#    ..#####..  ..##..#.# ##..## ....#.... ....#....
###....#.    .#.....#.  ..##...#. ##..## ...###... ...###...
##....#.#    #.......#  ..##..#.# ##..## ..#####.. ...#.#...
##.......    #..#.#..#  #.##.#... ##..## ....#.... ..##.##..
.##......    ##..#..##  #....#... ##..## ....#.... ..##.##..
.###..##.    ##.#.#.##  .####.... ##..## .#..#..#. .#######.
..######.    ##.....##  ..##..... ##..## .#.....#. .###.###.
....####.    .........  .####.... ##..## .#######. #########

secure  clock   message
..###.. ..###.. #########
.#...#. .#...#. ##.....##
.#...#. #..#..# #.#...#.#
####### #..#..# #..#.#..#
###.### #..##.# #...#...#
###.### #.....# #.......#
####### .#...#. #.......#
####### ..###.. #########
"""


@cache
def picture(name: str) -> Columns | None:
    """Columns of an icon by its name; None if there is none of that name."""
    return parse_bands(_ART).get(name)
