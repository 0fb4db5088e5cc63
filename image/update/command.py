# SPDX-License-Identifier: GPL-3.0-or-later
"""The command image/bundle."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bootstrap import say
from image.steps import keys as development
from image.steps import shelf

from . import bundle, imager, keys

EPILOG = """\
examples:
  image/bundle --new-keys ~/callsheet-keys            an authority and a signer; keep authority.key off-line
  image/build --keyring ~/callsheet-keys/keyring.pem  an image that trusts them
  image/bundle callsheet-1.1.img --cert ~/callsheet-keys/signer.pem --key ~/callsheet-keys/signer.key
  image/bundle callsheet-1.1.img                      signed with this machine's key, for development images
  image/bundle --imager callsheet-1.1.img.xz --url https://example.com/callsheet > os_list.json"""


def main(argv: Sequence[str]) -> int:
    """Run it; returns the exit status: 0 made, 1 could not be made, 2 usage."""
    parser = argparse.ArgumentParser(prog="image/bundle", description="Make a signed update of an image.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", nargs="?", type=Path, metavar="IMAGE", help="the .img that image/build made")
    parser.add_argument("--cert", type=Path, metavar="PEM", help="the signer's certificate")
    parser.add_argument("--key", type=Path, metavar="PEM", help="the signer's key")
    parser.add_argument("--intermediate", type=Path, metavar="PEM", help="certificates between it and the keyring")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the bundle goes (default: beside the image)")
    parser.add_argument("--new-keys", type=Path, metavar="DIR", help="make keys there instead")
    parser.add_argument("--imager", type=Path, metavar="XZ", help="print Raspberry Pi Imager's list for an .img.xz instead")
    parser.add_argument("--url", metavar="URL", help="where the .img.xz will be, for --imager")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    options = parser.parse_args(argv)
    if bool(options.cert) != bool(options.key):
        parser.error("--cert and --key belong together")
    if options.imager and not options.url:
        parser.error("--imager needs --url")
    if not (options.image or options.new_keys or options.imager):
        parser.error("name the image")
    say.be_quiet(options.json)
    try:
        print(_run(options))
    except (say.Failed, OSError) as error:
        print(f"image/bundle: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> str:
    if options.new_keys:
        made = keys.make(options.new_keys.expanduser())
        return f"{made.keyring} goes into images, {made.key} signs; keep {made.authority_key} off-line"
    if options.imager:
        version = options.imager.name.removesuffix(".img.xz").removeprefix("callsheet-").removesuffix("-arm64")
        return imager.os_list(options.imager, options.url, version, int(options.imager.stat().st_mtime)).rstrip()
    began = time.monotonic()
    path = bundle.bundle(options.image, _signer(options), (options.out or options.image.parent).resolve())
    facts = {"bundle": str(path), "bytes": path.stat().st_size, "seconds": round(time.monotonic() - began, 1)}
    return json.dumps(facts) if options.json else f"{path}\n  {facts['bytes']:,} bytes, in {facts['seconds']} s"


def _signer(options: argparse.Namespace) -> bundle.Signer:
    if options.cert:
        return bundle.Signer(options.cert, options.key, options.intermediate)
    folder = shelf.place() / development.NAME
    if not (folder / "key.pem").exists():
        raise say.Failed("there is no development key on this machine yet (image/build makes it); or name --cert and --key")
    return bundle.Signer(folder / "certificate.pem", folder / "key.pem")
