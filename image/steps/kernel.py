# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's kernel for the phone: its image, its modules, and building modules of one's own for it."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say

from . import crosstree, packages, shelf

GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Kernel:
    """One kernel: its release, and the folder its packages are unpacked in."""

    release: str
    folder: Path

    @property
    def image(self) -> Path:
        """What a boot loader or QEMU starts."""
        return self.folder / "Image"

    @property
    def modules(self) -> Path:
        """The folder of its modules."""
        return self.folder.resolve() / "usr/lib/modules" / self.release


def kernel() -> Kernel:
    """The release's present kernel, unpacked (110 MB to fetch). Raises Failed."""
    parts = packages.resolve(["linux-image-arm64", "linux-headers-arm64"], crosstree.TARGET, keep="^linux-(image|headers)-")
    release = next(match[1] for one in parts if (match := re.fullmatch(r"linux-image-(\d.*)", one.name)))
    here = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    kbuild = packages.resolve([f"linux-kbuild-{release.removesuffix('-arm64')}"], here, keep="^linux-kbuild-")
    facts = {"packages": packages.versions([*parts, *kbuild]), "edition": 1}

    def make(folder: Path) -> None:
        say.step(f"unpack Linux {release}")
        packages.unpack([*parts, *kbuild], folder)
        _raw_image(folder / "boot" / f"vmlinuz-{release}", folder / "Image")
        say.run(["depmod", "-b", folder, release], log=shelf.log("kernel"))
        _join_headers(folder)

    return Kernel(release, shelf.kept("kernel", facts, make))


def build_modules(kernel: Kernel, sources: Iterable[Path], folder: Path) -> list[Path]:
    """Compile modules of our own (a Kbuild file and C sources) in `folder`; return the .ko files. Raises Failed."""
    for source in sources:
        shutil.copy(source, folder)
    crosstree.run(["make", "-C", f"/usr/src/linux-headers-{kernel.release}", "ARCH=arm64", "M=/work", "modules",
                   f"CROSS_COMPILE={crosstree.TRIPLE}-", "CONFIG_DEBUG_INFO_BTF_MODULES="],  # no pahole for that
                  log=shelf.log("modules"), shown={"/work": folder, "/usr/src": kernel.folder / "usr/src"})
    return sorted(folder.glob("*.ko"))


def needed(kernel: Kernel, names: Iterable[str]) -> list[Path]:
    """The files of these modules and of all they need, each after those it needs. Raises Failed for an unknown one.

    What is built into the kernel has no file, and softdeps are not followed.
    """
    paths: dict[Path, None] = {}
    for name in names:
        command = ["modprobe", "-d", str(kernel.folder), "-S", kernel.release, "-C", "/dev/null", "--show-depends", name]
        reply = subprocess.run(command, text=True, capture_output=True, check=False)
        if reply.returncode:
            raise say.Failed(f"Linux {kernel.release} has no module {name}: {reply.stderr.strip()}")
        words = (line.split() for line in reply.stdout.splitlines())
        paths |= dict.fromkeys(Path(row[1]).resolve() for row in words if row[0] == "insmod")
    return list(paths)


def _raw_image(vmlinuz: Path, image: Path) -> None:
    data = vmlinuz.read_bytes()
    image.write_bytes(gzip.decompress(data) if data.startswith(GZIP) else data)


def _join_headers(folder: Path) -> None:
    """Bring the tools that Debian keeps in /usr/lib beside the headers, so that one folder has all."""
    for kbuild in (folder / "usr/lib").glob("linux-kbuild-*"):
        place = folder / "usr/src" / kbuild.name
        place.unlink(missing_ok=True)  # a link to the tools' usual place
        kbuild.rename(place)
    for link in (folder / "usr/src").glob("linux-headers-*/*"):
        target = link.readlink() if link.is_symlink() else Path()
        if "lib" in target.parts:
            link.unlink()
            link.symlink_to(Path("..", *target.parts[target.parts.index("lib") + 1:]))
    shutil.rmtree(folder / "boot")
    for leftover in ("usr/share", "usr/lib/linux-image-arm64"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
