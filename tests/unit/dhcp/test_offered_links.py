# SPDX-License-Identifier: GPL-3.0-or-later
"""Where DHCP's links count, and what never goes there."""

from __future__ import annotations

import pytest

from callsheet.adapters.transport.client import Credentials, TransferError
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links
from callsheet.formats.dhcp import Offer
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import SheetSettings, read_settings

OFFER = Offer(sheet="https://dhcp/{agent}/{mac}/{serial}.json", source="160")


def links(offer: Offer, **fields: str) -> Links:
    return Links(SheetSettings(**fields), "b827eb000001", "0001", lambda: offer)  # type: ignore[arg-type]


def test_placeholders_are_filled() -> None:
    assert links(OFFER).sheet("10/1") == "https://dhcp/10%2F1/b827eb000001/0001.json"


def test_the_admins_link_wins() -> None:
    made = links(OFFER, url="http://admin/s/101.json")
    assert made.sheet("101") == "http://admin/s/101.json"
    offer = Offer(sheet=OFFER.sheet, upload="https://dhcp/up/")
    assert links(offer, url="http://admin/s/101.json").folder("101", "") == "http://admin/s/"


@pytest.mark.parametrize(("upload", "named", "setting", "folder"), [
    ("", "", "", "https://dhcp/101/b827eb000001/"),
    ("https://dhcp/up/", "", "", "https://dhcp/up/"),
    ("https://dhcp/up/", "", "http://admin/up/", "http://admin/up/"),
    ("https://dhcp/up/", "http://sheet/up/", "http://admin/up/", "http://sheet/up/"),
])
def test_where_results_go(upload: str, named: str, setting: str, folder: str) -> None:
    assert links(Offer(sheet=OFFER.sheet, upload=upload), upload=setting).folder("101", named) == folder


def test_without_a_link_the_problem_is_told() -> None:
    with pytest.raises(TransferError, match=r"sheet\.url.*DHCP option 66: is empty"):
        links(Offer(problems=("DHCP option 66: is empty",))).sheet("101")
    with pytest.raises(TransferError):
        links(Offer()).folder("101", "")


def test_a_new_link_is_noticed() -> None:
    made = links(OFFER)
    assert not made.moved("101", made.sheet("101"))
    assert made.moved("101", "https://dhcp/old.json") and made.moved("101", "")
    assert not links(Offer()).moved("101", "")


@pytest.mark.parametrize(("offer", "fields", "expected"), [
    (OFFER, {}, Credentials()),
    (Offer(sheet=OFFER.sheet, safe=(OFFER.sheet,)), {}, Credentials("u", "p")),
    (Offer(sheet=OFFER.sheet, safe=(OFFER.sheet,)), {"url": "https://admin/x"}, Credentials()),
])
def test_passwords_go_to_safe_links_only(offer: Offer, fields: dict[str, str], expected: Credentials) -> None:
    made = links(offer, auth="basic", user="u", password="p", **fields)
    assert made.credentials("https://dhcp/101/x.json", "101", Keyring()) == expected


@pytest.mark.parametrize(("text", "place"), [
    ('hosts = ["files.test:80"]', "hosts"), ('hosts = [""]', "hosts"), ('hosts = ["https://x"]', "hosts"),
    ("options = [150]", "options"), ("options = [66, 300]", "options"),
])
def test_settings_are_checked(text: str, place: str) -> None:
    with pytest.raises(FormatError, match=place):
        read_settings(f"[dhcp]\n{text}\n".encode())


def test_settings_are_read() -> None:
    made = read_settings(b'[dhcp]\noptions = [114, 66]\nhosts = ["a.test", "[2001:db8::1]", "10.0.0.1"]\n').dhcp
    assert made.options == (114, 66)
    assert len(made.hosts) == 3
