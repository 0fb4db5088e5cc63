# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged about the image's steps without running them: keys, package lists, locks, archives."""

from __future__ import annotations

import pytest

from bootstrap import say
from image.steps import cpio, packages, shelf, wheels

URIS = """\
Reading package lists...
'http://deb.example/pool/main/k/kmod/kmod_34.2-2_arm64.deb' kmod_34.2-2_arm64.deb 90272 MD5Sum:00
'http://deb.example/pool/main/b/busybox/busybox-static_1.37.0-6+b9_arm64.deb' busybox-static_1%3a1.37.0-6+b9_arm64.deb 8 MD5Sum:01
"""
LOCK = """\
# a comment
msgspec==0.19.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
Pillow==11.0 \\
    --hash=sha256:cc
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSHEET_CACHE", str(tmp_path))


def test_apts_list_gives_names_versions_and_files():
    kmod, busybox = packages.parse_uris(URIS)
    assert (kmod.name, kmod.version, kmod.file) == ("kmod", "34.2-2", "kmod_34.2-2_arm64.deb")
    assert (busybox.name, busybox.version) == ("busybox-static", "1:1.37.0-6+b9")


def test_a_lock_gives_whole_rows_under_canonical_names():
    rows = wheels.locked(LOCK, ["msgspec", "pillow"])
    assert rows["msgspec"].count("--hash") == 2
    assert rows["pillow"].startswith("Pillow==11.0")


def test_a_package_that_is_not_locked_is_named():
    with pytest.raises(say.Failed, match="lacks evdev"):
        wheels.locked(LOCK, ["evdev"])


def test_the_phones_packages_are_there_and_the_managers_are_not():
    names = wheels.closure(wheels._roots())
    assert {"gpiozero", "lgpio", "luma-oled", "msgspec", "smbus2", "pyserial"} <= set(names)
    assert not {"sqlalchemy", "fastapi", "psycopg", "pytest"} & set(names)


def test_a_result_is_made_once_and_kept_by_its_facts():
    made = []

    def make(folder):
        made.append(folder)
        (folder / "result").write_text(str(len(made)))

    first = shelf.kept("step", {"a": 1}, make)
    assert shelf.kept("step", {"a": 1}, make) == first
    assert shelf.kept("step", {"a": 2}, make) != first
    assert len(made) == 2


def test_a_step_that_fails_leaves_nothing():
    def fail(folder):
        (folder / "half").touch()
        raise say.Failed("no")

    with pytest.raises(say.Failed):
        shelf.kept("step", {"a": 1}, fail)
    assert not list((shelf.place() / "step").iterdir())


def test_only_the_latest_results_stay():
    for number in range(shelf.KEPT + 2):
        shelf.kept("step", {"n": number}, lambda folder: (folder / "x").touch())
    assert len(list((shelf.place() / "step").iterdir())) == shelf.KEPT


def test_the_first_root_is_as_the_kernel_reads_it():
    data = cpio.archive({"init": b"#!/bin/sh\n", "bin/busybox": b"\x7fELF"}, ("proc",), {"dev/console": (5, 1)})
    names = {}
    at = 0
    while True:
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, length = fields[1], fields[6], fields[11]
        assert data[at : at + 6] == b"070701" and at % 4 == 0
        name = data[at + 110 : at + 110 + length - 1].decode()
        body = (at + 110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            break
        names[name] = (mode, data[body : body + size], tuple(fields[9:11]))
        at = (body + size + 3) // 4 * 4
    assert names["init"] == (0o100755, b"#!/bin/sh\n", (0, 0))
    assert names["dev/console"] == (0o020600, b"", (5, 1))
    assert names["proc"][0] == names["bin"][0] == 0o040755
    assert list(names).index("bin") < list(names).index("bin/busybox")


@pytest.mark.parametrize(("security", "suites"), [
    ("http://deb.example/security", ["trixie trixie-updates", "trixie-security"]), (None, ["trixie trixie-updates"])])
def test_security_updates_are_asked_for_where_the_machine_has_them_from(monkeypatch, capsys, security, suites):
    monkeypatch.setattr(packages, "mirrors", lambda: ["http://deb.example/debian"])
    monkeypatch.setattr(packages, "security_mirror", lambda: security)
    assert [row for _, row in packages._archive_suites("trixie")] == suites
    assert ("without them" in capsys.readouterr().err) == (security is None)
