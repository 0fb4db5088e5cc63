# SPDX-License-Identifier: GPL-3.0-or-later
"""A small card with the image's boot partition and two slots that only say that they were started.

It is there to ask U-Boot and boot.cmd every question about slots in seconds; that the
image itself boots, updates and falls back is asked elsewhere.
"""

from __future__ import annotations

import gzip
import lzma
import re
import shutil
import subprocess
import time
from pathlib import Path

from bootstrap import say
from image.boot.environment import SLOTS_SIZE, environment, variables
from image.boot.files import SLOTS, boot_files
from image.steps import cpio, crosstree, packages, shelf
from image.steps import kernel as linux

QEMU = "qemu-system-aarch64"
TOOLS = (QEMU, "mcopy", "mkfs.vfat", "mke2fs", "sfdisk", "dpkg-deb", "depmod")
MEBI = 1 << 20
BOOT_AT, BOOT_MB, SLOT_MB = 1, 48, 64
DISK_ID = "0x43414c4c"
PATIENCE = 240.0
"""Seconds for one start on a machine that has more to do."""
INIT = b"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
read words < /proc/cmdline
for module in /*.ko; do /bin/busybox insmod $module; done 2>/dev/null
echo "STARTED $words"
case "$words" in *payload=panic*) exit 1;; esac
/bin/busybox sleep 0.2
/bin/busybox reboot -f
"""
"""Ends at once, which is a panic ("Attempted to kill init"), or starts the machine anew."""


def kept() -> Path:
    """Kernel, first root and U-Boot for such cards. Raises Failed."""
    kernel = linux.kernel()
    parts = packages.resolve(["busybox-static", "u-boot-rpi", "u-boot-qemu"], crosstree.TARGET,
                             keep="^(busybox-static|u-boot-(rpi|qemu))$")
    facts = {"kernel": kernel.folder.name, "packages": packages.versions(parts), "init": INIT.decode(), "edition": 3}

    def make(folder: Path) -> None:
        root = folder / "root"
        packages.unpack(parts, root)
        for board in ("rpi_arm64", "qemu_arm64"):
            shutil.copy(root / "usr/lib/u-boot" / board / "u-boot.bin", folder / f"{board}.bin")
        files = {"init": INIT, "bin/busybox": (root / "usr/bin/busybox").read_bytes()}
        for path in linux.needed(kernel, ["bcm2835_wdt"]):
            files[path.name.removesuffix(".xz")] = lzma.decompress(path.read_bytes())
        (folder / "initrd.img").write_bytes(gzip.compress(cpio.archive(files, ("proc",), {"dev/console": (5, 1)}), 6))
        (tree,) = kernel.folder.glob("usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb")
        shutil.copy(tree, folder)
        (folder / "vmlinuz").write_bytes(gzip.compress(kernel.image.read_bytes(), 6))
        shutil.rmtree(root)

    return shelf.kept("small-card", facts, make)


class Card:
    """A card's image, and a machine that starts from it."""

    def __init__(self, folder: Path, board: str = "qemu_arm64") -> None:
        self.path, self.log = folder / "card.img", folder / "serial.log"
        self._parts, self._board, self._said = kept(), board, folder / "tools.log"
        self._make(folder)
        self._qemu: subprocess.Popen[bytes] | None = None

    # What is on it

    def put(self, name: str, data: bytes) -> None:
        """A file on the boot partition."""
        subprocess.run(["mcopy", "-o", "-i", self._boot, "-", f"::{name}"], input=data, check=True)

    def get(self, name: str) -> bytes:
        """One from there."""
        return subprocess.run(["mcopy", "-i", self._boot, f"::{name}", "-"], capture_output=True, check=True).stdout

    def slots(self, **changed: str) -> None:
        """Write both files of the slots' state."""
        data = environment({**SLOTS, **changed}, SLOTS_SIZE)
        self.put("slots.env", data)
        self.put("slots.bak", data)

    def left(self) -> dict[str, str]:
        """The slots' state as it is now."""
        return variables(self.get("slots.env"))

    def empty(self, slot: str) -> None:
        """Nothing but zeros in a slot."""
        with self.path.open("r+b") as file:
            file.seek(self._at(slot) * MEBI)
            file.write(bytes(2 * MEBI))

    # Starting from it

    def starts(self, count: int) -> list[str]:
        """Switch on, and off again after Linux was started so many times; the slots that were. Raises AssertionError."""
        self.log.unlink(missing_ok=True)
        with self._said.open("ab") as said:
            self._qemu = subprocess.Popen(self._words(), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            end = time.monotonic() + PATIENCE * count
            while len(found := self._found()) < count:
                assert self._qemu.poll() is None, "QEMU has ended"
                assert time.monotonic() < end, f"started {found}, and then:\n{self.text()[-2000:]}"
                time.sleep(0.2)
        finally:
            self._qemu.kill()
            self._qemu.wait()
        return found[:count]

    def text(self) -> str:
        """What came out of the serial port."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _found(self) -> list[str]:
        return re.findall(r"STARTED .*rauc\.slot=([AB])", self.text(), re.MULTILINE)

    def _words(self) -> list[str]:
        uboot = str(self._parts / f"{self._board}.bin")
        if self._board == "qemu_arm64":
            return [QEMU, "-M", "virt", "-cpu", "cortex-a53", "-smp", "1", "-m", "1024", "-display", "none", "-monitor", "none",
                    "-nodefaults", "-serial", f"file:{self.log}", "-bios", uboot,
                    "-drive", f"if=none,id=card,format=raw,file={self.path}", "-device", "virtio-blk-pci,drive=card"]
        # Its firmware is QEMU itself, which hands over the device tree; U-Boot and Linux have the second serial port.
        return [QEMU, "-M", "raspi3b", "-display", "none", "-monitor", "none", "-serial", "null", "-serial", f"file:{self.log}",
                "-kernel", uboot, "-dtb", str(self._parts / "bcm2837-rpi-3-b.dtb"),
                "-drive", f"if=sd,format=raw,file={self.path}"]

    @property
    def _boot(self) -> str:
        return f"{self.path}@@{BOOT_AT}M"

    @staticmethod
    def _at(slot: str) -> int:
        return BOOT_AT + BOOT_MB + (0 if slot == "A" else SLOT_MB)

    def _make(self, folder: Path) -> None:
        total = 256
        with self.path.open("wb") as file:
            file.truncate(total * MEBI)
        subprocess.run(["sfdisk", "-q", self.path], text=True, check=True, input=(
            f"label: dos\nlabel-id: {DISK_ID}\nstart={BOOT_AT}MiB, size={BOOT_MB}MiB, type=c, bootable\n"
            + "".join(f"start={self._at(slot)}MiB, size={SLOT_MB}MiB, type=83\n" for slot in "AB")))
        say.run(["mkfs.vfat", "--offset", str(BOOT_AT * 2048), "-F", "32", "-n", "CALLSHEET", self.path,
                 str(BOOT_MB * 1024)], log=self._said)
        for name, data in boot_files().items():
            self.put(name, data)
        console = "ttyAMA0" if self._board == "qemu_arm64" else "ttyS1,115200"
        # QEMU's watchdog of the Pi bites at once when it is started.
        self.put("boot-options.txt", f"extraargs=console={console} loglevel=3 panic=1\nwatchdog=off\n".encode())
        tree = folder / "slot"
        (tree / "boot").mkdir(parents=True)
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(self._parts / name, tree / "boot" / name)
        slot = folder / "slot.ext4"
        with slot.open("wb") as file:
            file.truncate(SLOT_MB * MEBI)
        say.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, slot], log=self._said)
        data = slot.read_bytes()
        with self.path.open("r+b") as file:
            for name in "AB":
                file.seek(self._at(name) * MEBI)
                file.write(data)
