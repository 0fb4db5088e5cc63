# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of ours on the boot partition, beside firmware, U-Boot and device trees from Debian's packages."""

from __future__ import annotations

from pathlib import Path

from .environment import SLOTS_SIZE, UBOOT_SIZE, environment, script

HERE = Path(__file__).parent
SLOTS = {"BOOT_ORDER": "A B", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "0"}
"""A card as it is flashed: slot B is empty."""
UBOOT = {
    # Without a look at the UART: a console cable without power may send a character, which would stop U-Boot for good.
    "bootdelay": "-2",
    "stdin": "nulldev", "stdout": "serial,vidconsole", "stderr": "serial,vidconsole",
    # Where scripts look for the card; a torn uboot.env leads here too, by U-Boot's own search, two seconds later.
    "bootcmd": "setenv devtype mmc; setenv devnum 0; setenv distro_bootpart 1; "
               "load mmc 0:1 ${scriptaddr} boot.scr && source ${scriptaddr}; bootflow scan",
    "boot_targets": "mmc usb",
    "scriptaddr": "0x02400000", "kernel_addr_r": "0x00080000", "fdt_addr_r": "0x02600000", "ramdisk_addr_r": "0x02700000",
}
"""U-Boot's own environment; nothing writes it, and it takes the place of the built-in one."""


def boot_files() -> dict[str, bytes]:
    """Name on the boot partition -> contents."""
    slots = environment(SLOTS, SLOTS_SIZE)
    return {
        "config.txt": (HERE / "config.txt").read_bytes(),
        "boot.scr": script((HERE / "boot.cmd").read_text()),
        "uboot.env": environment(UBOOT, UBOOT_SIZE),
        "slots.env": slots, "slots.bak": slots,
    }
