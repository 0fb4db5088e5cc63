# SPDX-License-Identifier: GPL-3.0-or-later
"""A frame with corners and diagonals, which shows a missing line, column or page."""

from __future__ import annotations

from PIL import Image, ImageDraw

from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "display"
LOOK = 2.5
"""Seconds for which the pattern is seen before the question."""


def pattern(size: tuple[int, int]) -> Image.Image:
    """The outermost pixels, both diagonals, and every other pixel of a patch."""
    width, height = size
    image = Image.new("1", size)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width - 1, height - 1), outline=1)
    draw.line((0, 0, width - 1, height - 1), fill=1)
    draw.line((0, height - 1, width - 1, 0), fill=1)
    for y in range(height // 4, 3 * height // 4):
        draw.point([(x, y) for x in range(width // 2 - 8, width // 2 + 8) if (x + y) % 2], fill=1)
    return image


def check(bench: Bench) -> Verdict:
    """With hands: somebody looks. Without: it answers."""
    if bench.settings.hardware.display == "none" and not bench.settings.simulator.enabled:
        return bench.verdict(NAME, "skip", "display.none")
    parts = bench.parts
    if parts is None:
        reason = bench.fault(NAME)
        return Verdict(NAME, "fail", reason) if reason else bench.verdict(NAME, "pass", "say.in-use")
    parts.display.contrast(2)
    parts.display.show(pattern(parts.display.size))
    bench.settle(LOOK if bench.hands else 0.5)
    if reason := bench.fault(NAME):
        return Verdict(NAME, "fail", reason)
    if not bench.hands:
        return bench.verdict(NAME, "pass", "display.answers")
    answer = bench.ask(NAME, "display.frame")
    if answer == "yes":
        return bench.verdict(NAME, "pass", "display.works")
    return bench.verdict(NAME, "skip" if answer == "skip" else "fail",
                         {"no": "say.seen-not", "skip": "say.skipped"}.get(answer, "say.no-answer"))
