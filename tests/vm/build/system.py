# SPDX-License-Identifier: GPL-3.0-or-later
"""The small system the driver tests run on: Debian's kernel, C library and Python, and no more than they need.

Packages are unpacked and not configured, so nothing has to be run on a processor this
machine does not have.
"""

from __future__ import annotations

import lzma
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say
from image.steps import cpio, crosstree, packages, shelf, wheels
from image.steps import kernel as linux

HERE = Path(__file__).resolve().parent
GUEST = HERE.parent / "guest"
MODULES = HERE.parent / "modules"
PACKAGES = [
    "python3.13", "busybox-static", "kmod", "alsa-utils", "ca-certificates", "libstdc++6",
    # What pjsua2 is linked with.
    "libasound2t64", "libssl3t64", "libopus0", "libsrtp2-1", "libspeex1", "libspeexdsp1", "libgsm1",
]  # fmt: skip
FIRST = ["virtio_blk", "ext4", "overlay"]
"""Modules without which the system's disk cannot be read."""
LATER = [
    "virtio_net", "i2c-dev", "snd-aloop", "snd-seq", "uhid", "hid-generic", "hid-plantronics", "hid-jabra",
    "dummy_hcd", "g_serial", "cdc-acm", "softdog", "libcomposite", "usb_f_acm", "usb_f_hid", "snd-usb-audio", "xhci-pci", "ftdi_sio", "mac80211_hwsim",
]  # fmt: skip
UNWANTED = ("usr/share/alsa/ucm2", "usr/share/sounds", "usr/share/zoneinfo/right", "usr/lib/python3.13/test",
            "usr/lib/python3.13/idlelib", "usr/lib/python3.13/tkinter", "usr/lib/python3.13/ensurepip")
APPLETS = ("sh", "cat", "ls", "ps", "kill", "mkdir", "rm", "cp", "ln", "mount", "umount", "sleep", "sync", "date", "dmesg",
           "grep", "ip", "ping", "stty", "touch", "env", "pgrep", "hwclock", "top", "head", "tail", "df", "free", "tee")
EDITION = 1


@dataclass(frozen=True)
class System:
    """What QEMU is given: kernel, first root, read-only disk; and the modules made for the tests."""

    kernel: Path
    initrd: Path
    disk: Path
    modules: Path
    release: str


def system() -> System:
    """Everything but the checkout, made if need be. Raises Failed."""
    kernel = linux.kernel()
    debs = packages.resolve(PACKAGES, crosstree.TARGET)
    site = wheels.site_packages()
    facts = {"kernel": kernel.folder.name, "packages": packages.versions(debs), "site": site.parent.name,
             "modules": [*FIRST, *LATER], "edition": EDITION, "applets": APPLETS}
    root = shelf.kept("vm-root", facts, lambda folder: _make_root(folder, kernel, debs, site))
    return System(kernel.image, _initrd(root, kernel), root / "root.ext4", modules(kernel), kernel.release)


def modules(kernel: linux.Kernel) -> Path:
    """The folder with the modules of the simulated parts, for this kernel. Raises Failed."""
    facts = {"sources": shelf.digest(sorted(MODULES.iterdir())), "kernel": kernel.folder.name}
    return shelf.kept("vm-modules", facts, lambda folder: _make_modules(folder, kernel))


def _make_modules(folder: Path, kernel: linux.Kernel) -> None:
    say.step("compile the kernel modules of the simulated parts")
    work = folder / "work"
    work.mkdir()
    for made in linux.build_modules(kernel, sorted(MODULES.iterdir()), work):
        made.rename(folder / made.name)
    shutil.rmtree(work)


def _initrd(root: Path, kernel: linux.Kernel) -> Path:
    script = (GUEST / "initrd.sh").read_bytes()
    facts = {"root": root.name, "script": script.decode()}

    def make(folder: Path) -> None:
        files = {"init": script, "bin/busybox": (root / "busybox").read_bytes()}
        for number, path in enumerate(linux.needed(kernel, FIRST)):
            files[f"modules/{number:02}-{path.name.removesuffix('.xz')}"] = _module(path)
        folders = ("proc", "sys", "dev")
        (folder / "initrd").write_bytes(cpio.archive(files, folders, {"dev/console": (5, 1)}))

    return shelf.kept("vm-initrd", facts, make) / "initrd"


def _module(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def _make_root(folder: Path, kernel: linux.Kernel, debs: list[packages.Package], site: Path) -> None:
    say.step(f"lay out the test system: {len(debs)} packages of Debian")
    root = folder / "root"
    root.mkdir()
    packages.unpack(debs, root)
    shutil.copy(root / "usr/bin/busybox", folder / "busybox")
    for name in UNWANTED:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "vm", "data", "etc"):
        (root / name).mkdir(exist_ok=True)
    for name in APPLETS:
        if not (root / "usr/bin" / name).exists():
            (root / "usr/bin" / name).symlink_to("busybox")
    (root / "usr/bin/python3").unlink(missing_ok=True)
    (root / "usr/bin/python3").symlink_to("python3.13")
    _configure(root)
    _copy_modules(root, kernel)
    shutil.copytree(site, root / "usr/lib/phone", symlinks=True)
    say.step("byte-compile its Python")
    # The build tree has the same Python for this machine; its byte code is the same.
    crosstree.run([crosstree.PYTHON, "-m", "compileall", "-q", "-j2", "-s", "/work", "-p", "/",
                   "/work/usr/lib/python3.13", "/work/usr/lib/phone"], log=shelf.log("vm"), shown={"/work": root})
    disk(root, folder / "root.ext4", spare=8)
    shutil.rmtree(root)


def _configure(root: Path) -> None:
    """What the packages' own scripts would have done, as far as it is missed."""
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nphone:x:1000:1000::/data:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\naudio:x:29:phone\nphone:x:1000:\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/London")
    certificates = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    (root / "etc/ssl/certs/ca-certificates.crt").write_text("".join(one.read_text() for one in certificates))


def _copy_modules(root: Path, kernel: linux.Kernel) -> None:
    place = root / "usr/lib/modules" / kernel.release
    for path in linux.needed(kernel, [*FIRST, *LATER]):
        target = place / path.relative_to(kernel.modules)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_name(target.name.removesuffix(".xz")).write_bytes(_module(path))
    for path in kernel.modules.glob("modules.builtin*"):
        shutil.copy(path, place)
    shutil.copy(kernel.modules / "modules.order", place)
    say.run(["depmod", "-b", root, kernel.release], log=shelf.log("vm"))


def disk(folder: Path, image: Path, *, label: str = "", spare: int = 4) -> None:
    """Make an ext4 image of a folder's contents, with `spare` MiB of room. Raises Failed."""
    used = int(subprocess.check_output(["du", "-s", "--block-size=1M", folder], text=True).split()[0])
    with image.open("wb") as file:
        file.truncate((used * 11 // 10 + spare) << 20)
    say.run(["mke2fs", "-q", "-t", "ext4", "-L", label, "-E", "lazy_itable_init=0,root_owner=0:0", "-O", "^has_journal",
             "-m", "0", "-d", folder, image], log=shelf.log("vm"))
