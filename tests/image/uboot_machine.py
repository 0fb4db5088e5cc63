# SPDX-License-Identifier: GPL-3.0-or-later
"""The image started as a card is: by U-Boot, from what lies on it. Nothing of the image is changed but two files on FAT.

`boot-options.txt` names a line for a root shell (systemd's debug shell), which the tests
look through; `callsheet.toml` is what a technician would put there.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from image.steps.layout import BOOT, MEBI
from tests.image import small_card
from tests.image.machine import UPDATE

BOOT_AT = BOOT.begin * MEBI
PROMPT = "@@ready@@"
BOARDS = {
    # U-Boot, the line with the root shell, and QEMU's words for board, that line, card and network.
    "virt": ("qemu_arm64", "hvc0"),
    "raspi3b": ("rpi_arm64", "ttyS1"),
}


class Card:
    """A copy of an image that may be written to."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.path = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", image, self.path], check=True)

    def put(self, name: str, data: bytes) -> None:
        """A file on the boot partition."""
        subprocess.run(["mcopy", "-o", "-i", f"{self.path}@@{BOOT_AT}", "-", f"::{name}"], input=data, check=True)

    def get(self, name: str) -> bytes:
        """One from there."""
        return subprocess.run(["mcopy", "-i", f"{self.path}@@{BOOT_AT}", f"::{name}", "-"], capture_output=True, check=True).stdout


class UBootMachine:
    """A machine that starts from a card by itself, as often as it likes."""

    def __init__(self, folder: Path, card: Card, board: str = "virt", *, stick: Path | None = None,
                 patience: float = 1800.0) -> None:
        """`stick`: a file system's image, plugged in as a USB stick."""
        self.folder, self.card, self.board, self.stick, self.patience = folder, card, board, stick, patience
        self.serial, self.line = folder / "serial.log", folder / "shell"
        self._qemu: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._text = ""

    def options(self, more: str = "") -> None:
        """Write boot-options.txt. QEMU's watchdog of the Pi bites as soon as it is started, so it stays off there."""
        words = f"systemd.debug_shell={BOARDS[self.board][1]} systemd.watchdog_sec=0 {more}".strip()
        self.card.put("boot-options.txt", f"extraargs={words}\nwatchdog=off\n".encode())

    def __enter__(self) -> Self:
        self.line.unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen(self._words(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while not self.line.exists():
            assert time.monotonic() < end and self._qemu.poll() is None, (self.folder / "qemu.log").read_text()[-2000:]
            time.sleep(0.1)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self.line))
        self._socket.settimeout(1.0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()

    def started(self) -> list[str]:
        """The slots that U-Boot has started so far."""
        text = self.serial.read_text(errors="replace") if self.serial.exists() else ""
        return re.findall(r"Callsheet: slot ([AB]) (?:as-ever|on-trial)", text)

    def shell(self) -> str:
        """Wait for the root shell of the present start; returns the slot it runs in. Raises AssertionError."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            self._send("\n")
            with contextlib.suppress(AssertionError):
                self._text = ""
                out = self.run("cat /proc/cmdline", patience=20.0)
                match = re.search(r"rauc\.slot=([AB])", out)
                if match:
                    return match[1]
        raise AssertionError(f"no shell; slots started: {self.started()}\n{self._text[-1500:]}")

    def run(self, command: str, patience: float = 120.0, *, check: bool = False) -> str:
        """A command's output; with `check` its exit status must be 0."""
        self._text = ""
        self._send(f"{{ {command}; }} 2>&1; echo @@$?@@\n")
        match = self._until(r"@@(\d+)@@", patience)
        out = self._text[: match.start()].replace("\r", "")
        # What was typed stands there as often as an echo came late.
        out = out.rpartition("echo @@$?@@\n")[2]
        assert not check or match[1] == "0", f"{command}: {out[-1500:]}"
        return out.strip()

    def ask(self, verb: str, patience: float = 300.0, **more: Any) -> dict[str, Any]:
        """A word to callsheet-system, as the console says it."""
        question = json.dumps({"ask": verb, **more})
        program = ('import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect("/run/callsheet-system/control");'
                   's.sendall(sys.argv[1].encode()+b"\\n");print(s.makefile().readline())')
        answer: dict[str, Any] = json.loads(self.run(f"python3 -c '{program}' '{question}'", patience, check=True).splitlines()[-1])
        return answer

    def record(self) -> dict[str, Any]:
        """What became of the last update, as display and console have it."""
        text = self.run(f"cat {UPDATE}", 60.0).splitlines()
        found: dict[str, Any] = json.loads(text[-1]) if text and text[-1].startswith("{") else {}
        return found

    def until_record(self, state: str, patience: float) -> dict[str, Any]:
        """Wait until the last update is in a state."""
        end = time.monotonic() + patience
        while (found := self.record()).get("state") != state:
            assert found.get("state") != "failed" and time.monotonic() < end, f"{found}, not {state}"
            time.sleep(3)
        return found

    def until_started(self, count: int, patience: float) -> list[str]:
        """Wait until U-Boot has started a slot so many times."""
        end = time.monotonic() + patience
        while len(found := self.started()) < count:
            assert time.monotonic() < end, f"started {found}"
            self._drain()
            time.sleep(0.5)
        return found

    def _send(self, text: str) -> None:
        assert self._socket is not None
        self._socket.sendall(text.encode())

    def _drain(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(TimeoutError):
            self._text += self._socket.recv(65536).decode(errors="replace")

    def _until(self, pattern: str, patience: float) -> re.Match[str]:
        end = time.monotonic() + patience
        while True:
            # What was typed comes back as an echo, with $? in it.
            if match := re.search(pattern, self._text):
                return match
            assert time.monotonic() < end, f"{pattern} did not come:\n{self._text[-1500:]}"
            self._drain()

    def _words(self) -> list[str]:
        uboot = str(small_card.kept() / f"{BOARDS[self.board][0]}.bin")
        common = [small_card.QEMU, "-display", "none", "-monitor", "none", "-chardev",
                  f"socket,id=shell,path={self.line},server=on,wait=off"]
        stick = [] if self.stick is None else ["-drive", f"if=none,id=stick,format=raw,readonly=on,file={self.stick}",
                                               "-device", "usb-storage,drive=stick"]
        if self.board == "virt":
            return [*common, "-M", "virt", "-cpu", "max,pauth=off", "-smp", "2", "-m", "1024", "-accel", "tcg,thread=multi",
                    "-nodefaults", "-serial", f"file:{self.serial}", "-bios", uboot,
                    "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=shell",
                    "-drive", f"if=none,id=card,format=raw,file={self.card.path},cache=unsafe", "-device", "virtio-blk-pci,drive=card",
                    "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci",
                    "-device", "qemu-xhci", *stick]
        tree = str(small_card.kept() / "bcm2837-rpi-3-b.dtb")
        # U-Boot and the shell have the second port: Debian's device tree gives the first one to Bluetooth.
        common[-1] += f",logfile={self.serial},logappend=on"
        return [*common, "-M", "raspi3b", "-serial", "null", "-serial", "chardev:shell", "-kernel", uboot, "-dtb", tree,
                "-drive", f"if=sd,format=raw,file={self.card.path},cache=unsafe", "-netdev", "user,id=net", "-device", "usb-net,netdev=net",
                *stick]
