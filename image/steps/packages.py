# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages of any release and architecture: resolved, fetched and unpacked by this machine's own tools.

apt does the first two with a state of its own, so that neither its lists nor its idea of
what is installed have anything to do with this machine; it checks the archive's signature.
Nothing is configured and nothing of the packages is run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

from bootstrap import say
from bootstrap.source import KEYRING, mirrors, security_mirror

from . import shelf

SUITE = "trixie"
FRESH = 7 * 24 * 3600
"""Seconds for which what the index said is taken as still true; then it is asked again."""
LEFT_OUT = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*",
            "./usr/share/lintian/*", "./usr/share/bash-completion/*")
MERGED = ("bin", "sbin", "lib")
"""Links from / into /usr, which no package of trixie but base-files carries."""


@dataclass(frozen=True)
class Package:
    """One binary package, and its file in the cache."""

    name: str
    version: str
    file: str

    @property
    def path(self) -> Path:
        """Its file."""
        return _archives() / self.file


def resolve(names: list[str], architecture: str, *, suite: str = SUITE, keep: str = "") -> list[Package]:
    """The packages named and all they depend on, fetched; raise Failed.

    Recommended and essential packages are not added. `keep`: only those whose name matches.
    """
    wish = {"names": sorted(names), "architecture": architecture, "suite": suite, "keep": keep, "security": True}
    record = shelf.place() / "index" / f"{shelf.key(wish)}.json"
    with shelf.one_at_a_time("packages"):
        if found := _recorded(record):
            return found
        say.step(f"ask Debian's index ({suite}, {architecture}) for {' '.join(names)}")
        found = _fetch(names, architecture, suite, keep)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
        return found


def versions(packages: list[Package]) -> dict[str, str]:
    """Name -> version, for a step's facts."""
    return {one.name: one.version for one in packages}


def unpack(packages: list[Package], root: Path, *, left_out: tuple[str, ...] = LEFT_OUT) -> None:
    """Lay the packages' files under `root`, without documentation."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    exclude = [f"--exclude={pattern}" for pattern in left_out]
    for one in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", one.path], stdout=subprocess.PIPE) as deb:
            # A package made before the merge still says ./lib: follow the links made above.
            code = subprocess.call(["tar", "-x", "--numeric-owner", "-C", root, "--keep-directory-symlink", *exclude],
                                   stdin=deb.stdout)
        if code or deb.returncode:
            raise say.Failed(f"{one.path} cannot be unpacked; remove it and run again")


def member(package: Package, name: str) -> bytes:
    """One file out of a package, by its name in there (./usr/…). Raises Failed."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package.path], stdout=subprocess.PIPE) as deb:
        tar = subprocess.run(["tar", "-xO", name], stdin=deb.stdout, capture_output=True, check=False)
    if tar.returncode:
        raise say.Failed(f"{package.file} has no {name}: {tar.stderr.decode().strip()}")
    return tar.stdout


def _recorded(record: Path) -> list[Package] | None:
    try:
        if time.time() - record.stat().st_mtime > FRESH:
            return None
        found = [Package(**row) for row in json.loads(record.read_text())]
    except (OSError, ValueError, TypeError):
        return None
    return found if all(one.path.exists() for one in found) else None


def _fetch(names: list[str], architecture: str, suite: str, keep: str) -> list[Package]:
    _archives().mkdir(parents=True, exist_ok=True)
    log = shelf.log("apt")
    with tempfile.TemporaryDirectory() as folder:
        options = _options(Path(folder), architecture, suite)
        say.run(["apt-get", *options, "update", "-q"], log=log)
        command = ["apt-get", *options, "install", "-y", "--print-uris", *names]
        reply = subprocess.run(command, text=True, capture_output=True, check=False)
        if reply.returncode:
            raise say.Failed(f"Debian {suite} {architecture} has no such set: {reply.stderr.strip()}")
        found = [one for one in parse_uris(reply.stdout) if re.search(keep, one.name)]
        lacking = [f"{one.name}={one.version}" for one in found if not one.path.exists()]
        if lacking:
            say.step(f"fetch {len(lacking)} packages")
            # It checks each file against the signed index, and leaves none that is not right.
            say.run(["apt-get", *options, "download", "-q", *lacking], log=log, cwd=_archives())
    return found


def parse_uris(text: str) -> list[Package]:
    """What `apt-get --print-uris` says, in its order."""
    files = re.findall(r"^'[^']+' (\S+_\S+_\S+\.deb) \d+ ", text, re.MULTILINE)
    parts = [(file, file.split("_")) for file in files]
    return [Package(name, unquote(version), file) for file, (name, version, _) in parts]


def _archive_suites(suite: str) -> list[tuple[str, str]]:
    """Where to ask for what. A machine that has no security updates of its own gets none for the image either."""
    security = security_mirror()
    rows = [(mirror, f"{suite} {suite}-updates") for mirror in mirrors()[:1]]
    if security is None:
        say.warn("this machine's apt knows no security updates of Debian: the image will be without them")
        return rows
    return [*rows, (security, f"{suite}-security")]


def _archives() -> Path:
    return shelf.place() / "debs"


def _options(folder: Path, architecture: str, suite: str) -> list[str]:
    for part in ("lists/partial", "archives/partial", "sources"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    if not KEYRING.exists() or not shutil.which("apt-get"):
        raise say.Failed("apt-get and debian-archive-keyring are needed")
    (folder / "sources" / "debian.sources").write_text("".join(
        f"Types: deb\nURIs: {mirror}\nSuites: {suites}\nComponents: main non-free-firmware\n"
        f"Architectures: {architecture}\nSigned-By: {KEYRING}\n\n" for mirror, suites in _archive_suites(suite)))
    settings = {
        "APT::Architecture": architecture, "APT::Architectures": architecture,
        "APT::Install-Recommends": "0", "APT::Sandbox::User": "root",
        "Acquire::Languages": "none", "Acquire::Retries": "3", "Debug::NoLocking": "1",
        "Dir::State::lists": folder / "lists", "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": folder / "sources",
        "Dir::Etc::preferencesparts": "/dev/null",
    }  # fmt: skip
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
