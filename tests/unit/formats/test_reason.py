# SPDX-License-Identifier: GPL-3.0-or-later
"""The Reason header: what RFC 3326 allows, and what peers really send."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.core.outcomes import Reason
from callsheet.formats.reason import MAX_TEXT, MAX_VALUES, parse_reason

ok = pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SIP ;cause=200 ;text="Call completed elsewhere"', [Reason("SIP", 200, "Call completed elsewhere")]),
        ('Q.850 ;cause=16 ;text="Terminated"', [Reason("Q.850", 16, "Terminated")]),
        ("Q.850;cause=1", [Reason("Q.850", 1)]),
        ("q.850;CAUSE=21", [Reason("Q.850", 21)]),
        ("Q.850 ; cause = 0", [Reason("Q.850", 0)]),
        ('SIP;cause=486;text="Busy, here; really", Q.850;cause=17',
         [Reason("SIP", 486, "Busy, here; really"), Reason("Q.850", 17)]),
        ("SIP;cause=603\r\nQ.850;cause=21", [Reason("SIP", 603), Reason("Q.850", 21)]),
        ("Q.850;cause=34\r\n ;text=\"no circuit\"", [Reason("Q.850", 34, "no circuit")]),
        ('Q.850;cause=31;text="say \\"no\\" \\\\ end"', [Reason("Q.850", 31, 'say "no" \\ end')]),
        ('preemption ;cause=1 ;text="UA Preemption"', [Reason("preemption", 1, "UA Preemption")]),
        ("Reason: Q.850;cause=1", [Reason("Q.850", 1)]),
        ("Q.850;location=U;cause=17", [Reason("Q.850", 17)]),
        ("Q.850;cause=17;cause=1", [Reason("Q.850", 17)]),
        ("Q.850", [Reason("Q.850")]),
        ('Q.850;cause=1;text="空号"', [Reason("Q.850", 1, "空号")]),
    ],
)

tolerated = pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";;;,,,", []),
        ("<sip:a@b>;cause=1", []),
        ("two words;cause=1, Q.850;cause=1", [Reason("Q.850", 1)]),
        ("Q.850;cause=abc", [Reason("Q.850")]),
        ("Q.850;cause=-1", [Reason("Q.850")]),
        ("Q.850;cause=١", [Reason("Q.850")]),
        ("Q.850;cause=" + "9" * 5000, [Reason("Q.850")]),
        ('Q.850;cause="16"', [Reason("Q.850", 16)]),
        ("Q.850;cause=16;text=Normal call clearing", [Reason("Q.850", 16, "Normal call clearing")]),
        ('Q.850;cause=16;text="never closed, SIP;cause=1', [Reason("Q.850", 16, "never closed, SIP;cause=1")]),
        ('Q.850;text="a\x07\ud800b"', [Reason("Q.850", None, "a b")]),
    ],
)


@ok
def test_what_the_grammar_allows(text: str, expected: list[Reason]) -> None:
    assert parse_reason(text) == tuple(expected)


@tolerated
def test_what_peers_send_nonetheless(text: str, expected: list[Reason]) -> None:
    assert parse_reason(text) == tuple(expected)


def test_length_is_limited() -> None:
    assert len(parse_reason("Q.850;cause=1," * 1000)) == MAX_VALUES
    assert len(parse_reason(f'SIP;text="{"x" * 5000}"')[0].text) == MAX_TEXT


@given(st.text() | st.text(alphabet='Q.850SIP;,="\\ \r\ncausetex123'))
def test_any_text_gives_values_that_can_be_stored(text: str) -> None:
    msgspec.json.encode(parse_reason(text))


@given(
    st.from_regex(r"[A-Za-z0-9.\-]{1,12}", fullmatch=True),
    st.integers(0, 999_999),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40),
)
def test_a_header_that_is_written_is_read_back(protocol: str, cause: int, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    (value,) = parse_reason(f'{protocol} ;cause={cause} ;text="{quoted}"')
    assert (value.protocol.lower(), value.cause, value.text) == (protocol.lower(), cause, text)
