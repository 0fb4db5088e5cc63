# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [network]: what a network can be, and what it cannot."""

import pytest

from callsheet.formats.errors import FormatError
from callsheet.formats.sections import masked
from callsheet.formats.settings import read_settings


@pytest.mark.parametrize("text", [
    "", 'ipv4 = "static"\naddress = "192.0.2.10/24"\ngateway = "192.0.2.1"\ndns = ["192.0.2.1", "2001:db8::1"]',
    'wifi_ssid = "Büro 5"\nwifi_password = "correct horse"\nwifi_country = "DE"', 'vlan = 4094\nhostname = "desk-7"',
    'ntp = ["time.example.com", "192.0.2.9"]',
])
def test_networks_that_can_be(text: str) -> None:
    read_settings(f"[network]\n{text}\n".encode())


@pytest.mark.parametrize(("text", "place"), [
    ('ipv4 = "static"', "address"), ('ipv4 = "static"\naddress = "192.0.2.10"', "address"),
    ('ipv4 = "static"\naddress = "192.0.2.0/24"', "address"), ('ipv4 = "static"\naddress = "here"', "address"),
    ('ipv4 = "static"\naddress = "192.0.2.10/24"\ngateway = "198.51.100.1"', "gateway"),
    ('gateway = "router"', "gateway"), ('dns = ["8.8.8.8", "dns.example"]', "dns[1]"), ('ntp = ["a b"]', "ntp[0]"),
    ("vlan = 4095", "vlan"), ('hostname = "-x"', "hostname"), ('hostname = "a.b"', "hostname"),
    ('wifi_ssid = "x"', "wifi_country"), ('wifi_ssid = "x"\nwifi_country = "de"', "wifi_country"),
    ('wifi_password = "short"', "wifi_password"), ('wifi_password = "pässwort-lang"', "wifi_password"),
    ('wifi_ssid = "' + "é" * 17 + '"\nwifi_country = "DE"', "wifi_ssid"),
])
def test_networks_that_cannot_be(text: str, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_settings(f"[network]\n{text}\n".encode())
    assert f"network.{place}" in str(caught.value)
    assert "short" not in str(caught.value) and "pässwort" not in str(caught.value)


def test_the_wireless_password_is_never_shown() -> None:
    settings = read_settings(b'[network]\nwifi_ssid = "x"\nwifi_country = "DE"\nwifi_password = "correct horse"\n')
    assert "correct" not in repr(settings) + repr(masked(settings))
