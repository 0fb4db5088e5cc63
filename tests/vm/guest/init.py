# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of the small test system: mounts, network, the agent; then it buries orphans."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

MOUNTS = (
    ("devpts", "/dev/pts", "devpts"), ("tmpfs", "/dev/shm", "tmpfs"), ("tmpfs", "/run", "tmpfs"),
    ("tmpfs", "/tmp", "tmpfs"), ("debugfs", "/sys/kernel/debug", "debugfs"),
)
POWER_OFF = 0x4321FEDC  # LINUX_REBOOT_CMD_POWER_OFF, reboot(2)


def main() -> None:
    stages = {"initrd": float(os.environ.get("INITRD", "0")), "init": uptime()}
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, where, filesystem in MOUNTS:
        if not where.startswith("/sys"):
            Path(where).mkdir(parents=True, exist_ok=True)
        libc.mount(kind.encode(), where.encode(), filesystem.encode(), 0, None)
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
    socket.sethostname(words.get("vm.hostname", "callsheet"))
    network(words)
    os.environ.update(PATH="/usr/sbin:/usr/bin", HOME="/root", LANG="C.UTF-8", TERM="linux",
                      PYTHONPATH="/vm/firmware:/usr/lib/phone", VM_STAGES=json.dumps(stages))
    agent = subprocess.Popen([sys.executable, "-I", "-S", "/vm/guest/agent.py"])
    while os.wait()[0] != agent.pid:
        pass
    os.sync()
    libc.reboot(POWER_OFF)


def network(words: dict[str, str]) -> None:
    """Loopback, and the address the test gave us."""
    run("ip", "link", "set", "lo", "up")
    if address := words.get("vm.address"):
        run("modprobe", "virtio_net")
        run("ip", "address", "add", address, "dev", "eth0")
        run("ip", "link", "set", "eth0", "up")
        run("ip", "route", "add", "default", "via", words["vm.gateway"])


def run(*words: str) -> None:
    program = "/usr/sbin/modprobe" if words[0] == "modprobe" else "/usr/bin/busybox"
    subprocess.run([program, *words[words[0] == "modprobe":]], check=False)


def uptime() -> float:
    """Seconds since the kernel began."""
    return float(Path("/proc/uptime").read_text().split()[0])


if __name__ == "__main__":
    main()
