# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Debian of the image's release on this machine, with compilers for arm64 and the libraries to link with."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap import debian, say
from bootstrap.source import KEYRING, mirrors

from . import shelf
from .packages import SUITE

TARGET = "arm64"
TRIPLE = "aarch64-linux-gnu"
PYTHON = "python3.13"
"""The release's own."""
POINTS = ("/checkout", "/cache", "/work", "/usr/src")
"""Where folders of this machine can be shown inside."""
TOOLS = ("crossbuild-essential-arm64", "make", "swig", "python3-dev", "python3-setuptools", "bc", "kmod",
         "device-tree-compiler")
EDITION = 1


def wanted() -> list[str]:
    """The packages it is made of: tools that run here, and the SIP stack's libraries for the target."""
    libraries = [name for name in debian.packages("build") if name.endswith("-dev")]
    return [*TOOLS, *(f"{name}:{TARGET}" for name in libraries), f"libpython3-dev:{TARGET}"]


def tree() -> Path:
    """The folder it is in, made if need be (about a minute and a half, 200 MB to fetch). Raises Failed."""
    return shelf.kept("crosstree", {"packages": wanted(), "suite": SUITE, "edition": EDITION}, _make) / "root"


def _make(folder: Path) -> None:
    if os.geteuid() or not shutil.which("mmdebstrap"):
        raise say.Failed("building for the phone's processor needs root and mmdebstrap: apt-get install mmdebstrap")
    say.step(f"make a build tree: Debian {SUITE} with compilers for {TARGET} (a minute and a half)")
    root = folder / "root"
    left_out = [f"path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
    settings = ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"',
                *(f"--dpkgopt={word}" for word in ("force-unsafe-io", *left_out))]
    here = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    say.run(["mmdebstrap", "--mode=root", "--variant=apt", f"--architectures={here},{TARGET}", *settings,
             f"--keyring={KEYRING}", f"--include={','.join(wanted())}", SUITE, root, mirrors()[0]],
            log=shelf.log("crosstree"))
    for point in POINTS:
        (root / point.lstrip("/")).mkdir(exist_ok=True)
    (root / "var/cache/apt").rename(folder / "unwanted")
    shutil.rmtree(folder / "unwanted")


def run(command: Sequence[str | Path], *, log: Path, shown: Mapping[str, Path], cwd: str = "/work",
        env: Mapping[str, str] | None = None) -> None:
    """Run a command inside, where `shown` maps each of POINTS in use to a folder of this machine. Raises Failed.

    The mounts are the command's own and end with it.
    """
    root = tree()
    mounts = "".join(f'mount --bind "{folder}" "{root}{point}" && ' for point, folder in shown.items())
    script = f'{mounts} exec chroot "{root}" sh -c \'cd "$0" && exec "$@"\' "$@"'
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **(env or {})}
    say.run(["unshare", "--mount", "sh", "-ec", script, "sh", cwd, *command], log=log, env=clean)
