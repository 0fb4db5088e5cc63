# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's Python packages for its processor, at the versions and hashes of requirements.lock."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

from bootstrap import say
from bootstrap.paths import ROOT, RUNTIME_LOCK

from . import crosstree, pjsua2, shelf

PHONE = ("simulator", "hardware", "console")
"""Extras of pyproject.toml that the phone imports; `manager` is for another machine."""
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
OWN = ("lgpio",)
"""Without a wheel for this processor and Python: the index has only an empty placeholder."""


def site_packages() -> Path:
    """A folder with everything the phone imports beside the standard library. Raises Failed.

    Needs the checkout's environment: its metadata tells what depends on what.
    """
    names = closure(_roots())
    rows = locked(RUNTIME_LOCK.read_text(), names)
    wheel, pins = pjsua2.wheel(), lgpio()
    facts = {"rows": rows, "pjsua2": wheel.parent.name, "lgpio": pins.parent.name, "edition": 1}

    def make(folder: Path) -> None:
        target = folder / "site-packages"
        say.step(f"install {len(names)} Python packages for {crosstree.TRIPLE}")
        with tempfile.TemporaryDirectory() as scratch:
            lock = Path(scratch, "lock")
            lock.write_text("\n".join(row for name, row in rows.items() if name not in OWN))
            platforms = [word for one in PLATFORMS for word in ("--platform", one)]
            _pip("install", "--target", target, *platforms, "--python-version", "3.13", "--implementation", "cp",
                 "--only-binary", ":all:", "--require-hashes", "--no-deps", "--no-compile", "-r", lock)
        for part in (wheel, pins):
            say.run([sys.executable, "-m", "zipfile", "-e", part, target], log=shelf.log("wheels"))

    return shelf.kept("site-packages", facts, make) / "site-packages"


def closure(roots: Iterable[str]) -> list[str]:
    """The packages named and all that they need on the phone, by their canonical names."""
    found: set[str] = set()
    todo = list(roots)
    while todo:
        wish = Requirement(todo.pop())
        name = canonicalize_name(wish.name)
        if name in found:
            continue
        found.add(name)
        where = {"python_version": "3.13", "platform_machine": "aarch64", "sys_platform": "linux", "extra": ""}
        for text in metadata.requires(wish.name) or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({**where, "extra": extra})
                                          for extra in ("", *wish.extras)):
                todo.append(text.partition(";")[0])
    return sorted(found)


def locked(lock: str, names: Iterable[str]) -> dict[str, str]:
    """Those packages' rows of a lock file, with version and hashes. Raises Failed if one is not there."""
    rows: dict[str, str] = {}
    for row in re.split(r"(?<!\\)\n", lock):
        if match := re.match(r"([\w.-]+)==", row):
            rows[canonicalize_name(match[1])] = row
    lost = [name for name in names if name not in rows]
    if lost:
        raise say.Failed(f"requirements.lock lacks {', '.join(lost)}: run scripts/lock")
    return {name: rows[name] for name in names}


def lgpio() -> Path:
    """A wheel of lgpio, cross-compiled from its own source (some seconds). Raises Failed."""
    row = locked(RUNTIME_LOCK.read_text(), ["lgpio"])["lgpio"]
    facts = {"row": row, "tree": crosstree.wanted(), "edition": 1}
    (made,) = shelf.kept("lgpio", facts, lambda folder: _make_lgpio(folder, row)).glob("*.whl")
    return made


def _make_lgpio(folder: Path, row: str) -> None:
    say.step("build lgpio")
    lock = folder / "lock"
    lock.write_text(row + "\n")
    _pip("download", "--no-binary", ":all:", "--no-deps", "--no-build-isolation", "--require-hashes",
         "-d", folder, "-r", lock)
    (archive,) = folder.glob("lgpio-*.tar.gz")
    work = folder / "work"
    with tarfile.open(archive) as source:
        source.extractall(work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # type: ignore[arg-type]
    (top,) = work.iterdir()
    env = {"CC": f"{crosstree.TRIPLE}-gcc", "LDSHARED": f"{crosstree.TRIPLE}-gcc -shared",
           "_PYTHON_HOST_PLATFORM": "linux-aarch64",
           "_PYTHON_SYSCONFIGDATA_NAME": f"_sysconfigdata__{crosstree.TRIPLE}", "PYPI": "1"}
    crosstree.run([crosstree.PYTHON, "setup.py", "-q", "bdist_wheel", "-d", "/work/dist"],
                  log=shelf.log("lgpio"), shown={"/work": top}, env=env)
    (wheel,) = (top / "dist").glob("lgpio-*aarch64.whl")
    if ".so" not in subprocess.check_output([sys.executable, "-m", "zipfile", "-l", wheel], text=True):
        raise say.Failed(f"{wheel} has no library in it: see {shelf.log('lgpio')}")
    wheel.rename(folder / wheel.name)


def _roots() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *(one for extra in PHONE for one in extras[extra])]


def _pip(*words: str | Path) -> None:
    say.run([sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--no-input", *words],
            log=shelf.log("wheels"))
