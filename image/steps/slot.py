# SPDX-License-Identifier: GPL-3.0-or-later
"""A slot: Debian, the firmware, the image's own files, kernel and first root, as one read-only file system."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrap import say
from bootstrap.paths import ROOT

from . import base, initrd, packages, python, shelf, sizes, tooltree
from .layout import SLOT_A
from .python import HOME
from .release import Release

SYSTEM, UNITS = ROOT / "image/system", ROOT / "image/units"
DHCP = ROOT / "firmware/callsheet/adapters/dhcp/dhcpcd"
START = """\
#!/usr/bin/python3.13 -sP
import sys
sys.path.insert(0, "/opt/callsheet")
from callsheet.cli.main import main
sys.exit(main())
"""
UUID = "ca115ee7-0000-4000-8000-000000000002"
"""Of the slot's file system; both slots bear it, and nothing looks for it."""
ELSEWHERE = ("__pycache__", "manager", "docs")
"""Of the firmware: what runs on other machines than a phone."""
EDITION = 3


@dataclass(frozen=True)
class Slot:
    """A slot's files: its file system, kernel and first root (also in it, in /boot), and what goes on the boot partition."""

    folder: Path
    base: Path
    debs: list[packages.Package]

    @property
    def image(self) -> Path:
        """The ext4 file system."""
        return self.folder / "slot.ext4"

    @property
    def kernel(self) -> Path:
        """As Debian ships it."""
        return self.base / "boot/vmlinuz"

    @property
    def initrd(self) -> Path:
        """The first root."""
        return self.folder / "initrd.img"


def slot(release: Release, keyring: Path) -> Slot:
    """Make it if need be; `keyring`: certificates (PEM) that updates must be signed under. Raises Failed."""
    debs = base.debs()
    below = base.base(debs)
    (modules,) = (below / "root/usr/lib/modules").iterdir()
    first, site = initrd.initrd(modules.name), python.site()
    facts = {"release": asdict(release), "keyring": keyring.read_text(), "base": below.name, "site": site.parents[1].name,
             "initrd": first.parent.name, "ours": ours(),
             "tools": tooltree.TREE.packages, "start": START, "edition": EDITION}

    def make(folder: Path) -> None:
        root = folder / "root"
        say.step("lay out the slot")
        subprocess.run(["cp", "-a", below / "root", root], check=True)
        _firmware(root, site)
        _ours(root, release, keyring)
        (root / "boot").mkdir(exist_ok=True)
        shutil.copy(below / "boot/vmlinuz.gz", root / "boot/vmlinuz")
        shutil.copy(first, root / "boot/initrd.img")
        shutil.copy(first, folder / "initrd.img")
        say.step("byte-compile the firmware")
        python.compile_in(root, f"{HOME}/callsheet")
        _write(folder, release.made)
        (folder / "sizes.json").write_text(json.dumps(sizes.by_kind(root), indent=1) + "\n")
        shutil.rmtree(root)

    return Slot(shelf.kept("image-slot", facts, make), below, debs)


def ours() -> str:
    """A hash of what the checkout puts into a slot."""
    return contents((ROOT / "firmware/callsheet", SYSTEM, UNITS))


def contents(folders: tuple[Path, ...]) -> str:
    """A hash of all that git would know of in these folders: names, modes, contents, and where links lead."""
    rows: list[list[str | int]] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(ROOT))
            if path.is_symlink():
                rows.append([name, str(path.readlink())])
            elif path.is_file() and "__pycache__" not in path.parts:
                rows.append([name, path.stat().st_mode & 0o111, shelf.digest([path])])
    return shelf.key({"rows": rows})


def _firmware(root: Path, site: Path) -> None:
    home = root / HOME
    shutil.copytree(site, home, symlinks=True)
    shutil.copytree(ROOT / "firmware/callsheet", home / "callsheet", ignore=shutil.ignore_patterns(*ELSEWHERE))
    start = root / "usr/bin/callsheet"
    start.write_text(START)
    start.chmod(0o755)
    _modes(home / "callsheet", home / "callsheet")


def _modes(source: Path, target: Path) -> None:
    """A checkout's modes depend on who made it: keep only what git keeps."""
    for path in (source, *source.rglob("*")):
        copy = target / path.relative_to(source)
        if copy.exists() and not copy.is_symlink():
            copy.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _ours(root: Path, release: Release, keyring: Path) -> None:
    subprocess.run(["cp", "-a", "--no-preserve=ownership", f"{SYSTEM}/.", root], check=True)
    _modes(SYSTEM, root)
    for unit in sorted(UNITS.iterdir()):
        shutil.copyfile(unit, root / "usr/lib/systemd/system" / unit.name)
    shutil.copy(DHCP / "90-callsheet", root / "usr/lib/dhcpcd/dhcpcd-hooks/90-callsheet")
    with (root / "etc/dhcpcd.conf").open("a") as file:
        file.write((DHCP / "dhcpcd.conf").read_text())
    (root / "etc/rauc").mkdir(parents=True, exist_ok=True)
    shutil.copy(keyring, root / "etc/rauc/keyring.pem")
    (root / "usr/lib/callsheet").mkdir(parents=True, exist_ok=True)
    (root / "usr/lib/callsheet/release.json").write_text(release.text)
    with (root / "usr/lib/os-release").open("a") as file:
        file.write(f'IMAGE_ID=callsheet\nIMAGE_VERSION="{release.version}"\n')
    for command in (["systemd-sysusers", "--root", "/work"], ["systemctl", "--root", "/work", "preset-all"],
                    ["systemctl", "--root", "/work", "set-default", "multi-user.target"]):
        tooltree.run(command, log=shelf.log("image"), shown={"/work": root}, env=base.DATED)
    # The first root puts memory there, and systemd-tmpfiles makes its folders at every start.
    shutil.rmtree(root / "var")
    (root / "var").mkdir()


def _write(folder: Path, made: int) -> None:
    """The same files give the same bytes: sorted, with one time, with nothing drawn by chance."""
    say.step("write the slot's file system")
    image = folder / "slot.ext4"
    with image.open("wb") as file:
        file.truncate(SLOT_A.size << 20)
    pack = f"tar --sort=name --mtime=@{made} --numeric-owner --format=gnu -C /work/root -cf - ."
    write = (f"mke2fs -q -t ext4 -b 4096 -L {SLOT_A.label} -U {UUID} -O ^has_journal,^orphan_file -m 0 "
             f"-E hash_seed={UUID},root_owner=0:0,lazy_itable_init=0,nodiscard -d - /work/slot.ext4")
    tooltree.run(["bash", "-o", "pipefail", "-c", f"{pack} | {write}"], log=shelf.log("image"), shown={"/work": folder},
                 env={"SOURCE_DATE_EPOCH": str(made)})
