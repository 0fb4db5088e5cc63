# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `scripts/setup`."""

from __future__ import annotations

import argparse
import os
import sys

from . import environment, say
from .paths import VENV

EPILOG = """\
exit codes: 0 ready; 1 a step failed; 2 usage; 3 something is missing that only you can install
(named on stderr), or no pjsua2 can be had here.
Run it as often as you like: what is there already is left alone."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    words = argparse.ArgumentParser(
        prog="setup",
        description="Make .venv: the locked packages, the project, pjsua2.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument(
        "--fast",
        action="store_true",
        help="take the published pjsua2 wheel where there is one, instead of building our own",
    )
    words.add_argument("--test", action="store_true", help="with what the tests need")
    words.add_argument("--no-pjsua2", action="store_true", help="without the SIP stack (no calls)")
    words.add_argument(
        "--python",
        metavar="EXE",
        default=os.environ.get("CALLSHEET_PYTHON"),
        help="interpreter for .venv (default: the first suitable one on PATH)",
    )
    words.add_argument("--quiet", action="store_true", help="say nothing if there is nothing to do")
    return words


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    chosen = parser().parse_args(argv)
    wish = environment.Wish(chosen.test, chosen.fast, not chosen.no_pjsua2, chosen.python)
    try:
        state, changed = environment.ensure(wish)
    except say.Failed as problem:
        print(f"setup: {problem}", file=sys.stderr)
        return problem.code
    if wish.pjsua2 and state.pjsua2 == "none":
        print(
            "setup: no pjsua2: the published wheels stop at Python 3.12 on x86-64, and it cannot be built"
            " here (see above).\nAs root, scripts/setup installs what the build needs; or put Python 3.11"
            " or 3.12 on PATH and remove .venv.",
            file=sys.stderr,
        )
        return 3
    if changed and state.pjsua2 == "published":
        say.warn(environment.STOP_GAP)
    if changed or not chosen.quiet:
        say.step(f"ready: {VENV / 'bin' / 'callsheet'}")
    return 0
