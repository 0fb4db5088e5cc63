# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone comes up with whatever is good in its file."""

from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.settings import Settings, read_settings
from callsheet.formats.settings_tolerant import tolerant

NEWER = b"""
[phone]
id = "desk-7"
hologram = true
[sip]
server = "pbx.example.com"
dscp_sip = 99
[teleport]
target = "moon"
[calls]
retry = {busy = {action = "sing"}}
gap = 2
[network]
ipv4 = "static"
"""


def test_what_is_wrong_is_left_out_and_named() -> None:
    settings, problems = tolerant(NEWER)
    assert (settings.phone.id, settings.sip.server, settings.calls.gap) == ("desk-7", "pbx.example.com", 2.0)
    assert settings.sip.dscp_sip == Settings().sip.dscp_sip
    said = "\n".join(problems)
    for place in ("phone.hologram", "sip.dscp_sip", "teleport", "calls.retry"):
        assert place in said
    assert len(problems) >= 5


def test_a_good_file_is_taken_as_it_is() -> None:
    good = b'[sip]\nserver = "a"\n'
    assert tolerant(good) == (read_settings(good), ())
    assert tolerant(good, b"[calls]\ngap = 3\n")[0].calls.gap == 3.0


def test_a_fault_in_the_fleets_file_is_said_to_be_there() -> None:
    settings, problems = tolerant(b'[sip]\nserver = "a"\n', b"[calls]\ngap = -3\nwrap_up = 9\n")
    assert settings.calls.wrap_up == 9.0 and problems[0].startswith("fleet settings: line 2")


def test_no_toml_is_no_settings() -> None:
    settings, problems = tolerant(b"[sip\nserver=")
    assert settings == Settings() and "line 1" in problems[0]


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: f"[sip]\n{t}\n".encode()))
def test_whatever_is_in_it_the_phone_has_settings(data: bytes) -> None:
    settings, _ = tolerant(data)
    assert isinstance(settings, Settings)
