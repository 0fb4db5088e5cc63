# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [network]: what a network can be, and what it cannot."""

import json

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


ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


@pytest.mark.parametrize("key", [ED25519, f"{ED25519} you@desk"])
def test_public_keys_are_taken_as_they_stand_in_their_file(key: str) -> None:
    assert read_settings(f"[network]\nssh_keys = [{json.dumps(key)}]\n".encode()).network.ssh_keys == (key,)


@pytest.mark.parametrize("key", [
    "ssh-ed25519", "ssh-ed25519 AAAA", ED25519.replace("ssh-ed25519", "ssh-rsa", 1), f'command="reboot" {ED25519}',
    "-----BEGIN OPENSSH PRIVATE KEY-----", f"{ED25519}\n{ED25519}", "ssh-dss AAAAB3NzaC1kc3M=",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A",
])
def test_what_is_no_public_key_is_refused(key: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_settings(f"[network]\nssh_keys = [{json.dumps(key)}]\n".encode())
    assert "network.ssh_keys[0]" in str(caught.value)
