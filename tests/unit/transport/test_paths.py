# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of URLs on servers that are not on the web."""

import pytest

from callsheet.adapters.transport.client import TransferError
from callsheet.adapters.transport.paths import ftp_path, ssh_path, within


@pytest.mark.parametrize(("url", "path"), [
    ("ftp://h/a/b.json", "a/b.json"),
    ("ftp://h/%2Fsrv/a", "/srv/a"),
    ("ftp://h", ""),
    ("ftp://h/a%20b", "a b"),
])
def test_ftp_begins_at_login(url, path):
    assert ftp_path(url) == path


@pytest.mark.parametrize(("url", "path"), [
    ("sftp://h/a/b.json", "/a/b.json"),
    ("scp://h/~/a", "./a"),
    ("scp://h/~x/a", "/~x/a"),
    ("sftp://h", "/"),
])
def test_ssh_begins_at_root(url, path):
    assert ssh_path(url) == path


@pytest.mark.parametrize("bad", ["%0D%0ADELE%20x", "%00", "%1B"])
def test_control_characters_are_refused(bad):
    for read in (ftp_path, ssh_path):
        with pytest.raises(TransferError):
            read("x://h/" + bad)


def test_within():
    assert [within(folder, "n") for folder in ("", "a", "a/", "/")] == ["n", "a/n", "a/n", "/n"]
