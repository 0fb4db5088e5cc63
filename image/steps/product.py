# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that `image/build` leaves: the image, compressed, and what is to be known about it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bootstrap import say
from bootstrap.paths import ROOT

from image.boot.files import boot_files

from . import card, keys, records, shelf, tooltree, wheels
from .slot import Release, Slot, slot

VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


@dataclass
class Product:
    """One build."""

    name: str
    image: Path
    slot: Slot
    seconds: dict[str, float] = field(default_factory=dict)
    sha256: str = ""


def release(keyring: Path | None) -> tuple[Release, Path]:
    """What is built, by the checkout, and the keyring it trusts. Raises Failed."""
    match = VERSION.search((ROOT / "firmware/callsheet/__init__.py").read_text())
    if match is None:
        raise say.Failed("firmware/callsheet/__init__.py has no __version__")
    commit, made = _git("rev-parse", "--short=10", "HEAD"), int(_git("log", "-1", "--format=%ct") or 0)
    if keyring is None:
        return Release(match[1], commit, made, "development"), keys.development()
    return Release(match[1], commit, made, "release"), keyring


def make(out: Path, facts: Release, keyring: Path, *, whole: bool, xz: bool) -> Product:
    """Make the image in `out`; with `whole` also what goes beside it. Raises Failed."""
    begin = time.monotonic()
    found = slot(facts, keyring)
    name = f"callsheet-{facts.version}-arm64"
    product = Product(name, out / f"{name}.img", found, {"slot": time.monotonic() - begin})
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        folder = Path(scratch)
        say.step("put the card together")
        boot = card.boot_partition(folder, found.base, boot_files(), facts.made)
        data = card.data_partition(folder, facts.made)
        card.card(folder / "card.img", boot, found.image, data)
        (folder / "card.img").rename(product.image)
    product.sha256 = _hash(product.image)
    product.seconds["card"] = time.monotonic() - begin
    if whole:
        begin = time.monotonic()
        _compress(product, xz=xz)
        product.seconds["compress"] = time.monotonic() - begin
        _records(product, facts)
    return product


def report(product: Product) -> dict[str, Any]:
    """Figures and names, for people and programs."""
    packed = product.image.with_name(f"{product.name}.img.zst")
    return {
        "image": str(product.image), "sha256": product.sha256, "kernel": str(product.slot.kernel),
        "initrd": str(product.slot.initrd), "slot": str(product.slot.image),
        "bytes": product.image.stat().st_blocks * 512, "compressed": packed.stat().st_size if packed.exists() else None,
        "packages": len(product.slot.debs), "seconds": {name: round(value, 1) for name, value in product.seconds.items()},
        "sizes": json.loads((product.slot.folder / "sizes.json").read_text()),
    }


def words(report: dict[str, Any]) -> str:
    """The report as text."""
    rows = [f"{report['image']}", f"  sha256 {report['sha256']}", f"  {report['bytes'] / 1e6:.0f} MB of data"]
    if report["compressed"]:
        rows.append(f"  {report['compressed'] / 1e6:.0f} MB compressed")
    rows += ["what takes the room of a slot:"]
    rows += [f"  {size / 1e6:7.1f} MB  {'in all' if name == '.' else name}" for name, size in
             sorted(report["sizes"].items(), key=lambda row: -row[1])]
    rows += ["what took the time:", *(f"  {value:7.1f} s  {name}" for name, value in report["seconds"].items())]
    return "\n".join(rows)


def _compress(product: Product, *, xz: bool) -> None:
    say.step("compress it")
    name = product.image.name
    commands = [f"bmaptool -q create -o /work/{product.name}.bmap /work/{name}", f"zstd -q -f -T0 -12 /work/{name}"]
    if xz:
        commands.append(f"xz -k -f -T0 /work/{name}")
    tooltree.run(["sh", "-ec", " && ".join(commands)], log=shelf.log("image"), shown={"/work": product.image.parent})
    sums = [product.image, *sorted(product.image.parent.glob(f"{name}.*[tz]"))]
    (product.image.parent / f"{product.name}.sha256").write_text("".join(f"{_hash(path)}  {path.name}\n" for path in sums))


def _records(product: Product, facts: Release) -> None:
    out, site = product.image.parent, wheels.site_packages()
    python = records.python_packages(site)
    listed = records.package_list(product.slot.debs, python)
    path = out / f"{product.name}.packages"
    before = path.read_text() if path.exists() else listed
    (out / f"{product.name}.packages.diff").write_text(records.difference(before, listed))
    path.write_text(listed)
    (out / f"{product.name}.licences").write_text(records.licences(product.slot.debs, site, python))
    (out / f"{product.name}.spdx.json").write_text(
        records.bill(facts, product.slot.debs, python, product.image.name, product.sha256))


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()
