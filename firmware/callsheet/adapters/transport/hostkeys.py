# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys SSH servers may show: those somebody has accepted, and no others.

The file has the form of OpenSSH's known_hosts, so that lines of `ssh-keyscan` or
of an administrator's own file can be used.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path

from msgspec import Struct
from paramiko import HostKeys as KnownHosts
from paramiko import PKey
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from callsheet.adapters.transport.client import TransferError

SSH_PORT = 22


class HostKey(Struct, frozen=True):
    """A server's public key."""

    type: str
    data: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` writes it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.data).digest()).decode().rstrip("=")

    @property
    def text(self) -> str:
        """Type and key as in known_hosts."""
        return f"{self.type} {base64.b64encode(self.data).decode()}"


def host_key(key: PKey) -> HostKey:
    """What paramiko gives, as ours."""
    return HostKey(key.get_name(), key.asbytes())


class HostKeys:
    """The accepted keys; an empty path: none can be. Raises TransferError if the file cannot be used."""

    def __init__(self, path: str) -> None:
        self._path = path

    def known(self, host: str, port: int) -> tuple[HostKey, ...]:
        """Those accepted for a server."""
        found = self._load().lookup(_name(host, port))
        return tuple(host_key(key) for key in found.values()) if found else ()

    def check(self, host: str, port: int, shown: HostKey) -> None:
        """Raises TransferError with the fingerprint unless the key was accepted."""
        known = self.known(host, port)
        if shown in known:
            return
        remedy = 'compare it with the server\'s own, then accept it with "callsheet hostkey"'
        if known:
            reason = (f"the host key of {host} has changed: it is now {shown.type} {shown.fingerprint}, accepted was "
                      f"{', '.join(key.fingerprint for key in known)}; perhaps another server answers; {remedy}")
        else:
            reason = f"the host key of {host} is not known: {shown.type} {shown.fingerprint}; {remedy}"
        raise TransferError("certificate", reason)

    def accept(self, host: str, port: int, key: HostKey) -> None:
        """From now on this key, and no other, is the server's. Written whole or not at all."""
        if not self._path:
            raise TransferError("certificate", "no file for host keys is set (sheet.host_keys)")
        name = _name(host, port)
        self._write([*(line for line in self._lines() if not _speaks_of(line, name)), f"{name} {key.text}"])

    def remove(self, host: str, port: int) -> int:
        """Accept none of a server's keys any more; how many that were. Written whole or not at all."""
        name, lines = _name(host, port), self._lines()
        kept = [line for line in lines if not _speaks_of(line, name)]
        if kept != lines:
            self._write(kept)
        return len(lines) - len(kept)

    def all(self) -> tuple[tuple[str, HostKey], ...]:
        """Every accepted key with the server's name as the file has it: host, [host]:port, or a hash of either."""
        self._load()
        entries = [HostKeyEntry.from_line(line) for line in self._lines()]
        return tuple((name, host_key(entry.key)) for entry in entries if entry and entry.key for name in entry.hostnames)

    def _write(self, lines: list[str]) -> None:
        target = Path(self._path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=target.parent, prefix=".host_keys", delete=False) as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            if os.geteuid() == 0:
                # An admin may be root where the phone is not, and the phone must be able to read it.
                owner = target.parent.stat()
                os.chown(file.name, owner.st_uid, owner.st_gid)
            Path(file.name).replace(target)
        except OSError as error:
            raise _unusable(error) from None

    def _lines(self) -> list[str]:
        try:
            return Path(self._path).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeError) as error:
            raise _unusable(error) from None

    def _load(self) -> KnownHosts:
        keys = KnownHosts()
        if not self._path:
            return keys
        try:
            keys.load(self._path)
        except FileNotFoundError:
            pass
        except InvalidHostKey:
            raise TransferError("certificate", "sheet.host_keys holds a key that cannot be read") from None
        except (OSError, UnicodeError) as error:
            raise _unusable(error) from None
        return keys


def _name(host: str, port: int) -> str:
    host = host.lower()
    return host if port == SSH_PORT else f"[{host}]:{port}"


def _speaks_of(line: str, name: str) -> bool:
    """Whether a line of the file is about this server only; hashed names included."""
    names = line.split(None, 1)[0] if line.strip() else ""
    if names == name:
        return True
    return names.startswith("|1|") and KnownHosts.hash_host(name, names) == names


def _unusable(error: Exception) -> TransferError:
    return TransferError("certificate", f"sheet.host_keys cannot be used: {getattr(error, 'strerror', '') or 'not text'}")
