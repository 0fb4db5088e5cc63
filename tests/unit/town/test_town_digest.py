# SPDX-License-Identifier: GPL-3.0-or-later
"""Digest authentication against the RFC's own figures, and the registrar's judgement of credentials."""

import pytest

from callsheet.simulator.town.digest import Verifier, digest_response, parse_credentials


def test_the_example_of_rfc_2617_section_3_5():
    assert digest_response(
        "Mufasa", "testrealm@host.com", "Circle Of Life", "GET", "/dir/index.html",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093", "auth", "00000001", "0a4f113b",
    ) == "6629fae49393a05397450978507c4ef1"  # fmt: skip


def credentials(verifier, password="secret", nc="00000001", nonce=None, qop="auth", user="101"):
    challenge = parse_credentials(verifier.challenge())
    nonce = nonce or challenge["nonce"]
    response = digest_response(
        user, "town", password, "REGISTER", "sip:town", nonce, qop, nc if qop else "", "c" if qop else ""
    )
    extra = f', qop={qop}, nc={nc}, cnonce="c"' if qop else ""
    return (
        f'Digest username="{user}", realm="town", nonce="{nonce}", uri="sip:town", response="{response}", algorithm=MD5{extra}',
        nonce,
    )


@pytest.fixture
def verifier():
    return Verifier("town", {"101": "secret"})


@pytest.mark.parametrize("qop", ["auth", ""])
def test_right_credentials(verifier, qop):
    assert verifier.check(credentials(verifier, qop=qop)[0], "REGISTER") == "ok"


@pytest.mark.parametrize("wrong", [{"password": "other"}, {"user": "102"}])
def test_wrong_credentials(verifier, wrong):
    assert verifier.check(credentials(verifier, **wrong)[0], "REGISTER") == "wrong"


def test_credentials_are_for_one_method(verifier):
    assert verifier.check(credentials(verifier)[0], "INVITE") == "wrong"


def test_a_nonce_count_that_does_not_rise_is_stale(verifier):
    first, nonce = credentials(verifier)
    assert verifier.check(first, "REGISTER") == "ok"
    assert verifier.check(first, "REGISTER") == "stale"
    assert verifier.check(credentials(verifier, nc="00000002", nonce=nonce)[0], "REGISTER") == "ok"


def test_a_nonce_of_somebody_else_is_stale(verifier):
    assert verifier.check(credentials(verifier, nonce="1-2-3")[0], "REGISTER") == "stale"


@pytest.mark.parametrize("header", ["", "Basic dXNlcg==", 'Digest realm="other", username="101"', "Digest"])
def test_what_is_not_for_our_realm(verifier, header):
    assert verifier.check(header, "REGISTER") == "none"
