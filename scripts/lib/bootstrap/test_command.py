# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `scripts/test`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from . import debian, environment, say, stages

EPILOG = """\
Anything else is handed to pytest: scripts/test -k queue; scripts/test tests/unit/formats -x.
With CI=true or CALLSHEET_REQUIRE_ALL=1 a skipped test is a failed one, so that a missing
peer cannot pass for success."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    words = argparse.ArgumentParser(
        prog="test",
        description="Check and test everything; as root on Debian, install what the tests run against.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--fast", action="store_true", help="only what needs no peers: unit, model, golden")
    words.add_argument("--no-install", action="store_true", help="install no Debian packages, even as root")
    return words


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    chosen, extra = parser().parse_known_args(argv)
    start = time.monotonic()
    if os.environ.get("CI", "").lower() in ("1", "true"):
        os.environ.setdefault("CALLSHEET_REQUIRE_ALL", "1")
    try:
        if not chosen.fast:
            provide_peers(install=not chosen.no_install)
        state, _ = environment.ensure(environment.Wish(test=True, fast=chosen.fast))
        judge_pjsua2(state, fast=chosen.fast)
    except say.Failed as problem:
        print(f"test: {problem}", file=sys.stderr)
        return problem.code
    with tempfile.TemporaryDirectory() as scratch:
        planned = stages.plan(fast=chosen.fast, extra=extra)
        totals = stages.run(planned, Path(scratch), lenient=not require_all() or bool(extra))
    for name in totals.unsteady:
        print(f"unsteady, passed at the second try: {name}", flush=True)
    if totals.bad_stages:
        print(f"failed: {', '.join(totals.bad_stages)}", flush=True)
    print(totals.line(time.monotonic() - start), flush=True)
    return 1 if totals.bad_stages else 0


def require_all() -> bool:
    """Tell whether everything must run, and a skip is a failure."""
    return os.environ.get("CALLSHEET_REQUIRE_ALL") == "1"


def provide_peers(*, install: bool) -> None:
    """Install the Debian packages the tests run against, or name those that are missing."""
    lacking = debian.missing([*debian.packages("test"), *debian.packages("vm"), *debian.packages("image")])
    if not lacking:
        return
    if install and debian.may_install():
        debian.install(lacking)
        return
    text = f"not installed: {' '.join(lacking)}; the tests that need them are left out"
    if require_all():
        raise say.Failed(f"{text}, which CALLSHEET_REQUIRE_ALL=1 forbids", 3)
    say.warn(text)


def judge_pjsua2(state: environment.State, *, fast: bool) -> None:
    """Say, or fail on, a pjsua2 that is not our own."""
    if fast or state.pjsua2 == "own":
        return
    text = f"pjsua2 here is not our own build ({state.pjsua2}): TLS, Opus and sound are not tested"
    if require_all():
        raise say.Failed(f"{text}, which CALLSHEET_REQUIRE_ALL=1 forbids", 3)
    say.warn(text)
