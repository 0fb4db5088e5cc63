# SPDX-License-Identifier: GPL-3.0-or-later
"""What a released image is given so that it finds a handset: all of it from outside, none of it in the image.

A second first root, appended to the image's own, loads the kernel modules that stand for
pins, display, headset and USB before the image's own init runs, as on a board that has
them. A disk brings the test's agent; systemd is told of it by a credential
(systemd-debug-generator(8)).
"""

from __future__ import annotations

import base64
import lzma
import shutil
from collections.abc import Iterator
from pathlib import Path

from bootstrap import say
from image.steps import cpio, crosstree, packages, shelf
from image.steps import kernel as linux
from tests.vm.build.system import GUEST, disk, modules

INIT = b"""#!/bin/busybox sh
while read -r module words; do /bin/busybox insmod "/test/$module" $words; done < /test/order
exec /init
"""
RDINIT = "/test/init"
OURS = {"pi-lines": "", "oled-sim": "chip=ssd1306 hz=400000"}
"""Made for the tests (tests/vm/modules), and what they are told."""
THEIRS = {"virtio_net": "", "snd-aloop": "id=Loopback pcm_substreams=1", "uhid": "", "dummy_hcd": "is_super_speed=0",
          "cdc-acm": "", "softdog": "soft_noboot=1"}
"""Of Debian's kernel: network, headset's sound and buttons, USB cable and the admin's end of it, and a watchdog that only says that it
would bite: an emulator on a busy machine may stand still for its 14 seconds."""
PLACE = "/run/test"
UNIT = f"""[Unit]
DefaultDependencies=no
[Service]
ExecStartPre=/bin/mkdir -p {PLACE}
ExecStartPre=/bin/mount -o ro /dev/vdb {PLACE}
ExecStart=/usr/bin/python3.13 -I -S {PLACE}/guest/agent.py
Environment=PATH={PLACE}/bin:/usr/sbin:/usr/bin LANG=C.UTF-8
OOMScoreAdjust=-1000
"""
EDITION = 1


def words() -> str:
    """For the kernel: they say what is to be started first, and what systemd shall do besides."""
    unit = base64.b64encode(UNIT.encode()).decode()
    return (f"rdinit={RDINIT} systemd.set_credential_binary=systemd.extra-unit.callsheet-test.service:{unit} "
            "systemd.wants=callsheet-test.service")


def appended(first: Path, release: str) -> Path:
    """The image's first root with ours behind it, for the image's kernel. Raises Failed."""
    kernel = linux.kernel()
    if kernel.release != release:
        raise say.Failed(f"the image has Linux {release}, but Debian has {kernel.release} now: build the image anew")
    facts = {"first": shelf.digest([first]), "kernel": kernel.folder.name, "own": modules(kernel).name,
             "modules": [OURS, THEIRS], "init": INIT.decode(), "edition": EDITION}

    def make(folder: Path) -> None:
        files = {RDINIT.strip("/"): INIT}
        rows = []
        for path, said in _modules(kernel):
            files[f"test/{path.name.removesuffix('.xz')}"] = _unpacked(path)
            rows.append(f"{path.name.removesuffix('.xz')} {said}\n")
        files["test/order"] = "".join(rows).encode()
        data = first.read_bytes()
        (folder / "initrd").write_bytes(data + bytes(-len(data) % 4) + cpio.archive(files, (), {}))

    return shelf.kept("image-test-initrd", facts, make) / "initrd"


def tools() -> Path:
    """A disk with the agent, our modules once more, and alsa-utils. Raises Failed."""
    own = modules(linux.kernel())
    debs = packages.resolve(["alsa-utils"], crosstree.TARGET, keep="^alsa-utils$")
    facts = {"agent": shelf.digest([GUEST / "agent.py"]), "own": own.name, "packages": packages.versions(debs),
             "edition": EDITION}

    def make(folder: Path) -> None:
        content, root = folder / "content", folder / "root"
        packages.unpack(debs, root)
        for name in ("guest", "modules", "bin"):
            (content / name).mkdir(parents=True)
        shutil.copy(GUEST / "agent.py", content / "guest")
        for module in own.glob("*.ko"):
            shutil.copy(module, content / "modules")
        for name in ("aplay", "arecord"):
            shutil.copy(root / "usr/bin" / name, content / "bin" / name)
        disk(content, folder / "tools.ext4", label="test")
        shutil.rmtree(content)
        shutil.rmtree(root)

    return shelf.kept("image-test-tools", facts, make) / "tools.ext4"


def _modules(kernel: linux.Kernel) -> Iterator[tuple[Path, str]]:
    """Files in an order in which they can be loaded, and what each is told."""
    said = {name.replace("-", "_"): words for name, words in THEIRS.items()}
    for path in linux.needed(kernel, THEIRS):
        yield path, said.get(path.name.partition(".")[0].replace("-", "_"), "")
    for name, text in OURS.items():
        yield modules(kernel) / f"{name}.ko", text


def _unpacked(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
