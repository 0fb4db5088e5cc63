# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option from a real dnsmasq through a real dhcpcd and our hook to a link, or to a problem with a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.formats.dhcp import USUAL, Offer, Source, offer, read_lease
from tests.contract.dhcp.office import INTERFACE, Office


def lease(office: Office) -> dict[int, bytes]:
    return read_lease((office.leases / INTERFACE).read_bytes())


def offered(office: Office, *options: str, order: tuple[Source, ...] = USUAL) -> Offer:
    """What a phone makes of a lease with these options."""
    office.offers(*options)
    office.renew()
    return offer(lease(office), order)


def coded(code: int, data: bytes) -> str:
    """An option with exactly these bytes, as dnsmasq takes them; 66 and 67 it takes as text only."""
    if code not in (66, 67):
        return f"{code},{':'.join(f'{byte:02x}' for byte in data)}"
    text = data.decode()
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\r", "\\r"), ("\n", "\\n"), ("\x1b", "\\e")):
        text = text.replace(character, escape)
    return f'{code},"{text}"'


EACH = {
    "43-suboption": (('vendor:Callsheet,1,"http://h/43.json"',), "http://h/43.json", "43.1"),
    "43-encapsulated-for-all": (('encap:43,1,"http://h/43.json"',), "http://h/43.json", "43.1"),
    "43-bare-url": (('43,"http://h/bare.json"',), "http://h/bare.json", "43.1"),
    "66-url": (('66,"http://h/{agent}/{mac}/{serial}.json"',), "http://h/{agent}/{mac}/{serial}.json", "66"),
    "66-by-name": (('option:tftp-server,"https://h/66.json"',), "https://h/66.json", "66"),
    "67-url": (('option:bootfile-name,"http://h/67.json"',), "http://h/67.json", "67"),
    "66-and-67": (('66,"http://h/sheets/"', '67,"{agent}.json"'), "http://h/sheets/{agent}.json", "67"),
    "160": (('160,"sftp://h/160.json"',), "sftp://h/160.json", "160"),
    "another-makers-43": (('vendor:Otherphone,1,"http://h/other"', '66,"http://h/66.json"'), "http://h/66.json", "66"),
    "114-is-not-taken": (('114,"https://h/portal"',), "", ""),
    "none": ((), "", ""),
}


@pytest.mark.parametrize("case", EACH)
def test_each_option_alone(shared_office: Office, case: str) -> None:
    options, sheet, source = EACH[case]
    made = offered(shared_office, *options)
    assert (made.sheet, made.source, made.problems) == (sheet, source, ())


def test_114_where_the_settings_say_so(shared_office: Office) -> None:
    made = offered(shared_office, '114,"https://h/114.json"', '66,"http://h/66.json"', order=(114, 66))
    assert (made.sheet, made.source) == ("https://h/114.json", "114")


def test_results_and_settings_of_43(shared_office: Office) -> None:
    made = offered(shared_office, 'vendor:Callsheet,1,"http://h/s.json"', 'vendor:Callsheet,2,"ftps://h/up/"',
                   'vendor:Callsheet,3,"https://h/{mac}.toml"')
    assert (made.sheet, made.upload, made.provision) == ("http://h/s.json", "ftps://h/up/", "https://h/{mac}.toml")


def test_precedence(shared_office: Office) -> None:
    options = ['vendor:Callsheet,1,"http://h/43"', '160,"http://h/160"', '67,"http://h/67"', '66,"http://h/66"']
    for source in ("43.1", "160", "67", "66"):
        assert offered(shared_office, *reversed(options), '114,"https://h/114"').source == source
        del options[0]
    assert offered(shared_office, '114,"https://h/114"').sheet == ""


HOSTILE = {
    "tftp": ("tftp://10.0.0.5/phone.cfg", "not a link"),
    "plain-server": ("10.0.0.5", "no link"),
    "file": ("file:///etc/shadow", "not a link"),
    "script": ("javascript:alert(1)", "no link"),
    "credentials": ("http://admin:geheim@h/x", "user or password"),
    "control": ("http://h/x\r\nHost: evil", "not plain text"),
    "newline-key": ("http://h/x\n43=68747470", "not plain text"),
    "escape": ("http://h/\x1b[2J", "not plain text"),
    "command": ("http://h/$(touch${IFS}%s)", "placeholder"),
    "backtick": ("http://h/`touch %s`", "characters"),
    "quotes": ("';touch %s;'", "characters"),
    "not-ascii": ("http://h/\xfc", "not plain text"),
    "nul-inside": ("http://h/a\0b", "not plain text"),
    "placeholder": ("http://h/{owner}.json", "placeholder"),
    "port": ("http://h:70000/", "not a URL"),
    "longest": ("x" * 255, "no link"),
}


@pytest.mark.parametrize(("case", "code"), [
    (case, code) for case in HOSTILE for code in (66, 67, 160) if code == 160 or "\0" not in HOSTILE[case][0]])
def test_hostile_values(shared_office: Office, tmp_path: Path, case: str, code: int) -> None:
    text, reason = HOSTILE[case]
    text = text.replace("%s", str(tmp_path / "p"))
    made = offered(shared_office, coded(code, text.encode()))
    assert lease(shared_office)[code].rstrip(b"\0") == text.encode().rstrip(b"\0")
    assert made.sheet == ""
    assert len(made.problems) == 1
    assert made.problems[0].startswith(f"DHCP option {code}: ") and reason in made.problems[0]
    assert "geheim" not in made.problems[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("data", "problems"), [
    (b"\1\4\xc0\xa8\x03\x0a", 1),  # a wireless controller's address in a sub-option that is ours too
    (b"\xf1\4\x0a\0\0\1", 0),  # one that is not ours
    (b"\1\xffhttp", 1), (b"\1\x0chttp", 1),
])
def test_43_of_another_kind(shared_office: Office, data: bytes, problems: int) -> None:
    made = offered(shared_office, coded(43, data), '66,"http://h/66.json"')
    assert lease(shared_office)[43].startswith(data)
    assert (made.sheet, len(made.problems)) == ("http://h/66.json", problems)


def test_a_bad_option_does_not_hide_a_good_one(shared_office: Office) -> None:
    made = offered(shared_office, '160,"tftp://h/"', '66,"http://h/66.json"')
    assert (made.sheet, len(made.problems)) == ("http://h/66.json", 1)


class TestHeader:
    """Servers that put the file's name into the header's field, as BOOTP did (RFC 2131 §2)."""

    @pytest.mark.parametrize("name", ["http://h/{agent}.json", "{agent}.json"])
    def test_file(self, own_office: Callable[..., Office], name: str) -> None:
        office = own_office('66,"http://h"', dnsmasq=("--dhcp-no-override", f"--dhcp-boot={name}"))
        assert f"bootfile name: {name}" in office.log("dnsmasq.log")
        made = offer(lease(office), USUAL)
        assert (made.sheet, made.source) == ("http://h/{agent}.json", "67")

    def test_hostile(self, own_office: Callable[..., Office], tmp_path: Path) -> None:
        trap = tmp_path / "p"
        hostile = f"$(touch {trap})';touch {trap};'`touch {trap}`"
        office = own_office(dnsmasq=("--dhcp-no-override", f"--dhcp-boot={hostile}"))
        made = offer(lease(office), USUAL)
        assert made.sheet == "" and len(made.problems) == 1
        assert hostile[:20] in lease(office)[67].decode()
        assert not trap.exists()
