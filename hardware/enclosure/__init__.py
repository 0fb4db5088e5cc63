# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed case: where things are (`layout`), its parts (`case`), what is checked (`checks`), pictures.

x runs from left to right, y from the front edge to the back, z up from the table; mm. On the lid, u runs like x
and v up the slope.
"""
