# SPDX-License-Identifier: GPL-3.0-or-later
"""An arm64 machine in QEMU that its libraries take for a Raspberry Pi 4B, and everything that is plugged into it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bootstrap import say
from tests.vm.build.checkout import checkout
from tests.vm.build.system import system
from tests.vm.channel import Agent, GuestError
from tests.vm.guest.agent import PORT
from tests.vm.network import Cable

QEMU = "qemu-system-aarch64"
PI_4B = 0xC03114
"""Revision code of a 4B with 4 GB (Raspberry Pi documentation, "New-style revision codes")."""
TOOLS = (QEMU, "mke2fs", "fdtput", "unshare", "depmod", "dpkg-deb", "mmdebstrap", "ip")
BOOT = 240.0
"""Seconds a boot may take on a machine that has more to do."""
DISK_MB = 64


def lacking() -> list[str]:
    """Programs that are not installed here; the group `vm` of scripts/lib/debian-packages has them."""
    return [name for name in TOOLS if shutil.which(name) is None]


@dataclass(frozen=True)
class Given:
    """What QEMU is given to boot: files, the kernel's words, and disks as -drive's own words."""

    kernel: Path
    initrd: Path
    append: str
    drives: tuple[str, ...]
    name: str


class Machine(Agent):
    """A machine with a disk of its own (/data), which can lose its power and come back. All of Agent, too."""

    modules = "/vm/modules"
    """Where modules of ours are in the guest."""
    absent: tuple[str, ...] = ("/gpio-keys", "/pl061@9030000")
    """Of QEMU's machine, what no Pi has: another GPIO chip."""

    def __init__(self, folder: Path, *, cable: Cable | None = None, more: Sequence[str] = (), memory: int = 512) -> None:
        """`folder`: for its disk and logs. `more`: words for QEMU. Not switched on yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cable = cable
        self._more, self._memory = [*more], memory
        self._qemu: subprocess.Popen[bytes] | None = None
        self.boots = 0
        self.times: dict[str, float] = {}
        """Seconds from switching on to each stage of the last boot."""

    # Power

    def boot(self) -> Self:
        """Switch it on; returns when commands can be run. Raises Failed if something cannot be built, GuestError."""
        given = self._given()
        self.boots += 1
        for name in ("agent", "qmp"):
            (self.folder / name).unlink(missing_ok=True)
        words = self._words(given)
        say.step(f"boot {self.boots} of {self.folder.name}: {given.name}")
        began = time.monotonic()
        with (self.folder / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen([*words, "-dtb", self._device_tree(words)], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log, cwd=self.folder)
        try:
            super().__init__(self.folder / "agent", BOOT)
        except GuestError as error:
            self.kill()
            raise GuestError(f"{error}; the end of its console:\n{self.console()[-3000:]}") from None
        total = time.monotonic() - began
        firmware = total - self.stages["agent"]
        self.times = {"kernel": firmware, **{name: firmware + at for name, at in self.stages.items()}}
        say.step("up: " + ", ".join(f"{name} at {at:.1f} s" for name, at in self.times.items()))
        return self

    def kill(self) -> None:
        """Cut its power. What the guest had not flushed to its disk is lost."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None
        with contextlib.suppress(AttributeError):
            self.close()

    def off(self, timeout: float = 60.0) -> None:
        """Switch it off in order: disks flushed, then no power."""
        with contextlib.suppress(Exception):
            self.run("sync", timeout=timeout)
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether it has power."""
        return self._qemu is not None and self._qemu.poll() is None

    def console(self) -> str:
        """What the kernel said, over all boots."""
        path = self.folder / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __enter__(self) -> Self:
        return self.boot()

    def __exit__(self, *_: object) -> None:
        self.kill()

    # What it is made of

    def load(self, module: str, *parameters: str) -> None:
        """Load one of the kernel's modules, or one of ours (modules/)."""
        own = f"{self.modules}/{module}.ko"
        if self.run("ls", own, check=False).code == 0:
            self.run("/usr/sbin/insmod", own, *parameters)
        else:
            self.run("/usr/sbin/modprobe", module, *parameters)

    def unload(self, module: str) -> None:
        """Unload it."""
        self.run("/usr/sbin/rmmod", module)

    def monitor(self, command: str, **arguments: Any) -> Any:
        """A command of QEMU's own (QMP), as device_add or system_reset. Raises RuntimeError."""
        with socket.socket(socket.AF_UNIX) as made:
            made.connect(str(self.folder / "qmp"))
            with made.makefile("rw") as stream:
                for execute, words in (("qmp_capabilities", {}), (command, arguments)):
                    stream.write(json.dumps({"execute": execute, "arguments": words}))
                    stream.flush()
                    answer: dict[str, Any] = {}
                    while not {"return", "error"} & answer.keys():
                        answer = json.loads(stream.readline())
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def _data(self) -> Path:
        """Its own disk, empty at the first boot and kept over all others."""
        path = self.folder / "data.ext4"
        if not path.exists():
            with path.open("wb") as file:
                file.truncate(DISK_MB << 20)
            say.run(["mke2fs", "-q", "-t", "ext4", "-L", "data", path], log=self.folder / "qemu.log")
        return path

    def _given(self) -> Given:
        """Made if need be. Raises Failed."""
        there = system()
        code, data = checkout(there), self._data()
        # The data disk alone is written; its cache is this machine's, which a power cut of the guest does not touch.
        drives = (f"format=raw,file={there.disk},readonly=on", f"format=raw,file={code},readonly=on",
                  f"format=raw,file={data},cache=unsafe")
        return Given(there.kernel, there.initrd, self._append(), drives, f"Linux {there.release}")

    def _words(self, given: Given) -> list[str]:
        words = [QEMU, "-M", "virt", "-cpu", "max,pauth=off", "-smp", "2", "-m", str(self._memory),
                 "-accel", "tcg,thread=multi", "-display", "none", "-nodefaults", "-no-reboot",
                 "-kernel", str(given.kernel), "-initrd", str(given.initrd), "-append", given.append,
                 "-chardev", f"file,id=console,path={self.folder / 'console.log'},append=on",
                 "-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off",
                 "-device", "virtio-serial-pci", *self._serial(),
                 "-chardev", f"socket,id=agent,path={self.folder / 'agent'},server=on,wait=off",
                 "-device", f"virtserialport,chardev=agent,name={PORT}", "-device", "virtio-rng-pci"]
        for number, drive in enumerate(given.drives):
            words += ["-drive", f"if=none,id=disk{number},{drive}", "-device", f"virtio-blk-pci,drive=disk{number}"]
        if self.cable:
            words += ["-netdev", f"tap,id=net,ifname={self.cable.device},script=no,downscript=no",
                      "-device", "virtio-net-pci,netdev=net,romfile="]
        return [*words, *self._more]

    def _serial(self) -> list[str]:
        """Where the kernel speaks."""
        return ["-serial", "chardev:console"]

    def _append(self) -> str:
        words = "console=ttyAMA0 net.ifnames=0 panic=-1 quiet loglevel=4 mitigations=off nokaslr"
        if self.cable:
            words += f" vm.address={self.cable.guest}/24 vm.gateway={self.cable.host}"
        return words

    def _device_tree(self, words: Sequence[str]) -> str:
        """QEMU's own device tree with a Pi's revision in it, and without what a Pi does not have."""
        tree = self.folder / "machine.dtb"
        with_dump = [word if word != "virt" else f"virt,dumpdtb={tree}" for word in words]
        log = self.folder / "qemu.log"
        say.run(with_dump, log=log)
        for node in self.absent:
            say.run(["fdtput", "-r", tree, node], log=log)
        say.run(["fdtput", "-p", "-t", "x", tree, "/system", "linux,revision", f"{PI_4B:x}"], log=log)
        return str(tree)
