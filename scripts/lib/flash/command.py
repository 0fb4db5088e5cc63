# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/flash: the words of the command, what it asks and what it says."""

from __future__ import annotations

import argparse
import json
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import card, writing
from .drives import LARGEST, Drive, drives, find
from .image import Image
from .trouble import Trouble

EPILOG = """\
examples:
  scripts/flash --list                                     cards and sticks that may be written to
  sudo scripts/flash callsheet-1.0.img.xz /dev/sdb         write, and read back
  sudo scripts/flash callsheet-1.0.img.xz /dev/sdb --settings desk7.toml
                                                           and put the phone's settings on the card, checked first
  scripts/flash callsheet-1.0.img.xz card.img              into a file, for an emulator

Beside the image may lie NAME.bmap (only what is in use is written) and NAME.sha256 (checked first).
A drive that is built in, in use, or larger than 256 GB is refused. exit status: 0 done, 1 could not be done, 2 usage."""


def main(argv: Sequence[str]) -> int:
    """Run it; returns the exit status."""
    options = _options(argv)
    try:
        return _list(options.json) if options.list else _flash(options)
    except Trouble as trouble:
        if options.json:
            print(json.dumps({"error": str(trouble)}))
        print(f"flash: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nflash: broken off; the card starts nothing until it is written anew", file=sys.stderr)
        return 1


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="flash", description="Write Callsheet's image to an SD card.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", nargs="?", type=Path, metavar="IMAGE", help="an .img, .img.xz or .img.zst")
    parser.add_argument("target", nargs="?", type=Path, metavar="DRIVE", help="the card's drive, or a file to write instead")
    parser.add_argument("--list", action="store_true", help="list cards and sticks, and end")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings to put on the card as callsheet.toml")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-verify", action="store_true", help="do not read back")
    parser.add_argument("--large", action="store_true", help="take a drive of more than 256 GB")
    parser.add_argument("--json", action="store_true", help="say the result as JSON; progress is on stderr")
    options = parser.parse_args(argv)
    if not options.list and options.target is None:
        parser.error("name the image and the card's drive; --list shows the drives")
    return options


def _list(as_json: bool) -> int:
    found = [one for one in drives() if one.removable and not one.system and one.size]
    if as_json:
        print(json.dumps({"drives": [{"path": one.path, "name": one.name, "bytes": one.size, "mounted": list(one.mounted),
                                      "refusal": _refusal(one, False)} for one in found]}, indent=1))
        return 0
    for one in found:
        print(f"{one.path:<14}{one.size / 1e9:7.1f} GB  {one.name}")
        if said := _refusal(one, False):
            print(f"{'':<14}not now: {said}")
    if not found:
        print("no card and no stick is plugged in")
    return 0


def _refusal(drive: Drive, large: bool) -> str:
    if drive.refusal or large or drive.size <= LARGEST:
        return drive.refusal
    return f"{drive.path} ({drive.name}) has {drive.size / 1e9:.0f} GB; if it is no one's backup, add --large"


def _flash(options: argparse.Namespace) -> int:
    began = time.monotonic()
    image, target = Image(options.image), options.target
    settings = card.checked(options.settings) if options.settings else b""
    drive = _drive(target, options)
    if drive is not None and not options.yes:
        _ask(drive)
    progress = _Progress()
    if not image.check():
        print("note: no .sha256 beside it, so whether it was fetched whole shows only as it is unpacked",
              file=sys.stderr)
    written = writing.write(image, target, progress, verify=not options.no_verify)
    if settings:
        card.put(target, settings)
    progress.end()
    seconds = time.monotonic() - began
    said = {"target": str(target), "bytes": written, "verified": not options.no_verify, "settings": bool(settings),
            "seconds": round(seconds, 1)}
    print(json.dumps(said) if options.json else
          f"{target}: {written / 1e6:.0f} MB written{'' if options.no_verify else ' and read back'}"
          f"{', callsheet.toml put on it' if settings else ''}, in {seconds:.0f} s. Put the card into the phone.")
    return 0


def _drive(target: Path, options: argparse.Namespace) -> Drive | None:
    """The drive that is meant; None: a file. Raises Trouble where it is not to be written to."""
    if not target.exists():
        if str(target).startswith("/dev/"):
            raise Trouble(f"there is no drive {target}; --list shows those there are")
        if not target.parent.is_dir():
            raise Trouble(f"there is no folder {target.parent}")
        return None
    if stat.S_ISREG(target.stat().st_mode):
        if target.samefile(options.image):
            raise Trouble("the image itself is not written over; name another file")
        return None
    drive = find(str(target))
    if said := _refusal(drive, options.large):
        raise Trouble(said)
    return drive


def _ask(drive: Drive) -> None:
    if not sys.stdin.isatty():
        raise Trouble("nobody is there to ask whether this is the right drive: add --yes")
    print(f"Everything on {drive.path} will be lost: {drive.name}, {drive.size / 1e9:.1f} GB.")
    if input(f"Type {drive.path} to go on: ").strip() != drive.path:
        raise Trouble("nothing was written")


class _Progress:
    """One line that changes, on a terminal; a line every ten per cent elsewhere."""

    def __init__(self) -> None:
        self._what, self._since, self._said = "", time.monotonic(), -1.0
        self._line = sys.stderr.isatty()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self.end()
            self._what, self._since, self._said = what, now, -1.0
        step = (now - self._since) // 0.5 if self._line else (done * 10 // total if total else done // (100 << 20))
        if step == self._said and done != total:
            return
        self._said = step
        rate = done / max(now - self._since, 0.1)
        share = f"{done * 100 // total:3} %  " if total else ""
        left = f", {(total - done) / rate:.0f} s left" if total and rate else ""
        text = f"{what} {share}{done / 1e6:.0f} MB at {rate / 1e6:.1f} MB/s{left}"
        print(f"\r{text:<70}" if self._line else text, end="" if self._line else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._what and self._line:
            print(file=sys.stderr)
        self._what = ""
