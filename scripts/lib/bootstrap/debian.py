# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages: which are needed, which are here, and getting them as root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import say
from .paths import LIB, cache_dir

PACKAGE_LIST = LIB / "debian-packages"
POLICY = Path("/usr/sbin/policy-rc.d")


def packages(group: str, text: str | None = None) -> list[str]:
    """Return the package names of one group of `debian-packages`, in file order."""
    lines = (PACKAGE_LIST.read_text() if text is None else text).splitlines()
    rows = (line.split(maxsplit=2) for line in lines if line.strip() and not line.startswith("#"))
    return [row[1] for row in rows if row[0] == group]


def have_apt() -> bool:
    """Tell whether this machine is managed by apt and dpkg."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-query"))


def may_install() -> bool:
    """Tell whether packages can be installed: root, on a machine with apt."""
    return os.geteuid() == 0 and have_apt()


def installed(names: Iterable[str]) -> dict[str, str]:
    """Return name -> version of those packages that are installed."""
    wanted = list(names)
    if not wanted or not shutil.which("dpkg-query"):
        return {}
    form = "${db:Status-Abbrev}\t${Package}\t${Version}\n"
    reply = subprocess.run(
        ["dpkg-query", "-W", "-f", form, *wanted], text=True, capture_output=True, check=False
    )
    rows = (line.split("\t") for line in reply.stdout.splitlines())
    return {name: version for state, name, version in rows if state.strip() == "ii"}


def missing(names: Iterable[str]) -> list[str]:
    """Return those packages that are not installed."""
    wanted = list(names)
    here = installed(wanted)
    return [name for name in wanted if name not in here]


def install(names: list[str]) -> None:
    """Install packages by apt-get, without starting the services they bring; raise Failed."""
    say.step(f"apt-get install {' '.join(names)}")
    log = cache_dir() / "log" / "apt.log"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
    with _services_left_alone():
        try:
            say.run(command, log=log, env=env)
        except say.Failed:
            # A fresh machine has no package lists yet, or stale ones.
            say.step("apt-get update, then once more")
            say.run(["apt-get", "update", "-q"], log=log, env=env)
            say.run(command, log=log, env=env)


@contextmanager
def _services_left_alone() -> Iterator[None]:
    """Keep fresh packages from starting their daemons on this machine's ports.

    Debian Policy 9.3.3.2: maintainer scripts ask policy-rc.d, where 101 means "do not".
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
