# SPDX-License-Identifier: GPL-3.0-or-later
"""A USB headset made of the kernel's own parts: its buttons by uhid, its sound by snd-aloop.

To the phone it is a sound card called Loopback and a HID device with a real headset's
report descriptor (tests/data/hid); the other ends are here.
"""

from __future__ import annotations

import array
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.vm.channel import PATIENCE, Process
from tests.vm.machine import Machine

DESCRIPTORS = Path(__file__).parents[1] / "data" / "hid"
# include/uapi/linux/uhid.h
_DESTROY, _START, _OPEN, _CLOSE, _OUTPUT, _CREATE2, _INPUT2 = 1, 2, 4, 5, 6, 11, 12
_CREATE = struct.Struct("<I128s64s64sHHIIII4096s")
_BUS_USB = 3
CARD = "Loopback"
RATE = 16000
"""Samples a second, on our side of the loop."""
FORMAT = ("-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(RATE))


@dataclass(frozen=True)
class Report:
    """Something the phone sent to the headset; `at` in seconds of this machine's monotonic clock."""

    at: float
    data: bytes


def descriptor(name: str) -> bytes:
    """The report descriptor of a device in tests/data/hid. Raises OSError."""
    rows = (DESCRIPTORS / f"{name}.hex").read_text().splitlines()
    return bytes.fromhex("".join(row for row in rows if not row.startswith("#")))


class Buttons:
    """The HID half. Plugged in as a context manager."""

    def __init__(self, guest: Machine, name: str, vendor: int, product: int, descriptor: bytes) -> None:
        self._guest = guest
        self._about = name, vendor, product, descriptor
        self._news = threading.Condition()
        self._reports: list[Report] = []

    @classmethod
    def of(cls, guest: Machine, name: str, vendor: int, product: int) -> Self:
        """The buttons of a device in tests/data/hid."""
        return cls(guest, name, vendor, product, descriptor(name))

    def plug(self) -> Self:
        """Plug them in; returns when the kernel has bound a driver."""
        name, vendor, product, report = self._about
        self._guest.load("uhid")
        for driver in ("hid-generic", "hid-plantronics", "hid-jabra"):  # as udev would: some makers have their own
            self._guest.load(driver)
        self._wire = self._guest.open("/dev/uhid")
        self._wire.write(_CREATE.pack(_CREATE2, name.encode(), b"usb-vm", b"", len(report), _BUS_USB, vendor, product,
                                      0, 0, report))
        started = threading.Event()
        threading.Thread(target=self._listen, args=(started,), daemon=True).start()
        assert started.wait(PATIENCE), "the kernel did not take the headset"
        return self

    def pull(self) -> None:
        """Pull them out."""
        self._wire.write(struct.pack("<I", _DESTROY))
        self._wire.close()

    def send(self, report: bytes) -> None:
        """A report of theirs, its id first."""
        self._wire.write(struct.pack("<IH", _INPUT2, len(report)) + report)

    @property
    def reports(self) -> list[Report]:
        """What the phone sent, oldest first."""
        with self._news:
            return list(self._reports)

    def wait(self, wanted: bytes, since: int = 0, timeout: float = PATIENCE) -> Report:
        """Until the phone sends this report, counted from index `since` of `reports`."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                for one in self._reports[since:]:
                    if one.data == wanted:
                        return one
                left = end - time.monotonic()
                assert left > 0, f"{wanted.hex()} did not come, but {[one.data.hex() for one in self._reports[since:]]}"
                self._news.wait(left)

    def __enter__(self) -> Self:
        return self.plug()

    def __exit__(self, *_: object) -> None:
        self.pull()

    def _listen(self, started: threading.Event) -> None:
        while True:
            try:
                event = self._wire.read(3600)
            except TimeoutError:
                continue
            if not event:
                return
            kind = struct.unpack_from("<I", event)[0]
            if kind == _START:
                started.set()
            elif kind == _OUTPUT:
                (size,) = struct.unpack_from("<H", event, 4 + 4096)
                with self._news:
                    self._reports.append(Report(time.monotonic(), event[4 : 4 + size]))
                    self._news.notify_all()


class Sound:
    """The sound half: what the phone plays can be heard here, what is played here the phone's microphone hears."""

    def __init__(self, guest: Machine) -> None:
        self._guest = guest
        guest.load("snd-aloop", f"id={CARD}", "pcm_substreams=1")
        self._count = 0

    def hear(self, seconds: float) -> array.array[int]:
        """Samples (16 bit, mono, RATE a second) of what comes to the ear from now on.

        The phone must have its side open, for the loop takes the format of who comes first.
        """
        self._count += 1
        path = f"/tmp/ear-{self._count}"
        self._guest.run("arecord", "-q", "-D", f"plughw:{CARD},1", *FORMAT, "-s", str(round(seconds * RATE)), path,
                        timeout=seconds + PATIENCE)
        return array.array("h", self._guest.read(path))

    def begin(self, samples: array.array[int], times: int = 1) -> Process:
        """Begin to speak into the microphone, so many times over; the process ends when everything was said."""
        self._count += 1
        path = f"/tmp/mouth-{self._count}"
        self._guest.write(path, samples.tobytes())
        return self._guest.start("aplay", "-q", "-D", f"plughw:{CARD},1", *FORMAT, *[path] * times)
