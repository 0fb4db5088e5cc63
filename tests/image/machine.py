# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that boots the released image from a card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.image import simulators
from tests.image.card import Card, from_slot, listed
from tests.vm.machine import Given, Machine
from tests.vm.network import Cable

WORDS = "root=PARTUUID=43414c4c-02 ro rauc.slot=A panic=10 quiet"
"""As boot.cmd has U-Boot say it."""
UPDATE = "/run/callsheet-system/update.json"
"""What became of the last update, as display and console have it."""
MEMORY = 1024
"""MB, as a Pi 3B+ has."""


class Phone(Machine):
    """One card in one handset. All of Machine and Agent, too."""

    modules = f"{simulators.PLACE}/modules"
    absent = (*Machine.absent, "/pl031@9010000")
    """Nor has a Pi a clock that goes on without power."""

    def __init__(self, folder: Path, card: Card, *, cable: Cable | None = None, more: Sequence[str] = (),
                 memory: int = MEMORY) -> None:
        super().__init__(folder, cable=cable, more=("-device", "qemu-xhci,id=usb", *more), memory=memory)
        self.card = card

    def load(self, module: str, *parameters: str) -> None:
        """Load a module that is not there yet; those of the handset are there from the beginning."""
        if self.run("test", "-d", f"/sys/module/{module.replace('-', '_')}", check=False).code:
            super().load(module, *parameters)

    @property
    def uart(self) -> Path:
        """A socket: the other end of the serial port that the header has."""
        return self.folder / "uart"

    def plug_in(self, stick: Path) -> None:
        """A write-protected USB stick with this content."""
        self.monitor("blockdev-add", driver="raw", file={"driver": "file", "filename": str(stick)},
                     **{"node-name": "stick", "read-only": True})
        self.monitor("device_add", driver="usb-storage", id="stick", drive="stick", bus="usb.0")

    def pull_out(self) -> None:
        """That stick, without a word to anybody."""
        self.monitor("device_del", id="stick")

    def _given(self) -> Given:
        files = self.folder / "slot"
        files.mkdir(exist_ok=True)
        kernel = from_slot(self.card.image, "/boot/vmlinuz", files / "vmlinuz")
        initrd = from_slot(self.card.image, "/boot/initrd.img", files / "initrd.img")
        (release,) = listed(self.card.image, "/usr/lib/modules")
        # A cut of this machine's power ends QEMU; what the guest has flushed is in the file then.
        drives = (f"format=qcow2,file={self.card.layer},cache=unsafe", f"format=raw,file={simulators.tools()},readonly=on")
        append = f"{WORDS} console=hvc0 loglevel=4 {simulators.words()}"
        return Given(kernel, simulators.appended(initrd, release), append, drives, self.card.image.name)

    def _serial(self) -> list[str]:
        self.uart.unlink(missing_ok=True)
        return ["-device", "virtconsole,chardev=console", "-serial", f"unix:{self.uart},server=on,wait=off"]
