# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Debian of the image's release on this machine, to run tools of that release in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say
from bootstrap.source import KEYRING, mirrors

from . import shelf
from .packages import SUITE

POINTS = ("/checkout", "/cache", "/work", "/usr/src")
"""Where folders of this machine can be shown inside."""


@dataclass(frozen=True)
class Tree:
    """One: what it is called, what is in it, for which foreign architecture it has libraries."""

    name: str
    packages: tuple[str, ...]
    what: str
    foreign: str = ""
    edition: int = 1

    def path(self) -> Path:
        """The folder it is in, made if need be (about a minute, 200 MB to fetch). Raises Failed."""
        facts = {"packages": list(self.packages), "suite": SUITE, "edition": self.edition}
        return shelf.kept(self.name, facts, self._make) / "root"

    def run(self, command: Sequence[str | Path], *, log: Path, shown: Mapping[str, Path], cwd: str = "/work",
            env: Mapping[str, str] | None = None) -> None:
        """Run a command inside, where `shown` maps each of POINTS in use to a folder of this machine. Raises Failed.

        The mounts are the command's own and end with it.
        """
        root = self.path()
        mounts = "".join(f'mount --bind "{folder}" "{root}{point}" && ' for point, folder in shown.items())
        script = f'{mounts} exec chroot "{root}" sh -c \'cd "$0" && exec "$@"\' "$@"'
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "TZ": "UTC", **(env or {})}
        say.run(["unshare", "--mount", "sh", "-ec", script, "sh", cwd, *command], log=log, env=clean)

    def _make(self, folder: Path) -> None:
        if os.geteuid() or not shutil.which("mmdebstrap"):
            raise say.Failed("building for the phone's processor needs root and mmdebstrap: apt-get install mmdebstrap")
        say.step(f"make a tree of Debian {SUITE} with {self.what} (about a minute)")
        root = folder / "root"
        left_out = [f"path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
        settings = ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"',
                    *(f"--dpkgopt={word}" for word in ("force-unsafe-io", *left_out))]
        here = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
        architectures = ",".join(filter(None, (here, self.foreign)))
        say.run(["mmdebstrap", "--mode=root", "--variant=apt", f"--architectures={architectures}", *settings,
                 f"--keyring={KEYRING}", f"--include={','.join(self.packages)}", SUITE, root, mirrors()[0]],
                log=shelf.log(self.name))
        for point in POINTS:
            (root / point.lstrip("/")).mkdir(exist_ok=True)
        (root / "var/cache/apt").rename(folder / "unwanted")
        shutil.rmtree(folder / "unwanted")
