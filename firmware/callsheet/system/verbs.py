# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked of the system, and what it does then."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from callsheet.adapters.control import Refused
from callsheet.adapters.identity import SERIAL, identity
from callsheet.adapters.privileged import FOLDER
from callsheet.adapters.whole_file import write_whole
from callsheet.formats.errors import Invalid, check_each, dotted
from callsheet.formats.network import NetworkSettings, network_checks
from callsheet.system.network import DHCPCD, HOSTNAME, SSH, TIMESYNC, VLAN, WIRED, WPA, files
from callsheet.update.install import Updates
from callsheet.update.rauc import Rauc

EARLIEST, LATEST = 1_700_000_000.0, 4_000_000_000.0
"""POSIX seconds a clock may be set to: November 2023 to 2096."""
RESET_MARK = "factory-reset"
"""In the data partition's root: the next boot erases what is there before anything reads it."""

Run = Callable[[Sequence[str], float], str]
"""Runs a program with its arguments for so many seconds at most; returns what it printed. Raises Refused."""


def run(command: Sequence[str], patience: float) -> str:
    """Run a program of the system, without a shell and with nothing but a PATH."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise Refused(f"{command[0]} is not on this machine") from None
    except subprocess.TimeoutExpired:
        raise Refused(f"{command[0]} did not end within {patience:.0f} s") from None
    if done.returncode:
        raise Refused(f"{command[0]}: {' '.join(done.stderr.split())[-200:] or f'exit {done.returncode}'}")
    return done.stdout


def _mac() -> str:
    """As the unit leaves it before it starts us: without a network of our own we see no interface."""
    try:
        return (FOLDER / "mac").read_text().strip().replace(":", "") or identity().mac
    except OSError:
        return identity().mac


class Verbs:
    """Answers for `adapters.control.ControlServer`."""

    def __init__(self, data: Path, root: Path = Path("/"), run: Run = run, updates: Updates | None = None) -> None:
        """`data`: the root of the data partition; `root`: where the system's files are written."""
        self._data, self._root, self._run = data, root, run
        self.updates = updates or Updates(Rauc(run), data, FOLDER)

    def __call__(self, verb: str, more: dict[str, Any]) -> dict[str, Any]:
        """Do it. Raises Refused."""
        known: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "reboot": self._reboot, "power-off": self._power_off, "set-clock": self._clock, "network": self._network,
            "update": self._update, "update-status": lambda _: self.updates.status(), "update-offer": self._offer,
            "update-settle": self._settle, "update-back": lambda _: self.updates.back(), "factory-reset": self._reset,
        }
        if verb not in known:
            raise Refused(f"unknown verb {verb[:40]!r}", f"one of {', '.join(known)}")
        return known[verb](more)

    def at_start(self, network: NetworkSettings) -> list[str]:
        """Before anything uses them: the files for the network's settings. Returns those that changed. Raises Refused."""
        self._keep_identity()
        changed = self._written(network)
        self._run(("systemctl", "restart", "callsheet-name.service"), 10.0)
        return changed

    def _keep_identity(self) -> None:
        """A machine without a serial number is known by the random number of its first start (adapters/identity.py)."""
        if (self._root / SERIAL).exists():
            return
        kept, found = self._data / "system/machine-id", self._root / "etc/machine-id"
        if kept.exists():
            found.write_bytes(kept.read_bytes())
        elif found.exists():
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(kept, found.read_bytes())

    def _reboot(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._run(("systemctl", "--no-block", "reboot"), 10.0)
        return {"done": "reboot"}

    def _power_off(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._run(("systemctl", "--no-block", "poweroff"), 10.0)
        return {"done": "power-off"}

    def _clock(self, more: Mapping[str, Any]) -> dict[str, Any]:
        at = more.get("posix")
        if not isinstance(at, int | float) or isinstance(at, bool) or not EARLIEST <= at <= LATEST:
            raise Refused("not a time of this century", "write the year with four digits")
        self._run(("date", "-u", "-s", f"@{at:.3f}"), 10.0)
        return {"posix": at}

    def _network(self, more: Mapping[str, Any]) -> dict[str, Any]:
        try:
            network = msgspec.convert(more.get("settings"), NetworkSettings)
            check_each((("network", name), check) for name, check in network_checks(network))
        except msgspec.ValidationError as error:
            raise Refused(f"not settings of a network: {error}") from None
        except Invalid as fault:
            raise Refused(f"{dotted(fault.path)}: {fault.reason}", fault.remedy) from None
        changed = self._written(network)
        if HOSTNAME in changed:
            self._run(("systemctl", "restart", "callsheet-name.service"), 10.0)
        if WPA in changed:
            verb = "restart" if network.wifi_ssid else "stop"
            self._run(("systemctl", verb, "wpa_supplicant@wlan0.service"), 60.0)
        if SSH in changed:
            # A restart leaves whoever is logged in alone.
            self._run(("systemctl", "restart" if network.ssh_keys else "stop", "ssh.service"), 60.0)
        if TIMESYNC in changed:
            self._run(("systemctl", "--no-block", "try-restart", "systemd-timesyncd.service"), 60.0)
        if {DHCPCD, HOSTNAME, VLAN} & set(changed):
            self._run(("systemctl", "restart", "callsheet-network.service"), 60.0)
        return {"changed": changed, "interface": WIRED}

    def _update(self, more: Mapping[str, Any]) -> dict[str, Any]:
        source, failing = more.get("source"), more.get("failing", [])
        if not isinstance(source, str) or not source.isprintable() or len(source) > 2000:
            raise Refused("not a link or a file", "write https://… or the word stick")
        names = tuple(str(one) for one in failing) if isinstance(failing, list) else ()
        return self.updates.install(source, older=more.get("older") is True, failing=names)

    def _offer(self, more: Mapping[str, Any]) -> dict[str, Any]:
        if more.get("withdraw") is True:
            self.updates.withdraw()
            return {"withdrawn": True}
        return self.updates.offer(str(more.get("folder")))

    def _settle(self, more: Mapping[str, Any]) -> dict[str, Any]:
        return self.updates.settle(more.get("good") is True, str(more.get("reason", "")))

    def _reset(self, _: Mapping[str, Any]) -> dict[str, Any]:
        write_whole(self._data / RESET_MARK, b"")
        self._run(("systemctl", "--no-block", "reboot"), 10.0)
        return {"done": "factory-reset"}

    def _written(self, network: NetworkSettings) -> list[str]:
        """Write the files for these settings; those that had to be changed."""
        made = files(network, _mac())
        return [path for path, text in made.texts.items() if self._put(path, text, path in made.secret)]

    def _put(self, name: str, text: str, secret: bool) -> bool:
        """Whether the file had to be changed; an empty text means: no such file."""
        path = self._root / name
        before = path.read_text() if path.exists() else ""
        if before == text:
            return False
        if not text:
            path.unlink()
            return True
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(), 0o600 if secret else 0o644)
        return True
