# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that `image/build` leaves: the image, compressed, and what is to be known about it."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bootstrap import say
from bootstrap.source import sha256_of
from image.boot.files import boot_files

from . import bmap, card, components, initrd, records, shelf, tooltree, wheels
from .release import Release
from .slot import Slot, slot


@dataclass
class Product:
    """One build."""

    name: str
    image: Path
    slot: Slot
    release: Release
    seconds: dict[str, float] = field(default_factory=dict)
    sha256: str = ""


def make(out: Path, facts: Release, keyring: Path, *, whole: bool, xz: bool) -> Product:
    """Make the image in `out`; with `whole` also what goes beside it. Raises Failed."""
    begin = time.monotonic()
    found = slot(facts, keyring)
    name = f"callsheet-{facts.version}-arm64"
    product = Product(name, out / f"{name}.img", found, facts, {"slot": time.monotonic() - begin})
    _forget(product)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        folder = Path(scratch)
        say.step("put the card together")
        boot = card.boot_partition(folder, found.base, boot_files(), facts.made)
        data = card.data_partition(folder, facts.made)
        card.card(folder / "card.img", boot, found.image, data)
        if whole:
            say.step("map it")
            ranges = card.mapped(boot, found.image, data)
            _beside(product, "bmap").write_text(bmap.document(folder / "card.img", ranges))
        (folder / "card.img").rename(product.image)
    product.sha256 = sha256_of(product.image)
    product.seconds["card"] = time.monotonic() - begin
    if whole:
        begin = time.monotonic()
        _compress(product, xz=xz)
        product.seconds["compress"] = time.monotonic() - begin
        _records(product, facts)
    return product


def report(product: Product) -> dict[str, Any]:
    """Figures and names, for people and programs."""
    packed = _beside(product, "img.zst")
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


def _forget(product: Product) -> None:
    """Remove what is beside an older image of that name; the list of packages is still compared with."""
    for ending in ("img.zst", "img.xz", "bmap", "sha256", "licences", "spdx.json", "json"):
        _beside(product, ending).unlink(missing_ok=True)


def _compress(product: Product, *, xz: bool) -> None:
    say.step("compress it")
    name = product.image.name
    # A fixed number of threads: it decides where blocks begin, and so the bytes.
    commands = [f"zstd -q -f -T2 -12 /work/{name}"]
    if xz:
        commands.append(f"xz -k -f -T2 /work/{name}")
    tooltree.run(["sh", "-ec", " && ".join(commands)], log=shelf.log("image"), shown={"/work": product.image.parent})
    files = [product.image, *sorted(product.image.parent.glob(f"{name}.*[tz]"))]
    _beside(product, "sha256").write_text("".join(f"{sha256_of(path)}  {path.name}\n" for path in files))


def _records(product: Product, facts: Release) -> None:
    out = product.image.parent
    # Busybox is in the first root alone.
    parts = components.of_image([*product.slot.debs, initrd.busybox()], wheels.site_packages(), f"{facts.version}+{facts.commit}")
    listed = components.listing(parts)
    path = _beside(product, "packages")
    last = max(out.glob("callsheet-*.packages"), key=lambda one: one.stat().st_mtime, default=path)
    before = last.read_text() if last.exists() else listed
    _beside(product, "packages.diff").write_text(components.difference(before, listed))
    path.write_text(listed)
    _beside(product, "licences").write_text(records.licences(parts))
    _beside(product, "spdx.json").write_text(records.bill(facts, parts, product.image.name, product.sha256))


def _beside(product: Product, ending: str) -> Path:
    return product.image.with_name(f"{product.name}.{ending}")
