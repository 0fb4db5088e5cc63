# SPDX-License-Identifier: GPL-3.0-or-later
"""USB headsets for tests: their folders in /proc and /sys, and a device file that keeps reports apart."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "hid"


def descriptor(name: str) -> bytes:
    """The report descriptor of a device in tests/data/hid."""
    lines = (DATA / f"{name}.hex").read_text(encoding="utf-8").splitlines()
    return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))


DEVICES = tuple(sorted(path.stem for path in DATA.glob("*.hex")))


class Machine:
    """A machine with USB sockets: /proc/asound, /sys/class/hidraw, /dev and the kernel's messages."""

    def __init__(self, folder: Path) -> None:
        self.asound, self.hidraw, self.dev = folder / "asound", folder / "hidraw", folder / "dev"
        self._usb = folder / "usb"
        for place in (self.asound, self.hidraw, self.dev, self._usb):
            place.mkdir(parents=True)
        (self.asound / "cards").write_text("")
        self._lines: dict[int, str] = {}
        self._kernel, self._events = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._events.setblocking(False)
        self._devices: dict[str, FakeHid] = {}
        self.denied = False

    def plug(self, index: int, id: str, name: str, *, hid: str = "", vendor: int = 0x0B0E, product: int = 0x0305,
             duplex: bool = True, usb: bool = True) -> FakeHid | None:
        """A headset is plugged in; `hid` names its descriptor."""
        self._lines[index] = (f"{index:2} [{id:<15}]: {'USB-Audio' if usb else 'HDA-Intel'} - {name}\n"
                              f"                      {name} at usb-0000:01:00.0-1.2, full speed\n")
        card = self.asound / f"card{index}"
        (card / "pcm0p").mkdir(parents=True)
        if duplex:
            (card / "pcm0c").mkdir()
        if usb:
            (card / "usbid").write_text(f"{vendor:04x}:{product:04x}\n")
            (card / "usbbus").write_text(f"001/{index + 10:03}\n")
        self._write_cards()
        made = self._plug_hid(index, name, hid, vendor, product) if hid else None
        self.tell("add")
        return made

    def pull(self, index: int) -> None:
        """It is pulled out."""
        self._lines.pop(index)
        shutil.rmtree(self.asound / f"card{index}")
        self._write_cards()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.hidraw / f"hidraw{index}")
        shutil.rmtree(self._usb / str(index), ignore_errors=True)
        if (device := self._devices.pop(f"hidraw{index}", None)) is not None:
            device.close()
        self.tell("remove")

    def tell(self, action: str, subsystem: str = "sound") -> None:
        """A message of the kernel."""
        self._kernel.send(f"{action}@/devices/x\0ACTION={action}\0SUBSYSTEM={subsystem}\0".encode())

    def events(self) -> socket.socket:
        """In place of the netlink socket."""
        return self._events

    def open_node(self, path: Path) -> int:
        """In place of opening the device file."""
        if self.denied:
            raise PermissionError(13, "Permission denied")
        return self._devices[path.name].open()

    def _plug_hid(self, index: int, name: str, hid: str, vendor: int, product: int) -> FakeHid:
        usb = self._usb / str(index)
        device = usb / "interface" / "0003:X"
        device.mkdir(parents=True)
        (usb / "busnum").write_text("1\n")
        (usb / "devnum").write_text(f"{index + 10}\n")
        (device / "report_descriptor").write_bytes(descriptor(hid))
        (device / "uevent").write_text(f"HID_ID=0003:{vendor:08X}:{product:08X}\nHID_NAME={name}\n")
        made = self._devices[f"hidraw{index}"] = FakeHid()
        node = self.hidraw / f"hidraw{index}"
        node.mkdir()
        (node / "device").symlink_to(device)
        return made

    def _write_cards(self) -> None:
        (self.asound / "cards").write_text("".join(self._lines[index] for index in sorted(self._lines)))

    def close(self) -> None:
        """End."""
        for device in self._devices.values():
            device.close()
        self._kernel.close()
        self._events.close()


class FakeHid:
    """The other end of /dev/hidraw: what a headset's firmware sees and says."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.settimeout(20.0)
        self.opened = 0

    def open(self) -> int:
        self.opened += 1
        fd = os.dup(self._theirs.fileno())
        os.set_blocking(fd, False)
        return fd

    def says(self, *data: int) -> None:
        """An input report."""
        self._ours.send(bytes(data))

    def hears(self) -> bytes:
        """The next output report."""
        return self._ours.recv(4096)

    def heard(self) -> list[bytes]:
        """All output reports that are there now."""
        found = []
        self._ours.setblocking(False)
        try:
            while data := self._ours.recv(4096):
                found.append(data)
        except BlockingIOError:
            pass
        finally:
            self._ours.settimeout(20.0)
        return found

    def close(self) -> None:
        """It is gone."""
        self._ours.close()
        self._theirs.close()
