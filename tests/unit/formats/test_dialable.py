# SPDX-License-Identifier: GPL-3.0-or-later
"""What is a number in a sheet, and that nothing else gets into a SIP URI."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.errors import Invalid
from callsheet.formats.numbers import dialable, is_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+493012345678", "+493012345678"),
        ("+112", "+112"),
        ("+123456789012345", "+123456789012345"),
        ("112", "112"),
        ("0301234", "0301234"),
        ("*43#", "*43#"),
        ("+49 (30) 123-456", "+4930123456"),
        ("+49 30 123‑456", "+4930123456"),
        ("+49\u00a030/123.456", "+4930123456"),
        ("\u202a+49 30 123456\u202c", "+4930123456"),
        ("tel:+49-30-123456", "+4930123456"),
        ("TEL:110", "110"),
        ("＋８６ １３８ ００１３ ８０００", "+8613800138000"),
        (" 2001 ", "2001"),
        ("sip:anna@pbx.example.com", "sip:anna@pbx.example.com"),
        ("SIP:anna@pbx.example.com:5070", "sip:anna@pbx.example.com:5070"),
        ("sips:+4930123456@192.0.2.1", "sips:+4930123456@192.0.2.1"),
        ("sip:a%40b@[2001:db8::1]:5061", "sip:a%40b@[2001:db8::1]:5061"),
    ],
)
def test_numbers(text, number) -> None:
    assert dialable(text) == number
    assert dialable(number) == number
    assert is_number(number) is not number.startswith("sip")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no number"),
        ("   ", "no number"),
        ("()", "no number"),
        ("+49 (0)30 123456", "two ways"),
        ("+0301234567", "country"),
        ("+1", "too short"),
        ("+12", "too short"),
        ("+1234567890123456", "too long"),
        ("1" * 33, "too long"),
        ("***", "too short"),
        ("4.93012E+11", "spreadsheet"),
        ("4,93012E+11", "spreadsheet"),
        ("030 CALL ME", "character 4"),
        ("+49301234x12", '"x"'),
        ("+49301234,,12", '","'),
        ("49+30", '"+"'),
        ("１２３四", '"四"'),
        ("sip:", "not a SIP URI"),
        ("sip:pbx.example.com", "not a SIP URI"),
        ("sip:a b@pbx.example.com", "not a SIP URI"),
        ("sip:<a>@pbx.example.com", "not a SIP URI"),
        ("sip:a@pbx.example.com>", "not a SIP URI"),
        ("sip:a:secret@pbx.example.com", "not a SIP URI"),
        ("sip:a@-pbx", "not a SIP URI"),
        ("sip:a@pbx:123456", "not a SIP URI"),
        ("sip:a@pbx\r\nVia: x", "not a SIP URI"),
        ("sip:a@pbx;transport=tcp", "parameters"),
        ("sip:a@pbx?Replaces=1", "parameters"),
        ("sip:" + "a" * 260 + "@pbx", "longer"),
        ('"Anna" <sip:a@pbx>', "cannot be dialled"),
    ],
)
def test_what_is_no_number(text, part) -> None:
    with pytest.raises(Invalid) as caught:
        dialable(text)
    assert part in caught.value.reason
    digits = "".join(re.findall(r"[0-9]{4,}", text))
    assert not digits or digits not in caught.value.reason  # logs name no callee


@given(st.text() | st.text("+0123456789*#()-. sip:@;?<>\"\r\n%"))
def test_nothing_that_passes_can_end_or_extend_a_uri(text) -> None:
    try:
        number = dialable(text)
    except Invalid:
        return
    assert number.isascii()
    assert number.isprintable()
    assert not set(number) & set(' <>;?"\\,' if number.startswith("sip") else ' <>;?"\\,@:%')
