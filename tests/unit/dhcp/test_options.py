# SPDX-License-Identifier: GPL-3.0-or-later
"""From a lease's bytes to links, whatever the bytes are."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.dhcp import (
    FILE,
    MAGIC,
    MAX_LEASE,
    MAX_LINK,
    NO_PORTAL,
    PHONES,
    PORTAL,
    SERVER,
    USUAL,
    VENDOR,
    link,
    offer,
    read_lease,
    suboptions,
)
from callsheet.formats.errors import Invalid

EVERY = (VENDOR, PHONES, FILE, SERVER, PORTAL)


def tlv(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((code, len(value))) + value for code, value in pairs)


def url(name: str) -> bytes:
    return f"http://files.test/{name}.json".encode()


class TestEachOption:
    @pytest.mark.parametrize(("options", "sheet", "source"), [
        ({VENDOR: tlv((1, url("a")))}, "http://files.test/a.json", "43.1"),
        ({VENDOR: b"\0\0" + tlv((200, b"x"), (1, url("a"))) + b"\xffrest"}, "http://files.test/a.json", "43.1"),
        ({VENDOR: url("a")}, "http://files.test/a.json", "43.1"),
        ({PHONES: url("b")}, "http://files.test/b.json", "160"),
        ({FILE: url("c")}, "http://files.test/c.json", "67"),
        ({SERVER: url("d")}, "http://files.test/d.json", "66"),
        ({SERVER: url("d") + b"\0\0"}, "http://files.test/d.json", "66"),
        ({SERVER: b"HTTPS://h/{agent}/{mac}/{serial}"}, "HTTPS://h/{agent}/{mac}/{serial}", "66"),
        ({SERVER: b"sftp://h/x"}, "sftp://h/x", "66"),
        ({SERVER: b"http://[2001:db8::1]:8080/x"}, "http://[2001:db8::1]:8080/x", "66"),
        ({}, "", ""),
    ])
    def test_alone(self, options: dict[int, bytes], sheet: str, source: str) -> None:
        made = offer(options, USUAL)
        assert (made.sheet, made.source, made.problems) == (sheet, source, ())

    @pytest.mark.parametrize(("server", "name", "sheet", "source"), [
        (b"http://h/sheets/", b"{agent}.json", "http://h/sheets/{agent}.json", "67"),
        (b"http://h", b"101.json\0", "http://h/101.json", "67"),
        (b"http://h/", b"101.json", "http://h/101.json", "67"),
        (b"http://h/whole.json", b"pxelinux.0", "http://h/whole.json", "66"),
        (b"http://h/?f=/", b"101.json", "http://h/?f=/", "66"),
        (b"http://h/s/", b"../x.json", "http://h/s/", "66"),
        (b"http://h/s/", b"//evil/x.json", "http://h/s/", "66"),
        (b"http://h/s/", b"..", "http://h/s/", "66"),
        (b"http://h/s/", b"https://h/x.json", "https://h/x.json", "67"),
    ])
    def test_a_file_and_its_server(self, server: bytes, name: bytes, sheet: str, source: str) -> None:
        made = offer({SERVER: server, FILE: name}, USUAL)
        assert (made.sheet, made.source) == (sheet, source)

    def test_results_and_settings(self) -> None:
        made = offer({VENDOR: tlv((2, b"ftps://h/up/"), (3, b"https://h/{mac}.toml")), SERVER: url("d")}, USUAL)
        assert (made.sheet, made.upload, made.provision) == (
            "http://files.test/d.json", "ftps://h/up/", "https://h/{mac}.toml")


class TestPrecedence:
    def test_the_usual_order(self) -> None:
        options = {VENDOR: tlv((1, url("a"))), PHONES: url("b"), FILE: url("c"), SERVER: url("d"), PORTAL: url("e")}
        for code, name in ((VENDOR, "a"), (PHONES, "b"), (FILE, "c"), (SERVER, "d")):
            assert offer(options, USUAL).sheet == f"http://files.test/{name}.json"
            del options[code]
        assert offer(options, USUAL).sheet == ""

    def test_the_settings_decide(self) -> None:
        options = {VENDOR: tlv((1, url("a"))), PHONES: url("b"), PORTAL: url("e")}
        assert offer(options, (PORTAL, PHONES)).source == "114"
        assert offer(options, (SERVER, PHONES)).source == "160"
        assert offer(options, ()).sheet == ""

    def test_a_bad_one_is_named_and_the_next_one_counts(self) -> None:
        made = offer({PHONES: b"javascript:alert(1)", SERVER: url("d")}, USUAL)
        assert (made.sheet, made.source) == ("http://files.test/d.json", "66")
        assert len(made.problems) == 1 and made.problems[0].startswith("DHCP option 160: ")

    def test_no_captive_portal_is_no_problem(self) -> None:
        assert offer({PORTAL: NO_PORTAL}, EVERY).problems == ()


@pytest.mark.parametrize(("value", "reason"), [
    (b"", "empty"),
    (b"\0", "empty"),
    (b"10.0.0.1", "no link"),
    (b"pxelinux.0", "no link"),
    (b"tftp://h/x", "not a link"),
    (b"file:///etc/passwd", "not a link"),
    (b"javascript:alert(1)", "no link"),
    (b"http://", "not a link"),
    (b"http:///x", "not a link"),
    (b"http://[::1", "not a URL"),
    (b"http://h:99999/x", "not a URL"),
    (b"http://h/x\r\nX-Evil: 1", "not plain text"),
    (b"http://h/\x1b[2J", "not plain text"),
    (b"http://h/\xe9", "not plain text"),
    (b"http://h/a\0b", "not plain text"),
    (b"http://h/$(reboot) x", "characters"),
    (b"http://h/`reboot`", "characters"),
    (b"http://h\\evil/x", "characters"),
    (b"http://h/\"x", "characters"),
    (b"http://user:geheim@h/x", "user or password"),
    (b"http://geheim@h/x", "user or password"),
    (b"tftp://user:geheim@h", "user or password"),
    (b"http://h/{owner}", "placeholder"),
    (b"http://h/{agent", "brace"),
    (b"http://h/" + b"x" * MAX_LINK, "longer"),
])
def test_hostile_values_are_refused_with_a_reason(value: bytes, reason: str) -> None:
    made = offer({PHONES: value}, USUAL)
    assert made.sheet == ""
    assert len(made.problems) == 1
    assert made.problems[0].startswith("DHCP option 160: ") and reason in made.problems[0]
    assert "geheim" not in made.problems[0]
    assert made.problems[0].isprintable()


class TestHosts:
    hosts = ("files.test", "[2001:db8::1]")

    @pytest.mark.parametrize(("value", "taken", "safe"), [
        (b"https://files.test/x", True, True),
        (b"https://FILES.test:8443/x", True, True),
        (b"https://files.test./x", True, True),
        (b"https://[2001:db8::1]/x", True, True),
        (b"sftp://files.test/x", True, True),
        (b"http://files.test/x", True, False),
        (b"ftp://files.test/x", True, False),
        (b"https://files.test.evil/x", False, False),
        (b"https://evil/files.test", False, False),
        (b"https://{agent}/x", False, False),
    ])
    def test_only_these(self, value: bytes, taken: bool, safe: bool) -> None:
        made = offer({PHONES: value}, USUAL, self.hosts)
        assert bool(made.sheet) is taken
        assert bool(made.safe) is safe
        assert ("dhcp.hosts" in "".join(made.problems)) is not taken

    def test_without_hosts_nothing_is_safe(self) -> None:
        assert offer({PHONES: b"https://files.test/x"}, USUAL).safe == ()


class TestSuboptions:
    def test_read(self) -> None:
        assert suboptions(b"\0" + tlv((1, b"a"), (2, b"")) + b"\0\xff\1") == {1: b"a", 2: b""}

    @pytest.mark.parametrize("data", [b"\1", b"\1\2a", tlv((1, b"a"), (1, b"b")), b"http"])
    def test_broken(self, data: bytes) -> None:
        with pytest.raises(Invalid):
            suboptions(data)

    def test_another_makers_binary_is_a_problem_not_a_link(self) -> None:
        made = offer({VENDOR: bytes.fromhex("0104c0a8030a"), SERVER: url("d")}, USUAL)
        assert made.source == "66"
        assert made.problems[0].startswith("DHCP option 43.1: ")


class TestLeaseFile:
    def test_read(self) -> None:
        assert read_lease(MAGIC + b"\n43=0100\n160=\n") == {43: b"\1\0", 160: b""}

    def test_an_option_goes_before_the_headers_field(self) -> None:
        assert read_lease(MAGIC + b"\n67=61\nfile=62\n") == {67: b"a"}
        assert read_lease(MAGIC + b"\nfile=62\n66=63\n") == {67: b"b", 66: b"c"}

    @pytest.mark.parametrize("data", [
        b"", MAGIC, b"callsheet-dhcp 2\n", MAGIC + b"\n43=01", MAGIC + b"\n43=0\n", MAGIC + b"\n43=0x\n",
        MAGIC + b"\n\n", MAGIC + b"\n43 = 01\n", MAGIC + b"\n043=01\n", MAGIC + b"\nname=01\n",
        MAGIC + b"\n43=" + b"00" * MAX_LEASE + b"\n",
    ])
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(Invalid):
            read_lease(data)


TEXT = st.text(st.characters(max_codepoint=0xFF), max_size=40).map(lambda text: text.encode("latin-1"))
SCHEMES = st.sampled_from((b"", b"http://", b"https://h/", b"sftp://[", b"HTTP://u:p@", b"ftp://h\\"))
VALUES = st.one_of(st.binary(max_size=300), st.builds(bytes.__add__, SCHEMES, TEXT))


@given(options=st.dictionaries(st.sampled_from(EVERY), VALUES), order=st.permutations(EVERY),
       hosts=st.sampled_from(((), ("h",))))
def test_any_bytes_give_a_sound_link_or_a_printable_problem(options, order, hosts) -> None:
    made = offer(options, order, hosts)
    for one in (made.sheet, made.upload, made.provision):
        if one:
            parts = urlsplit(one)
            assert parts.scheme in ("http", "https", "ftp", "ftps", "ftpes", "sftp", "scp")
            assert parts.username is None and "@" not in one and "\\" not in one
            assert one.isascii() and one.isprintable() and " " not in one and len(one) <= MAX_LINK
            assert not hosts or parts.hostname == "h"
    assert bool(made.sheet) == bool(made.source)
    for problem in made.problems:
        assert problem.isprintable() and len(problem) < 400


@given(data=st.binary(max_size=400))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    for content in (data, MAGIC + b"\n" + data):
        with suppress(Invalid):
            assert all(0 < code < 1000 for code in read_lease(content))


@given(options=st.dictionaries(st.integers(1, 254), st.binary(max_size=300)))
def test_what_the_hook_writes_is_read(options: dict[int, bytes]) -> None:
    text = MAGIC + b"\n" + b"".join(b"%d=%s\n" % (code, value.hex().encode()) for code, value in options.items())
    assert read_lease(text) == options


@given(pairs=st.dictionaries(st.integers(1, 254), st.binary(max_size=255)))
def test_suboptions_round_trip(pairs: dict[int, bytes]) -> None:
    assert suboptions(tlv(*pairs.items()) + b"\xff") == pairs


@given(data=VALUES)
def test_a_link_is_a_fixed_point(data: bytes) -> None:
    try:
        found = link(data)
    except Invalid:
        return
    assert link(found.encode()) == found
