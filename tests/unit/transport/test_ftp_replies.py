# SPDX-License-Identifier: GPL-3.0-or-later
"""What FTP's refusals mean to an agent."""

import ftplib

import pytest

from callsheet.adapters.transport.ftp_replies import of_reply

TEMPORARY, PERMANENT = ftplib.error_temp, ftplib.error_perm


@pytest.mark.parametrize(("error", "doing", "kind", "temporary", "words"), [
    (TEMPORARY("421 Too many users"), "greet", "unreachable", True, "in trouble"),
    (PERMANENT("530 Login incorrect."), "login", "credentials", False, "user or password"),
    (PERMANENT("502 What?"), "secure", "certificate", False, "no TLS"),
    (PERMANENT("550 No such file."), "fetch", "missing", False, "no file"),
    (PERMANENT("550 Permission denied."), "fetch", "credentials", False, "not permit"),
    (PERMANENT("553 Could not create file."), "put", "credentials", False, "not permit"),
    (PERMANENT("552 Exceeded"), "put", "other", True, "disk is full"),
    (TEMPORARY("452 Insufficient"), "put", "other", True, "disk is full"),
    (TEMPORARY("426 No space left on device; aborted"), "put", "other", True, "disk is full"),
    (TEMPORARY("451 Failure writing"), "put", "other", True, "is its disk full?"),
    (PERMANENT("522 SSL connection failed"), "fetch", "certificate", True, "data connection"),
    (PERMANENT("500 Unknown"), "put", "other", False, "lacks a command"),
    (ftplib.error_proto("<html>"), "greet", "other", True, "not answer in FTP"),
])
def test_meaning(error, doing, kind, temporary, words):
    meant = of_reply(error, doing, "files")
    assert (meant.kind, meant.temporary) == (kind, temporary)
    assert words in meant.reason


def test_server_text_is_not_passed_on():
    meant = of_reply(PERMANENT("530 User bob with password hunter2 unknown"), "login", "files")
    assert "hunter2" not in str(meant) and "bob" not in str(meant)
