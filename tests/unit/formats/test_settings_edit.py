# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings one by one: what an admin types, and a file of which one line changes."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.sections import MASK
from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.settings_edit import (
    as_text,
    catalogue,
    described,
    differences,
    exported,
    value_from,
    value_of,
    with_value,
    without_value,
)

FILE = """# our desk phone
[sip]
server = "pbx.example.com"  # the old one
password = "sesame"

[sheet]
url = "https://u:sesame@files.example.com/{agent}.json"
"""


@pytest.mark.parametrize(("name", "typed", "value"), [
    ("sheet.url", "https://a.example/{agent}.csv", "https://a.example/{agent}.csv"),
    ("sheet.url", '"https://a.example/x"', "https://a.example/x"),
    ("sheet.poll", "60", 60),
    ("calls.gap", "2.5", 2.5),
    ("sip.register", "off", False),
    ("phone.auto_ready", "TRUE", True),
    ("sip.codecs", "PCMU, opus", ["PCMU", "opus"]),
    ("sip.codecs", '["PCMA"]', ["PCMA"]),
    ("dhcp.options", "66,43", [66, 43]),
    ("phone.language", "zh", "zh"),
    ("calls.retry", '{"busy": {"action": "retry", "after": 60}}', {"busy": {"action": "retry", "after": 60}}),
])
def test_what_is_typed_becomes_a_value_that_the_file_takes(name: str, typed: str, value: object) -> None:
    assert value_from(name, typed) == value
    settings = read_settings(with_value("", name, value_from(name, typed)).encode())
    assert value_of(settings, name) != described(name).default


@pytest.mark.parametrize(("name", "typed", "reason", "remedy"), [
    ("sheet.poll", "soon", '"soon" does not fit', "expected number, 5 to"),
    ("sip.dscp_sip", "1.5", '"1.5" does not fit', "whole number"),
    ("phone.language", "fr", "none of the choices", "expected en or zh"),
    ("sip.register", "perhaps", "does not fit", "true / false"),
    ("sheet.uri", "x", 'unknown setting "sheet.uri"', 'did you mean "sheet.url"?'),
    ("sheet", "x", "is a section", "sheet.url"),
])
def test_what_does_not_fit_is_refused_with_what_was_expected(name: str, typed: str, reason: str, remedy: str) -> None:
    with pytest.raises(Invalid) as caught:
        value_from(name, typed)
    assert reason in caught.value.reason and remedy in caught.value.remedy


def test_one_setting_changes_and_the_rest_of_the_file_stays() -> None:
    changed = with_value(FILE, "sip.server", "new.example.com")
    assert changed == FILE.replace("pbx.example.com", "new.example.com")
    assert without_value(with_value(FILE, "calls.gap", 3), "calls.gap").startswith(FILE.rstrip("\n"))
    assert "password" not in without_value(FILE, "sip.password")


def test_a_file_with_a_fault_is_not_touched() -> None:
    with pytest.raises(FormatError) as caught:
        with_value("[sip]\nserver = \n", "sip.user", "7")
    assert caught.value.line == 2


def test_differences_name_no_secret() -> None:
    old = read_settings(FILE.encode())
    new = read_settings(FILE.replace("sesame", "mellon").replace("pbx", "tel").encode())
    found = {name: (before, after) for name, before, after in differences(old, new)}
    assert found.keys() == {"sip.server", "sip.password", "sheet.url"}
    assert found["sip.password"] == (MASK, MASK)
    assert "sesame" not in repr(found) and "mellon" not in repr(found)


def test_an_export_holds_secrets_only_when_asked() -> None:
    settings = read_settings(FILE.encode())
    assert read_settings(exported(settings, secrets=True).encode()) == settings
    public = exported(settings, secrets=False)
    assert "sesame" not in public and "password is set" in public and "url holds a password" in public
    assert read_settings(public.encode()).sip.server == "pbx.example.com"


def test_every_setting_has_a_kind_and_a_default_that_its_own_text_gives_back() -> None:
    for name, one in catalogue().items():
        assert one.kind and one.name == name
        text = as_text(one.default)
        if text and not one.choices:
            assert msgspec.to_builtins(value_from(name, text)) == msgspec.json.decode(msgspec.json.encode(one.default))


@given(st.sampled_from(sorted(catalogue())), st.text(max_size=40))
def test_nothing_typed_breaks_anything(name: str, typed: str) -> None:
    with suppress(Invalid, FormatError):
        assert isinstance(read_settings(with_value(FILE, name, value_from(name, typed)).encode()), Settings)
