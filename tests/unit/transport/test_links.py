# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URL, whose credentials, and what of a URL may be read by people."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.adapters.transport.client import Credentials, TransferError
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links, bare, inside, masked
from callsheet.adapters.transport.redirects import target, trusted
from callsheet.formats.settings import SheetSettings


def links(**fields: str) -> Links:
    return Links(SheetSettings(**fields), "b827eb000001", "0001")  # type: ignore[arg-type]


@pytest.mark.parametrize(("fields", "named", "folder"), [
    ({"url": "http://a/s/101.json"}, "", "http://a/s/"),
    ({"url": "http://a/101.json?x=/y"}, "", "http://a/"),
    ({"url": "http://a"}, "", "http://a/"),
    ({"url": "http://u:p@a:81/s/"}, "", "http://u:p@a:81/s/"),
    ({"url": "http://a/{agent}/sheet.json"}, "", "http://a/10%2F1/"),
    ({"url": "http://a/x", "upload": "http://b/{mac}"}, "", "http://b/b827eb000001"),
    ({"url": "http://a/x", "upload": "http://b/u"}, "http://c/{serial}", "http://c/0001"),
])
def test_folder(fields: dict[str, str], named: str, folder: str) -> None:
    assert links(**fields).folder("10/1", named) == folder


@pytest.mark.parametrize(("folder", "url"), [
    ("http://a", "http://a/n%20%23.json"), ("http://a/", "http://a/n%20%23.json"),
    ("http://a/b", "http://a/b/n%20%23.json"), ("http://a/b/?k=v", "http://a/b/n%20%23.json?k=v"),
])
def test_inside(folder: str, url: str) -> None:
    assert inside(folder, "n #.json") == url


@given(name=st.text(min_size=1).filter(lambda name: name.isprintable()))
def test_a_name_never_leaves_its_folder(name: str) -> None:
    path = urlsplit(inside("http://a/up/", name)).path
    assert path.startswith("/up/")
    assert path.count("/") == 2
    assert unquote(path.removeprefix("/up/")) == name


@pytest.mark.parametrize("missing", ["{agent}", "{mac}", "{serial}", "{other}", "{"])
def test_unknown_places_are_an_error(missing: str) -> None:
    with pytest.raises(TransferError):
        Links(SheetSettings(url=f"http://a/{missing}")).sheet("")


def test_nothing_secret_in_a_masked_url() -> None:
    url = "https://user:geheim@[::1]:8443/p/101.json?key=geheim#geheim"
    assert masked(url) == "https://[::1]:8443/p/101.json?…"
    assert bare(url) == "https://[::1]:8443/p/101.json?key=geheim"


class TestCredentials:
    ours = "https://files.test/{agent}.json"

    def who(self, url: str, **fields: str) -> Credentials:
        keyring = Keyring()
        keyring.sign_in("101", "1234")
        return links(url=self.ours, **fields).credentials(url, "101", keyring)

    @pytest.mark.parametrize(("auth", "expected"), [
        ("none", Credentials()), ("basic", Credentials("u", "p")), ("bearer", Credentials(token="t")),
        ("agent-pin", Credentials("101", "1234")),
    ])
    def test_kinds(self, auth: str, expected: Credentials) -> None:
        assert self.who("https://files.test/up/", auth=auth, user="u", password="p", token="t") == expected

    @pytest.mark.parametrize("url", [
        "http://files.test/up/", "https://files.test:444/", "https://evil.test/", "https://files.test.evil.test/",
        "https://files.test@evil.test/", "ftp://files.test/",
    ])
    def test_not_for_others(self, url: str) -> None:
        who = self.who(url, auth="basic", user="u", password="geheim")
        assert "geheim" not in (who.password, who.token)

    def test_for_the_configured_upload_too(self) -> None:
        assert self.who("https://up.test/x", auth="basic", user="u", upload="https://up.test/").user == "u"

    def test_the_links_own(self) -> None:
        assert self.who("https://a%40b:c%3Ad@evil.test/", auth="basic", user="u") == Credentials("a@b", "c:d")

    def test_no_pin_no_try(self) -> None:
        with pytest.raises(TransferError) as caught:
            links(url=self.ours, auth="agent-pin").credentials("https://files.test/", "102", Keyring())
        assert caught.value.kind == "credentials"
        assert "102" in caught.value.reason


