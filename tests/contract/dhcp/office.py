# SPDX-License-Identifier: GPL-3.0-or-later
"""A small office in two network namespaces: dnsmasq and a web server in one, a phone with dhcpcd in the other.

The machine's own network, /run, /etc/resolv.conf and dhcpcd's folders are never
touched: both ends of the cable are made inside the namespaces, and dhcpcd has a
mount namespace in which those places are others.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from callsheet.adapters.dhcp import HOOK, OPTIONS
from tests.contract.transport.servers import wait_until

SERVER = "10.77.0.1"
WEB = f"http://{SERVER}:8080"
INTERFACE = "eth0"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_HOOKS = ("/usr/lib/dhcpcd/dhcpcd-hooks", "/lib/dhcpcd/dhcpcd-hooks", "/usr/libexec/dhcpcd-hooks")
_NUMBERS = itertools.count()
_DHCPCD_CONF = """
allowinterfaces eth0
clientid
ipv4only
noarp
nodelay
noipv4ll
"""
_IN_MOUNTS = """
set -e
base=$1; hooks=$2; shift 2
mount -t tmpfs tmpfs /run
mkdir /run/callsheet /run/dhcpcd
mount --bind "$base/run" /run/callsheet
mount -t tmpfs tmpfs /var/lib/dhcpcd
mount --bind "$base/resolv.conf" /etc/resolv.conf
mount --bind "$base/hooks" "$hooks"
exec "$@"
"""


def need() -> None:
    """Skip where there cannot be an office."""
    for program, package in (("dnsmasq", "dnsmasq-base"), ("dhcpcd", "dhcpcd-base"), ("ip", "iproute2"),
                             ("unshare", "util-linux"), ("nsenter", "util-linux")):
        if shutil.which(program, path=_PATH) is None:
            pytest.skip(f"{program} is not installed (Debian package {package})")
    if os.geteuid() != 0:
        pytest.skip("network namespaces and a DHCP client need root")
    tried = subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"network namespaces cannot be made here: {tried.stderr.strip()}")


def ip(*words: str) -> None:
    """iproute2's `ip`."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


