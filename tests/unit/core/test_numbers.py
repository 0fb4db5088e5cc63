# SPDX-License-Identifier: GPL-3.0-or-later
"""One spelling per number, its kind, and how the PBX wants it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.core.numbers import canonical, classify_number, dial_string, is_sip_uri, refusal
from callsheet.core.settings import DialRule, NumberSettings

PLAIN = NumberSettings()
PBX = NumberSettings(
    dial_rules=(DialRule("+49", 3, "00"), DialRule("+", 1, "000")), extension_prefixes=("2", "31"),
)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("+49 30 123456", "+4930123456"), ("+49 (0)30 / 1234-56", "+4930123456"), ("0049 30 123456", "+4930123456"),
        ("tel:+49-30-123456;phone-context=x", "+4930123456"), ("sip:+4930123456@pbx.example;user=phone", "+4930123456"),
        ("sip:+49-30-123456@pbx.example", "+4930123456"), ("＋４９３０１２３４５６", "+4930123456"),
        ("٠٣٠١٢٣٤٥٦", "030123456"), ("+49\u00a030\u2011123456", "+4930123456"), ("\u202a+4930123456\u202c", "+4930123456"),
        ("030 123456", "030123456"), ("000", "000"), ("00112", "00112"), ("sip:Bob@PBX.example:5070", "Bob@pbx.example"),
        ("sips:bob@pbx.example", "bob@pbx.example"), ("*31#", "*31#"), ("", ""), ("nonsense!", "nonsense!"),
        ("sip:%2B4930123456@pbx.example", "+4930123456"),
    ],
)  # fmt: skip
def test_canonical(written: str, same: str) -> None:
    assert canonical(written) == same
    assert canonical(same) == same or "@" in same


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+4930123456", "ordinary"), ("030 123456", "ordinary"), ("sip:bob@pbx.example", "ordinary"),
        ("sip:+4930123456@pbx.example:5070;transport=tls", "ordinary"), ("13800138000", "ordinary"),
        ("112", "emergency"), ("911", "emergency"), ("000", "emergency"), ("+49112", "emergency"), ("+1911", "emergency"),
        ("1 1 2", "emergency"), ("１１２", "emergency"), ("tel:110", "emergency"), ("sip:112@pbx.example", "emergency"),
        ("sip:%31%31%32@pbx.example", "emergency"), ("sip:911;phone-context=+1@pbx.example", "emergency"),
        ("urn:service:sos.fire", "emergency"),
        ("+1 900 555 0100", "premium"), ("001900 5550100", "premium"), ("sip:+19005550100@pbx", "premium"),
        ("12345", "short"), ("201", "short"), ("*72030123456", "short"), ("#31#030123456", "short"), ("+12345", "short"),
        ("", "invalid"), ("abc", "invalid"), ("+", "invalid"), ("++49301234567", "invalid"), ("0301234x", "invalid"),
        ("+1234567890123456", "invalid"), ("0" * 33, "invalid"), ("030123,456", "invalid"),
        ("sip:bob", "invalid"), ("sip:bob@pbx.example?Replaces=1", "invalid"), ("sip:bob@pbx\r\nVia: x", "invalid"),
        ("sip:bob@pbx:99999", "invalid"), ("bob@pbx.example", "invalid"), ("<sip:bob@pbx>", "invalid"), ("*", "invalid"),
        ("030123456\r\nX: y", "invalid"),
    ],
)  # fmt: skip
def test_kinds(number: str, kind: str) -> None:
    assert classify_number(number, PLAIN) == kind


@pytest.mark.parametrize("number", ["0112", "00112", "+49112", "+49 110", "000911", "0 112"])
def test_emergency_numbers_behind_an_outside_line(number: str) -> None:
    assert classify_number(number, PBX) == "emergency"


def test_own_extensions_are_no_short_codes() -> None:
    assert classify_number("201", PBX) == "ordinary"
    assert classify_number("3101", PBX) == "ordinary"
    assert classify_number("4101", PBX) == "short"


def test_dial_rules_first_that_fits() -> None:
    assert dial_string("+49 30 123456", PBX) == "0030123456"
    assert dial_string("+33 1 23456789", PBX) == "00033123456789"
    assert dial_string("030 123456", PBX) == "030123456"
    assert dial_string("+49 30 123456", PLAIN) == "+4930123456"
    assert dial_string(" sip:Bob@pbx.example;transport=tcp ", PBX) == "sip:Bob@pbx.example;transport=tcp"


def test_refusal_and_what_settings_allow() -> None:
    assert refusal("+4930123456", PLAIN) is None
    assert [refusal(number, PLAIN) for number in ("112", "+19005550100", "12345", "x")] == [
        "emergency", "premium", "short", "invalid"]
    free = NumberSettings(allow_emergency=True, allow_premium=True, allow_short=True)
    assert [refusal(number, free) for number in ("112", "+19005550100", "12345", "x")] == [None, None, None, "invalid"]


def test_sip_uri() -> None:
    assert is_sip_uri("sip:bob@[2001:db8::1]:5060;transport=tls")
    assert not is_sip_uri("sip:bob@pbx example")
    assert not is_sip_uri("+4930")


@given(st.text(max_size=40))
def test_any_text_has_a_kind_and_one_spelling(text: str) -> None:
    kind = classify_number(text, PBX)
    assert kind in ("ordinary", "emergency", "premium", "short", "invalid")
    if kind == "ordinary" and "@" not in text:
        assert set(dial_string(text, PBX)) <= set("+0123456789")
        assert canonical(canonical(text)) == canonical(text)
