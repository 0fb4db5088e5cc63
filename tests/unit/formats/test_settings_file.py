# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings file: faults with their place in the TOML text, and secrets that stay secret."""

from datetime import date, time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsheet.core.outcomes import Outcome
from callsheet.formats.errors import FormatError
from callsheet.formats.sections import MASK, masked
from callsheet.formats.settings import Settings, read_settings

WHOLE = """
# A phone in Berlin
[phone]
id = "desk-7"
language = "zh"
zone = "Europe/Berlin"

[sheet]
url = "https://files.example.com/{agent}/sheet.json"
auth = "basic"
user = "phone7"
password = "sesame"
token = "tok"

[calls]
gap = 3
ring_timeout = 25.5
retry.busy = {action = "retry", after = 600}

[calls.rules]
holidays = [2026-12-25, "2026-12-26"]
hours = [
    {days = ["mon", "tue"], start = "09:00", end = 20:00:00},
]

[[numbers.dial_rules]]
prefix = "+49"
strip = 3
prepend = "00"

[sip]
server = "pbx.example.com:5061"
transport = "tls"
password = "open"
codecs = ["opus", "PCMA"]
"""


def read(text):
    return read_settings(text.encode(), "phone.toml")


def test_a_whole_file() -> None:
    found = read(WHOLE)
    assert found.phone.id == "desk-7"
    assert found.calls.retry[Outcome.BUSY].after == 600
    assert found.calls.rules.holidays == (date(2026, 12, 25), date(2026, 12, 26))
    assert (found.calls.rules.hours[0].start, found.calls.rules.hours[0].end) == (time(9), time(20))
    assert found.numbers.dial_rules[0].prepend == "00"
    assert found.sip.codecs == ("opus", "PCMA")
    assert read("") == Settings()


def test_secrets_are_never_shown() -> None:
    found = read(WHOLE + '\n[simulator]\npin = "1234"\n')
    for shown in (repr(found), str(found), repr(found.sip), repr(found.sheet), repr(masked(found)), f"{found.simulator}"):
        assert not any(secret in shown for secret in ("sesame", "open", "'tok'", "1234"))
        assert MASK in shown
    assert found.sip.password == "open"
    assert masked(Settings()).sip.password == ""


def test_a_password_in_a_link_is_a_secret_too() -> None:
    found = read('[sheet]\nurl = "ftp://anna:sesame@h/{agent}.csv"\nupload = "sftp://h/in"\n')
    assert masked(found).sheet.url == f"ftp://anna:{MASK}@h/{{agent}}.csv"
    assert masked(found).sheet.upload == "sftp://h/in"
    assert "sesame" not in repr(found)


@pytest.mark.parametrize(
    ("text", "line", "column", "place", "part"),
    [
        ("[sheet]\nurll = 1", 2, 1, "sheet.urll", 'did you mean "url"?'),
        ("[shet]\n", 1, 2, "shet", 'did you mean "sheet"?'),
        ("# x\n[sip]\n  user = 5", 3, 3, "sip.user", "expected text, got a whole number"),
        ("[sip]\ntransport = \"tsl\"", 2, 1, "sip.transport", 'did you mean "tls"?'),
        ("sip.transport = \"tsl\"", 1, 5, "sip.transport", 'did you mean "tls"?'),
        ("[sip]\ncodecs = [\n  \"opus\",\n  \"G72\",\n]\n", 2, 1, "sip.codecs[1]", 'did you mean "G722"?'),
        ("[sip]\nlocal_port = 70000", 2, 1, "sip.local_port", "<= 65535"),
        ("[sip]\nserver = \"a b\"", 2, 1, "sip.server", "host"),
        ("[sip]\nserver = \"a:70000\"", 2, 1, "sip.server", "host"),
        ("[sip]\nuser = \"sip:a@b\"", 2, 1, "sip.user", "user part"),
        ("[sip]\nretry_min = 5\nretry_max = 1", 3, 1, "sip.retry_max", "less than"),
        ("[calls]\ngap = nan", 2, 1, "calls.gap", "reasonable"),
        ("[calls]\ngap = inf", 2, 1, "calls.gap", "reasonable"),
        ("[calls]\nzone = \"Mars\"", 2, 1, "calls.zone", "time zone"),
        ("[calls.retry.busy]\naction = \"retry\"\nafter = -1", 3, 1, "calls.retry.busy.after", ">= 0"),
        ("[calls]\nretry = {busi = {action = \"retry\"}}", 2, 10, "calls.retry.busi", 'did you mean "busy"?'),
        ("[[numbers.dial_rules]]\nprefix = \"1\"\n[[numbers.dial_rules]]\nprefx = \"2\"", 4, 1,
         "numbers.dial_rules[1].prefx", '"prefix"'),
        ("[sheet]\nurl = \"http://h/{agnt}\"", 2, 1, "sheet.url", 'did you mean "agent"?'),
        ("[sheet]\nurl = \"gopher://h/\"", 2, 1, "sheet.url", "not a link"),
        ("[sheet]\nupload = \"http://\"", 2, 1, "sheet.upload", "not a link"),
        ("[sheet]\nauth = \"bearer\"", 2, 1, "sheet.auth", "token"),
        ("[phone]\nid = \"\"", 2, 1, "phone.id", "empty"),
        ("[phone]\nid = \"a\\u001bb\"", 2, 1, "phone.id", "control"),
        ("[simulator]\nlisten = \"nowhere at all\"", 2, 1, "simulator.listen", "host"),
        ("[calls.rules]\nhours = [{days = [], start = \"09:00\", end = \"10:00\"}]", 2, 11, "calls.rules.hours[0].days",
         "no days"),
        ("[sip]\nuser = ", 2, 8, "", "not valid TOML"),
        ("[sip]\nuser = \"a", 2, 10, "", "not valid TOML"),
        ("a = " + "[" * 50_000, 0, 0, "", "nested"),
        ("a = 1\na = 2", 2, 6, "", "not valid TOML"),
    ],
)
def test_faults_have_their_place(text, line, column, place, part) -> None:
    with pytest.raises(FormatError) as caught:
        read(text)
    error = caught.value
    assert (error.place, error.line, error.column) == (place, line, column)
    assert part in f"{error.reason} {error.remedy}"
    assert str(error).startswith("phone.toml: ")


def test_bytes_that_are_no_text_are_named() -> None:
    with pytest.raises(FormatError) as caught:
        read_settings(b"[sip]\nuser = \"\xe9\"", "x.toml")
    assert (caught.value.line, caught.value.file) == (2, "x.toml")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_damaged_settings_are_read_or_refused(data) -> None:
    body = bytearray(WHOLE.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        body[start:start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"=", b'"', b"9"]))
    try:
        read_settings(bytes(body))
    except FormatError as error:
        refusal = error
    else:
        return
    assert "\n" not in str(refusal)
    assert "sesame" not in str(refusal)
    assert refusal.line <= body.count(b"\n") + 1 + body.count(b"\r")
