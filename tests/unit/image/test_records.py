# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes beside an image: bill of materials, licences, lists, sizes; and what an image is named after."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from bootstrap import say
from image.steps import base, build_command, components, keys, records, release, sizes, slot
from image.steps.components import Component

PARTS = [
    Component("own", "callsheet", "0.1.0+abc", ("GPL-3.0-or-later",)),
    Component("debian", "libstdc++6", "14.2.0-19", ("GPL-3+",), "Debian GCC Maintainers", "gcc-14 14.2.0-19", "0" * 64),
    Component("debian", "libssl3t64", "1:3.5.1-1+deb13u1", ("Apache-2.0",), "OpenSSL", "openssl 3.5.1-1", "1" * 64),
    Component("python", "Pillow", "11.0", ("MIT-CMU",)),
]
RELEASE = release.Release("0.1.0", "abc", 1_700_000_000, "development")


def document() -> dict:
    return json.loads(records.bill(RELEASE, PARTS, "callsheet-0.1.0-arm64.img", "f" * 64))


def test_the_bill_has_every_mandatory_field_of_spdx_2_3():
    bill = document()
    assert (bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert bill["creationInfo"]["creators"] and bill["name"] and bill["documentNamespace"].startswith("https://")
    for package in bill["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"])
        assert package["name"] and package["downloadLocation"] and package["filesAnalyzed"] is False
        for sum_ in package.get("checksums", ()):
            assert re.fullmatch("[0-9a-f]{64}", sum_["checksumValue"])
        assert re.match(r"(Person|Organization): |NOASSERTION$", package["supplier"])


def test_the_bill_names_each_part_once_and_says_what_contains_what():
    bill = document()
    names = [package["SPDXID"] for package in bill["packages"]]
    assert len(set(names)) == len(names) == len(PARTS) + 1
    relations = {(row["spdxElementId"], row["relationshipType"], row["relatedSpdxElement"]) for row in bill["relationships"]}
    assert relations == {("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
                         *(("SPDXRef-image", "CONTAINS", name) for name in names[1:])}


@pytest.mark.parametrize(("part", "purl"), [
    (PARTS[1], "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=arm64"),
    (PARTS[2], "pkg:deb/debian/libssl3t64@1%3A3.5.1-1%2Bdeb13u1?arch=arm64"),
    (PARTS[3], "pkg:pypi/pillow@11.0"),
])
def test_package_urls_are_escaped_as_their_specification_says(part, purl):
    assert part.purl == purl


def test_licences_of_debian_are_read_from_its_machine_readable_form():
    text = "Files: *\nLicense: GPL-2+\n text\nFiles: x\nLicense: BSD-3-clause\nLicense:\n nothing\nFiles: y\nLicense: GPL-2+\n"
    assert components.licences(text) == ("BSD-3-clause", "GPL-2+")
    assert components.licences("It is free.\n") == (components.UNKNOWN,)


def test_python_packages_tell_their_licence_in_three_ways(tmp_path):
    for name, row in {"a": "License-Expression: MIT", "b": "Classifier: License :: OSI Approved :: BSD License",
                      "c": "License: LGPL\n  and more", "d": "Summary: nothing"}.items():
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1\n{row}\n")
    assert [one.licences for one in components.python_packages(tmp_path)] == [
        ("MIT",), ("BSD License",), ("LGPL",), (components.UNKNOWN,)]


def test_the_table_of_licences_names_source_packages():
    text = records.licences(PARTS)
    assert "libstdc++6 14.2.0-19 (source: gcc-14 14.2.0-19)\n    GPL-3+\n" in text
    assert text.count("\n    ") == len(PARTS)


def test_lists_differ_by_what_came_went_and_changed():
    before = components.listing(PARTS)
    after = before.replace("Pillow 11.0", "Pillow 12.0").replace("debian libssl3t64 1:3.5.1-1+deb13u1\n", "") + "python new 1\n"
    assert components.difference(before, after) == (
        "- debian libssl3t64 1:3.5.1-1+deb13u1\n+ python new 1\n  python Pillow 11.0 -> 12.0\n")
    assert components.difference(before, before) == "no package has changed\n"


def test_sizes_are_counted_in_blocks_and_by_the_longest_beginning():
    files = [("opt/callsheet/callsheet/core/x.py", 1), ("opt/callsheet/PIL/y.so", 5000), ("usr/lib/python3.13/z", 4096),
             ("usr/lib/other", 1), ("etc/passwd", 10)]
    found = sizes.total(files)
    assert found == {"Python packages": 8192, "the firmware": 4096, "Python": 4096, "programs": 4096, "the rest": 4096}
    assert next(iter(found)) == "Python packages"


def test_hard_links_count_once(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/one").write_bytes(b"x")
    (tmp_path / "etc/two").hardlink_to(tmp_path / "etc/one")
    assert sizes.by_kind(tmp_path) == {"the rest": 4096}


# What it is named after


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    source = tmp_path / "firmware/callsheet/__init__.py"
    source.parent.mkdir(parents=True)
    source.write_text('__version__ = "1.2.3"\n')
    return tmp_path


def git(folder, *words):
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_release_is_named_by_the_last_commit_that_can_change_it(checkout):
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "one")
    first = release.release("release")
    assert (first.version, first.channel) == ("1.2.3", "release") and re.fullmatch("[0-9a-f]{10}", first.commit)
    (checkout / "notes").write_text("x")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "two")
    assert release.release("release") == first
    (checkout / "firmware/callsheet/new.py").write_text("x")
    assert release.release("release").commit == f"{first.commit}+"


def test_without_git_the_date_must_be_said(checkout, monkeypatch):
    with pytest.raises(say.Failed, match="SOURCE_DATE_EPOCH"):
        release.release("release")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert release.release("release").made == 1_700_000_000


def test_contents_change_with_a_link_a_mode_and_a_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(slot, "ROOT", tmp_path)
    folder = tmp_path / "system"
    folder.mkdir()
    (folder / "file").write_text("x")
    (folder / "mask").symlink_to("/dev/null")
    seen = {slot.contents((folder,))}
    (folder / "file").chmod(0o755)
    seen.add(slot.contents((folder,)))
    (folder / "mask").unlink()
    (folder / "mask").symlink_to("/dev/zero")
    seen.add(slot.contents((folder,)))
    (folder / "file").write_text("y")
    seen.add(slot.contents((folder,)))
    assert len(seen) == 4
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").write_text("x")
    assert slot.contents((folder,)) in seen


# Users


def test_users_of_the_system_keep_their_numbers():
    rows = [row.split() for text in (base.USERS, (slot.SYSTEM / "usr/lib/sysusers.d/callsheet.conf").read_text())
            for row in text.splitlines() if row.startswith("u ")]
    numbers = [row[2] for row in rows]
    assert "callsheet" in [row[1] for row in rows]
    assert all(number.isdecimal() for number in numbers) and len(set(numbers)) == len(numbers)


# The command


def test_without_root_it_says_what_is_needed(monkeypatch):
    monkeypatch.setattr(build_command.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(build_command.debian, "missing", lambda names: ["mmdebstrap"])
    monkeypatch.setattr(build_command.debian, "may_install", lambda: False)
    with pytest.raises(say.Failed, match=r"root.*mmdebstrap"):
        build_command.provide()


def test_a_second_build_shares_what_it_does_not_ask_about():
    assert keys.NAME in build_command.SHARED
    assert not [name for name in build_command.SHARED if name.startswith("image-")]
