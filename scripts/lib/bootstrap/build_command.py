# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `scripts/build-pjsua2`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import build, say, source
from .paths import VENV

EPILOG = """\
exit codes: 0 done; 1 a step failed; 2 usage; 3 packages missing (named on stderr);
4 the source cannot be had or has another hash; 5 built, but TLS, Opus, ALSA or SRTP is missing.
The wheel's path is the only line on stdout."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    words = argparse.ArgumentParser(
        prog="build-pjsua2",
        description="Build our own pjsua2 wheel for this machine, in the cache; print its path.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--python", type=Path, help="interpreter to build for (default: .venv's)")
    words.add_argument(
        "--host",
        default="",
        metavar="TRIPLE",
        help="build for another processor, as aarch64-linux-gnu, with this Debian's compilers for it",
    )
    words.add_argument("--again", action="store_true", help="build even if the cache has it")
    where = words.add_mutually_exclusive_group()
    where.add_argument("--source", type=Path, metavar="FILE", help="use this archive of pjproject")
    where.add_argument(
        "--signed",
        action="store_true",
        help="if the pinned source is gone from the mirror, take the one sid's signed index names",
    )
    where.add_argument(
        "--record",
        action="store_true",
        help="build from what sid's signed index names, and pin that in the repository",
    )
    words.add_argument("--sha256", metavar="HEX", help="the hash --source must have")
    return words


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    words = parser()
    chosen = words.parse_args(argv)
    if bool(chosen.source) != bool(chosen.sha256):
        words.error("--source and --sha256 belong together")
    if chosen.host and not chosen.source:
        words.error("--host needs --source: its cache is looked up by image/steps/pjsua2.py")
    # stdout carries the wheel's path alone, progress goes beside it.
    answer, sys.stdout = sys.stdout, sys.stderr
    try:
        print(run(chosen), file=answer)
    except say.Failed as problem:
        print(f"build-pjsua2: {problem}", file=sys.stderr)
        return problem.code
    return 0


def run(chosen: argparse.Namespace) -> Path:
    """Do what the parsed command line says; return the wheel."""
    python = chosen.python or (
        VENV / "bin/python" if (VENV / "bin/python").exists() else Path(sys.executable)
    )
    if chosen.source:
        source.check(chosen.source, chosen.sha256)
        return build.build_wheel(
            chosen.source, chosen.sha256.lower(), python, again=chosen.again, host=chosen.host
        )
    if chosen.record:
        found = source.signed_today()
        wheel = build.build_wheel(source.fetch(found), found.sha256, python, again=chosen.again)
        source.write_record(found, wheel.name.split("-")[1])
        say.step(f"pinned {found.file} in {source.RECORD}")
        return wheel
    return pinned_or_signed(python, signed=chosen.signed, again=chosen.again)


def pinned_or_signed(python: Path, *, signed: bool = False, again: bool = False) -> Path:
    """Return the wheel of the pinned source, or, if allowed and need be, of sid's signed one."""
    pinned = source.recorded()
    ready = build.cached_wheel(pinned.sha256, python)
    if ready and not again:
        say.step(f"pjsua2 is in the cache: {ready}")
        return ready
    build.provide_packages(python)
    try:
        archive = source.fetch(pinned)
    except say.Failed:
        if not (signed or os.environ.get("CALLSHEET_PJPROJECT") == "signed"):
            raise
        pinned = source.signed_today()
        say.warn(f"the pinned source is gone; sid's signed index names {pinned.file}, sha256 {pinned.sha256}")
        archive = source.fetch(pinned)
    return build.build_wheel(archive, pinned.sha256, python, again=again)
