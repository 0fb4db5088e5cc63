# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the archive that was recorded, or that Debian's signed index names, is ever built."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from bootstrap import say, source

UPDATE = """\
'http://mirror.example/other/dists/nodistro/InRelease' a 0
'http://mirror.example/debian/dists/bookworm/InRelease' b 0
'http://mirror.example/debian/dists/bookworm-updates/InRelease' c 0
'http://mirror.example/debian-security/dists/bookworm-security/InRelease' d 0
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' e 0
"""
HASHES = {"amr": "33" * 32, "pjproject": "6a" * 32}
URIS = "\n".join(
    f"'http://mirror.example/debian/pool/main/a/asterisk/asterisk_22.1%2bdfsg%2b%7ecs6.17.orig-X{name}.tar.xz'"
    f" asterisk_22.1+dfsg+~cs6.17.orig-X{name}.tar.xz 11276 SHA256:{digest}"
    for name, digest in HASHES.items()
)


def test_mirrors_come_from_apt_with_debian_first_and_security_left_out():
    assert source.parse_mirrors(UPDATE) == ["http://mirror.example/debian", "http://mirror.example/other"]
    assert source.parse_security(UPDATE) == "http://mirror.example/debian-security"
    assert source.parse_security(UPDATE.replace("-security/InRelease", "-updates/InRelease")) is None


def test_signed_index_yields_the_stack_alone_with_its_plain_name():
    found = source.parse_print_uris(URIS, "asterisk")
    assert found == source.Source("asterisk_22.1+dfsg+~cs6.17.orig-Xpjproject.tar.xz", "6a" * 32, "asterisk")


def test_signed_index_without_the_stack_yields_nothing():
    assert source.parse_print_uris(URIS.splitlines()[0], "asterisk") is None


def test_recorded_source_is_complete():
    pinned = source.recorded()
    assert "pjproject" in pinned.file
    assert len(bytes.fromhex(pinned.sha256)) == 32
    assert pinned.version


def test_recording_another_source_round_trips_and_keeps_the_comment(tmp_path, monkeypatch):
    record = tmp_path / "pjproject.toml"
    record.write_text(source.RECORD.read_text())
    monkeypatch.setattr(source, "RECORD", record)
    other = source.Source("other+1~2.tar.xz", "ab" * 32)
    source.write_record(other, "2.18")
    assert source.recorded() == source.Source(other.file, other.sha256, "asterisk", "2.18")
    assert record.read_text().startswith("# SPDX")


def test_wrong_hash_is_refused_and_named(tmp_path):
    archive = tmp_path / "pj.tar.xz"
    archive.write_bytes(b"not the stack")
    with pytest.raises(say.Failed, match=hashlib.sha256(b"not the stack").hexdigest()) as problem:
        source.check(archive, "0" * 64)
    assert problem.value.code == source.EXIT_SOURCE
    source.check(archive, hashlib.sha256(b"not the stack").hexdigest().upper())


def test_download_with_another_hash_is_thrown_away(tmp_path, monkeypatch):
    """A mirror that serves other bytes under the right name gets nothing into the cache."""
    monkeypatch.setenv("CALLSHEET_CACHE", str(tmp_path))
    monkeypatch.setattr(source, "mirrors", lambda: ["http://mirror.example/debian"])

    def serve_other_bytes(command, **_):
        Path(command[-2]).write_bytes(b"something else")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(source.subprocess, "run", serve_other_bytes)
    with pytest.raises(say.Failed, match=r"--signed.*\n.*--source FILE --sha256") as problem:
        source.fetch(source.Source("pj.tar.xz", "0" * 64))
    assert problem.value.code == source.EXIT_SOURCE
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_tampered_cache_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSHEET_CACHE", str(tmp_path))
    monkeypatch.setattr(source, "mirrors", list)
    digest = hashlib.sha256(b"the stack").hexdigest()
    kept = tmp_path / "sources" / digest / "pj.tar.xz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"the stack")
    assert source.fetch(source.Source("pj.tar.xz", digest)) == kept
    kept.write_bytes(b"the stack, altered")
    with pytest.raises(say.Failed):
        source.fetch(source.Source("pj.tar.xz", digest))
