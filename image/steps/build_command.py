# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `image/build`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bootstrap import debian, environment, say
from bootstrap.paths import ROOT, VENV

from . import shelf

ARCHITECTURE = "arm64"
BUDGET = 250_000_000
"""Bytes of the compressed image; more is an error, so that nobody finds out at the download."""
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
    lacking = debian.missing([*debian.packages("vm"), *debian.packages("image")])
    if lacking and debian.may_install():
        debian.install(lacking)
    elif lacking or os.geteuid():
        raise say.Failed(f"building the image needs root and these packages of Debian: {' '.join(lacking)}")


def run(chosen: argparse.Namespace) -> int:
    """Build, and say what was built."""
    start = time.monotonic()
    out = (chosen.out or shelf.place() / "out").resolve()
    out.mkdir(parents=True, exist_ok=True)
    from . import product  # needs the checkout's environment

    release, keyring = product.release(chosen.keyring)
    made = product.make(out, release, keyring, whole=not chosen.raw, xz=chosen.xz)
    if chosen.check_reproducible:
        again(out, made, chosen.keyring)
    report = product.report(made)
    (out / f"{made.name}.json").write_text(json.dumps(report, indent=1) + "\n")
    say.step(f"built in {time.monotonic() - start:.0f} s")
    print(json.dumps(report) if chosen.json else product.words(report), flush=True)
    size = report["compressed"]
    if size and size > BUDGET:
        raise say.Failed(f"the compressed image has {size:,} bytes, more than the {BUDGET:,} it may have")
    return 0


def again(out: Path, made: object, keyring: Path | None) -> None:
    """Build the card a second time, from nothing that the first left but packages and wheels. Raises Failed."""
    first = hash_of(made.image)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        for name in ("image-base", "image-slot", "image-initrd"):
            shutil.rmtree(shelf.place() / name, ignore_errors=True)
        say.step("once more from the beginning, to compare")
        subprocess.run([sys.executable, ROOT / "image/build", "--raw", "--out", scratch,
                        *(["--keyring", keyring] if keyring else [])], check=True, stdout=subprocess.DEVNULL)
        (second,) = Path(scratch).glob("*.img")
        found = hash_of(second)
    if found != first:
        raise say.Failed(f"built twice, two results: {first} and {found}")
    say.step(f"built twice, the same bytes: sha256 {first}")


def hash_of(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
