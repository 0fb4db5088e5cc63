# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `image/build`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap import debian, environment, say, source
from bootstrap.paths import ROOT, VENV

from . import keys, release, shelf

if TYPE_CHECKING:
    from .product import Product

BUDGET = 250_000_000
"""Bytes of the compressed image; more is an error, so that nobody finds out at the download."""
SHARED = ("debs", "index", "kernel", "crosstree", "tooltree", "site-packages", "pjsua2", "lgpio", keys.NAME)
"""Of the cache: what a second build may take from the first."""
EPILOG = """\
Everything is made by packages.list and the checkout; every step keeps its result in the cache
(CALLSHEET_CACHE, by default ~/.cache/callsheet) under a key of all that went in."""


def parser() -> argparse.ArgumentParser:
    """The command line's parser."""
    words = argparse.ArgumentParser(prog="image/build", description="Build the SD-card image.", epilog=EPILOG)
    words.add_argument("--out", type=Path, metavar="DIR", help="where the files go (default: the cache's image/out)")
    words.add_argument("--keyring", type=Path, metavar="PEM",
                       help="certificates that updates must be signed under (default: a key made for this machine; "
                            "the image then says that it is a development one)")
    words.add_argument("--xz", action="store_true", help="also .img.xz: smaller, and minutes slower")
    words.add_argument("--raw", action="store_true", help="only the image: no compressed copy, no lists")
    words.add_argument("--check-reproducible", action="store_true", help="build twice and compare every byte")
    words.add_argument("--json", action="store_true", help="print what was made as JSON")
    return words


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    chosen = parser().parse_args(argv)
    try:
        if Path(sys.prefix).resolve() != VENV.resolve():
            environment.ensure(environment.Wish(test=True))
            os.execv(VENV / "bin/python", [str(VENV / "bin/python"), str(ROOT / "image/build"), *argv])
        provide()
        return run(chosen)
    except say.Failed as problem:
        print(f"image/build: {problem}", file=sys.stderr)
        return problem.code


def provide() -> None:
    """What this machine needs for it. Raises Failed."""
    lacking = debian.missing(debian.packages("image"))
    if lacking and debian.may_install():
        debian.install(lacking)
    elif lacking or os.geteuid():
        raise say.Failed(f"building the image needs root and these packages of Debian: {' '.join(lacking)}")


def run(chosen: argparse.Namespace) -> int:
    """Build, and say what was built."""
    start = time.monotonic()
    out = (chosen.out or shelf.place() / "out").resolve()
    out.mkdir(parents=True, exist_ok=True)
    from . import product, slot  # need the checkout's environment

    what = release.release("release" if chosen.keyring else "development")
    before = slot.ours()
    made = product.make(out, what, chosen.keyring or keys.development(), whole=not chosen.raw, xz=chosen.xz)
    try:
        if chosen.check_reproducible:
            again(made, chosen.keyring)
    finally:
        if slot.ours() != before:
            say.warn("files of the checkout were changed meanwhile: the image may be of neither state")
    report = product.report(made)
    (out / f"{made.name}.json").write_text(json.dumps(report, indent=1) + "\n")
    say.step(f"built in {time.monotonic() - start:.0f} s")
    print(json.dumps(report) if chosen.json else product.words(report), flush=True)
    size = report["compressed"]
    if size and size > BUDGET:
        raise say.Failed(f"the compressed image has {size:,} bytes, more than the {BUDGET:,} it may have")
    return 0


def again(made: Product, keyring: Path | None) -> None:
    """Build the card once more, in another place, from nothing but packages, trees of tools and wheels. Raises Failed."""
    say.step("once more, to compare")
    with tempfile.TemporaryDirectory(dir=made.image.parent) as scratch:
        cache = Path(scratch, "cache/image")
        cache.mkdir(parents=True)
        for name in SHARED:
            (cache / name).symlink_to(shelf.place() / name)
        words: list[str | Path] = [sys.executable, ROOT / "image/build", "--raw", "--out", Path(scratch, "out")]
        words += ["--keyring", keyring] if keyring else []
        environ = {**os.environ, "CALLSHEET_CACHE": str(cache.parent), "SOURCE_DATE_EPOCH": str(made.release.made)}
        if subprocess.call(words, stdout=sys.stderr, env=environ):
            raise say.Failed("the second build failed")
        (second,) = Path(scratch, "out").glob("*.img")
        found = source.sha256_of(second)
    if found != made.sha256:
        raise say.Failed(f"built twice, two results: {made.sha256} and {found}")
    say.step(f"built twice, the same bytes: sha256 {found}")
