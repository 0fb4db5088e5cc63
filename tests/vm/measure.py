# SPDX-License-Identifier: GPL-3.0-or-later
"""How quick the phone is in the emulator: `python -m tests.vm.measure`. Figures of QEMU, not of a Raspberry Pi.

Taken by the guest's kernel itself: from the contact's closing to the end of the last I²C
transfer that the key led to; processor time is the process's own.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("", "firmware", "scripts/lib")]

from bootstrap import say  # noqa: E402
from tests.vm.handset import CLOSED, Handset  # noqa: E402
from tests.vm.machine import Machine  # noqa: E402
from tests.vm.phone import Phone  # noqa: E402

KEYS = 20
IDLE = 30.0
"""Seconds of doing nothing."""
QUIET = 1.0
"""Seconds after a key in which everything it leads to has happened."""
SETTINGS = {"phone": {"id": "vm", "zone": "Europe/London"}, "sip": {"register": False, "server": "127.0.0.1:9"},
            "audio": {"device": "null"}, "sheet": {"url": "http://127.0.0.1:9/{agent}.json"}}


def main() -> None:
    """Boot, measure, print a table."""
    with tempfile.TemporaryDirectory() as folder, Machine(Path(folder)) as guest:
        handset = Handset(guest)
        with Phone(handset, SETTINGS) as phone:
            phone.until("off")
            time.sleep(10)
            glass = [_key_to_glass(handset, "1" if n % 2 == 0 else "*") for n in range(KEYS)]
            busy = _cpu(phone, IDLE)
        rows = [("key to display, ms", [one for one in glass if one])]
        print(f"QEMU, {guest.times['agent']:.0f} s from power to agent; load of this machine {_load()}")
        for name, values in rows:
            print(f"{name:24} median {statistics.median(values):7.1f}   worst {max(values):7.1f}   of {len(values)}")
        print(f"{'idle processor, %':24} {100 * busy / IDLE:7.2f}   over {IDLE:g} s")


def _key_to_glass(handset: Handset, cap: str) -> float:
    """Milliseconds from contact to the end of the last transfer; 0 if the screen did not change."""
    wires, bus = handset.lines.mark(), handset.glass.mark()
    handset.press(cap)
    time.sleep(QUIET)
    pressed = next(one.at for one in handset.lines.changes(wires) if one.what == CLOSED)
    sent = [one for one in handset.glass.transfers(bus) if one.data and pressed < one.begin < pressed + QUIET]
    return 1000 * (sent[-1].end - pressed) if sent else 0.0


def _cpu(phone: Phone, seconds: float) -> float:
    """Processor time that all its threads use meanwhile, in seconds (proc(5), stat: fields 14 and 15, in hundredths)."""
    before = _ticks(phone)
    time.sleep(seconds)
    return (_ticks(phone) - before) / 100


def _ticks(phone: Phone) -> int:
    stat = phone.handset.guest.read(f"/proc/{phone.process.pid}/stat").decode()
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def _load() -> str:
    return Path("/proc/loadavg").read_text().split()[0]


if __name__ == "__main__":
    say.be_quiet(False)
    main()