class TestKeyring:
    def test_kept_while_here_and_while_something_waits(self) -> None:
        keyring = Keyring()
        keyring.sign_in("101", "1")
        assert keyring.leaving() == set()
        keyring.sign_out()
        assert keyring.leaving() == {"101"}
        assert keyring.pin("101") == "1"
        keyring.forget(keyring.leaving() - {"101"})
        assert keyring.pin("101") == "1"
        keyring.forget(keyring.leaving())
        assert keyring.pin("101") == ""

    def test_back_in_time(self) -> None:
        keyring = Keyring()
        keyring.sign_in("101", "1")
        keyring.sign_out()
        leaving = keyring.leaving()
        keyring.sign_in("101", "2")
        keyring.forget(leaving)
        assert keyring.pin("101") == "2"

    def test_restored_session_without_pin_keeps_a_known_one(self) -> None:
        keyring = Keyring()
        keyring.sign_in("101", "1")
        keyring.sign_in("101", "")
        assert keyring.pin("101") == "1"


@pytest.mark.parametrize(("url", "location", "to"), [
    ("http://a/b/c", "d", "http://a/b/d"), ("http://a/b/c", "/d?e#f", "http://a/d?e"),
    ("https://a/b", "//x:1/y", "https://x:1/y"), ("http://a/", "https://u:p@[::1]/", "https://[::1]/"),
])
def test_redirect_target(url: str, location: str, to: str) -> None:
    assert target(url, location) == to


@pytest.mark.parametrize(("ours", "theirs", "yes"), [
    ("http://a/x", "http://A/y", True), ("http://a/", "http://a:80/", True), ("http://a/", "https://a/", True),
    ("http://a/", "https://a:8443/", False), ("https://a/", "http://a/", False), ("http://a:81/", "https://a/", False),
    ("http://a/", "http://a./", True), ("http://a/", "http://b/", False),
    ("ftp://a/", "ftpes://a/", True), ("ftp://a/", "ftps://a/", True), ("ftpes://a/", "ftp://a/", False),
    ("ftps://a/", "ftp://a/", False), ("ftp://a:2121/", "ftpes://a:2121/", False), ("ftp://a/", "ftp://a:21/", True),
    ("sftp://a/", "scp://a:22/", True), ("sftp://a/", "sftp://a:2222/", False), ("sftp://a/", "ftps://a/", False),
])
def test_trusted(ours: str, theirs: str, yes: bool) -> None:
    assert trusted(ours, theirs) is yes


@given(location=st.text(max_size=60))
def test_any_location_is_followed_to_the_web_or_refused(location: str) -> None:
    try:
        to = target("https://a/b", location)
    except TransferError:
        return
    parts = urlsplit(to)
    assert parts.scheme == "https"
    assert parts.hostname
    assert "@" not in parts.netloc


def test_ssh_key_goes_only_to_servers_of_the_settings() -> None:
    settings = SheetSettings(url="sftp://files/{agent}.json", auth="key", user="phone", ssh_key="key", password="phrase")
    ours = Links(settings).credentials("scp://files/up/", "101", Keyring())
    assert (ours.user, ours.key_file, ours.password) == ("phone", "key", "phrase")
    named = Links(settings).credentials("sftp://bob@files/up/", "101", Keyring())
    assert (named.user, named.key_file) == ("bob", "key")
    assert Links(settings).credentials("sftp://elsewhere/up/", "101", Keyring()) == Credentials()
    assert Links(settings).credentials("sftp://bob@elsewhere/up/", "101", Keyring()) == Credentials("bob")
    assert "phrase" not in repr(ours)
