# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks one after the other, and shows what came of it on display, lamps and terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from msgspec.structs import replace

from callsheet.selftest.bench import Bench
from callsheet.selftest.checks import CHECKS
from callsheet.selftest.verdict import Report, Verdict, report

log = logging.getLogger("callsheet.selftest")


def run(bench: Bench, names: Iterable[str], told: Callable[[Verdict], None]) -> Report:
    """All of `names` (of `CHECKS`), whatever fails on the way; `told` hears each verdict as it falls."""
    _begin(bench)
    verdicts: list[Verdict] = []
    for name in names:
        _working(bench)
        began = time.monotonic()
        try:
            verdict = CHECKS[name](bench)
        except Exception as error:
            log.exception("the check %s broke off", name)
            verdict = Verdict(name, "fail", f"{type(error).__name__}: {error}")
        verdict = replace(verdict, seconds=round(time.monotonic() - began, 2))
        verdicts.append(verdict)
        told(verdict)
    found = report(verdicts)
    _end(bench, found)
    return found


def _begin(bench: Bench) -> None:
    if bench.parts is not None:
        bench.parts.keys.start(bench.post)
        bench.parts.headset.start(bench.post)
        bench.parts.display.contrast(2)


def _working(bench: Bench) -> None:
    if bench.parts is not None:
        bench.parts.lamps.show("off", "slow", "off")


def _end(bench: Bench, found: Report) -> None:
    """Green and steady, or red and fast, until the parts are let go."""
    results = [verdict.result for verdict in found.checks]
    bench.show(bench.words("say.title"), bench.words("say.passed" if found.passed else "say.failed"),
               bench.words("say.result", passed=results.count("pass"), failed=results.count("fail"),
                           skipped=results.count("skip")),
               *(bench.words(f"check.{verdict.name}") for verdict in found.checks if verdict.result == "fail"))
    if bench.parts is not None:
        bench.parts.lamps.show(*(("on", "off", "off") if found.passed else ("off", "off", "fast")))


def let_go(bench: Bench) -> None:
    """Close every part, whatever fails."""
    if bench.parts is None:
        return
    for part in (bench.parts.keys, bench.parts.headset, bench.parts.lamps, bench.parts.display):
        with suppress(OSError, RuntimeError):
            part.close()
