# SPDX-License-Identifier: GPL-3.0-or-later
"""What exceptions and answers are told as."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import time
from email.utils import formatdate
from typing import get_args

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from callsheet.adapters.transport import faults

SECRET = "https://u:geheim@h/?k=geheim"


def certificate(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {message}")
    error.verify_message = message
    return error


@pytest.mark.parametrize(("error", "kind", "words"), [
    (socket.gaierror(-2, "Name or service not known"), "unreachable", "DNS"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "unreachable", "refuses"),
    (ConnectionResetError(errno.ECONNRESET, "x"), "unreachable", "broke off"),
    (OSError(errno.ENETUNREACH, "x"), "unreachable", "Network is unreachable"),
    (OSError(errno.EHOSTUNREACH, "x"), "unreachable", "No route to host"),
    (TimeoutError(), "unreachable", "in time"),
    (http.client.RemoteDisconnected(SECRET), "unreachable", "hung up"),
    (http.client.BadStatusLine(SECRET), "other", "HTTP"),
    (http.client.IncompleteRead(b"", 5), "unreachable", "early"),
    (certificate("self-signed certificate"), "certificate", "ca_file"),
    (certificate("certificate is not yet valid"), "certificate", "clock"),
    (certificate("certificate has expired"), "certificate", "renew"),
    (ssl.SSLEOFError(8, "EOF"), "unreachable", "broke off"),
    (UnicodeError(SECRET), "other", "link"),
])
def test_wrapped_as_libraries_do(error: Exception, kind: str, words: str) -> None:
    pool = urllib3.HTTPConnectionPool("h")
    wrapped = [
        error,
        urllib3.exceptions.ProtocolError(SECRET, error),
        requests.ConnectionError(urllib3.exceptions.ProtocolError(SECRET, error)),
        requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, SECRET, error)),
    ]
    for one in wrapped:
        found = faults.of_exception(one, "h")
        assert (found.kind, words in found.reason) == (kind, True), found.reason
        assert "geheim" not in found.reason


def test_connect_time_out() -> None:
    pool = urllib3.HTTPConnectionPool("h")
    error = requests.ConnectTimeout(urllib3.exceptions.ConnectTimeoutError(pool, SECRET))
    found = faults.of_exception(error, "h")
    assert (found.kind, found.temporary, "in time" in found.reason) == ("unreachable", True, True)


@given(status=st.integers(200, 999), asked=st.sampled_from(get_args(faults.Asked)))
def test_every_status_has_a_meaning(status: int, asked: faults.Asked) -> None:
    found = faults.of_status(status, "", asked)
    assert str(status) in found.reason
    assert not (found.temporary and found.of_file)
    if status >= 500 and status not in (501, 505):
        assert found.temporary


@pytest.mark.parametrize(("status", "asked", "words"), [
    (404, "file", "no file at the link"), (404, "upload", "folder for uploads"), (404, "lease", "gives no leases"),
    (405, "upload", "no PUT"), (405, "lease", "gives no leases"), (501, "lease", "gives no leases"),
])
def test_a_refusal_speaks_of_what_was_asked_for(status: int, asked: faults.Asked, words: str) -> None:
    assert words in faults.of_status(status, "", asked).reason


@given(text=st.text(max_size=40))
def test_any_retry_after(text: str) -> None:
    assert faults.seconds(text) >= 0.0
    assert faults.http_date(text) >= 0.0


def test_retry_after() -> None:
    assert faults.seconds("120") == 120.0
    assert 3500 < faults.seconds(formatdate(time.time() + 3600, usegmt=True)) <= 3600
    assert faults.seconds("Mon, 02 Mar 2009 09:00:00 GMT") == 0.0
    assert faults.seconds("soon") == 0.0
    assert faults.http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777.0