class Office:
    """Cable, DHCP server, web server and the phone's DHCP client."""

    def __init__(self, base: Path) -> None:
        need()
        self.base = base
        self.leases = base / "run" / "dhcp"
        self.www = base / "www"
        name = f"callsheet-{os.getpid()}-{next(_NUMBERS)}"
        self.server, self.phone = f"{name}-office", f"{name}-phone"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._spaces: list[str] = []

    def start(self, *options: str, dnsmasq: tuple[str, ...] = ()) -> Office:
        """With these DHCP options, as dnsmasq's dhcp-option takes them."""
        for folder in ("run", "www", "hooks"):
            (self.base / folder).mkdir()
        (self.base / "resolv.conf").touch()
        shutil.copy(HOOK, self.base / "hooks")
        self._cable()
        self._web()
        self._dnsmasq(options, dnsmasq)
        self._dhcpcd()
        return self

    def _cable(self) -> None:
        for space in (self.server, self.phone):
            ip("netns", "add", space)
            self._spaces.append(space)
            ip("-n", space, "link", "set", "lo", "up")
        ip("-n", self.server, "link", "add", "lan", "type", "veth", "peer", "name", INTERFACE, "netns", self.phone)
        ip("-n", self.server, "address", "add", f"{SERVER}/24", "dev", "lan")
        ip("-n", self.server, "link", "set", "lan", "up")
        ip("-n", self.phone, "link", "set", INTERFACE, "up")

    def run(self, space: str, log: str, *command: str, **more: object) -> subprocess.Popen[bytes]:
        """A process in a namespace; ended with the office."""
        with (self.base / log).open("ab") as file:
            process = subprocess.Popen(["ip", "netns", "exec", space, *command],
                                       **{"stdout": file, "stderr": file, **more})  # type: ignore[call-overload]
        self._processes.append(process)
        return process  # type: ignore[no-any-return]

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.base / name).read_text(errors="replace")

    def _web(self) -> None:
        self.run(self.server, "web.log", sys.executable, str(Path(__file__).with_name("web_server.py")), SERVER, "8080",
                 str(self.www))
        wait_until(lambda: self._answers(8080))

    def _answers(self, port: int) -> bool:
        probe = f"import socket; socket.create_connection(({SERVER!r}, {port}), 5)"
        return subprocess.run(["ip", "netns", "exec", self.server, sys.executable, "-c", probe],
                              capture_output=True).returncode == 0

    def fetched(self, path: str) -> int:
        """How often the web server was asked for it."""
        return sum(f'"GET {path} ' in request for request in self.requests())

    def requests(self) -> list[str]:
        """What the web server was asked for, in order, and whether with a password."""
        return [line for line in self.log("web.log").splitlines() if '"GET ' in line]

    def _dnsmasq(self, options: tuple[str, ...], more: tuple[str, ...]) -> None:
        self._write(options)
        # A name server only for who asks for one: dnsmasq takes no flag twice.
        quiet = () if any(word.startswith("--port=") for word in more) else ("--port=0",)
        self._server = self.run(
            self.server, "dnsmasq.log", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", *quiet,
            "--user=root", "--group=root", "--pid-file=", "--interface=lan", "--bind-interfaces",
            "--dhcp-range=10.77.0.10,10.77.0.90,255.255.255.0,10m", "--dhcp-authoritative", "--no-ping",
            f"--dhcp-leasefile={self.base}/dnsmasq.leases", f"--dhcp-optsfile={self.base}/options",
            "--log-dhcp", "--log-facility=-", *more)
        wait_until(lambda: "DHCP, sockets bound" in self.log("dnsmasq.log") or self._died(self._server))

    def _died(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, "\n".join(self.log(one.name) for one in self.base.glob("*.log"))
        return False

    def _write(self, options: tuple[str, ...]) -> None:
        (self.base / "options").write_text("".join(f"{option}\n" for option in options))

    def _dhcpcd(self) -> None:
        (self.base / "dhcpcd.conf").write_text(_DHCPCD_CONF + OPTIONS.read_text())
        hooks = next(folder for folder in _HOOKS if Path(folder).is_dir())
        self._client = self.run(
            self.phone, "dhcpcd.log", "unshare", "--mount", "sh", "-c", _IN_MOUNTS, "sh", str(self.base), hooks,
            "dhcpcd", "--nobackground", "--debug", "-4", "--config", str(self.base / "dhcpcd.conf"),
            "--nohook", "resolv.conf", INTERFACE)
        wait_until(lambda: (self.leases / INTERFACE).exists() or self._died(self._client))

    def offers(self, *options: str) -> None:
        """From now on the DHCP server says this; nobody is told before the lease is renewed."""
        self._write(options)
        before = self.log("dnsmasq.log").count("read ")
        self._server.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log("dnsmasq.log").count("read ") > before)

    def renew(self) -> None:
        """Let dhcpcd renew its lease now, and wait until the hook has run."""
        before = self.inode()
        for _ in range(6):
            done = subprocess.run(["nsenter", "-t", str(self._client.pid), "-m", "-n", "dhcpcd", "-4", "--renew", INTERFACE],
                                  capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            with suppress(AssertionError):
                wait_until(lambda: self.inode() != before, 5)
                return
        raise AssertionError(self.log("dhcpcd.log")[-2000:])

    def inode(self) -> tuple[int, int]:
        """Changes with each lease that the hook writes."""
        try:
            state = (self.leases / INTERFACE).stat()
        except FileNotFoundError:
            return (0, 0)
        return state.st_ino, state.st_mtime_ns

    def unplug(self) -> None:
        """The cable is out."""
        ip("-n", self.server, "link", "set", "lan", "down")

    def plug(self) -> None:
        """And in again."""
        ip("-n", self.server, "link", "set", "lan", "up")

    def stop(self) -> None:
        """End what was started, youngest first, and all that lives in these namespaces.

        dhcpcd 9's helper processes at times outlive it, or it waits for them for ever.
        """
        for process in reversed(self._processes):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(3)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        for space in self._spaces:
            found = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True)
            for pid in found.stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        for process in self._processes:
            process.wait()
        for space in self._spaces:
            ip("netns", "delete", space)
