# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [network] of the settings, and what must hold in it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, ip_address
from typing import Annotated, Literal

from msgspec import Meta

from callsheet.formats.errors import Invalid
from callsheet.formats.sections import Section

# RFC 1123 §2.1: letters, digits and hyphens, none at the ends.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAME = re.compile(rf"{_LABEL.pattern}(?:\.{_LABEL.pattern})*")
# RFC 4253 §6.6, RFC 5656, RFC 8709 and OpenSSH's PROTOCOL.u2f: those that OpenSSH still takes.
_KEY = re.compile(r"((?:sk-)?ssh-ed25519(?:@openssh\.com)?|ssh-rsa|(?:sk-)?ecdsa-sha2-nistp(?:256|384|521)(?:@openssh\.com)?)"
                  r" ([A-Za-z0-9+/]+={0,2})(?: [ -~]*)?")


class NetworkSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[network]: how the phone reaches the network; taken over by the system where it is an appliance."""

    hostname: str = ""
    """Empty: callsheet- and the last six digits of the MAC address."""
    ipv4: Literal["dhcp", "static"] = "dhcp"
    """Address by DHCP, or set here."""
    address: str = ""
    """With ipv4 "static": address and length of the prefix, such as 192.0.2.10/24."""
    gateway: str = ""
    """With ipv4 "static": the way out of the network."""
    dns: tuple[str, ...] = ()
    """Name servers; empty: those of DHCP."""
    ntp: tuple[str, ...] = ()
    """Time servers; empty: those of DHCP, else Debian's pool."""
    vlan: Annotated[int, Meta(ge=0, le=4094)] = 0
    """Tag of the voice network on the wire (IEEE 802.1Q); 0: untagged."""
    wifi_ssid: str = ""
    """Name of the wireless network; empty: wireless is off."""
    wifi_password: str = ""
    """Of a WPA2 or WPA3 network: 8 to 63 characters; empty: an open network."""
    wifi_country: str = ""
    """Two letters (ISO 3166-1): which channels the law allows. Needed with wifi_ssid."""
    ssh_keys: tuple[str, ...] = ()
    """Public keys, each as a line of an .pub file, of whoever may log in by SSH as root; empty: SSH is off."""


def network_checks(network: NetworkSettings) -> Iterator[tuple[str, Callable[[], object]]]:
    """Checks by the name of the setting they are about; each raises Invalid."""
    yield "hostname", lambda: _name(network.hostname, _LABEL, 'a host name has letters, digits and hyphens: "desk-7"')
    yield "address", lambda: _address(network)
    yield "gateway", lambda: _gateway(network)
    yield "dns", lambda: _each(network.dns, _is_address)
    yield "ntp", lambda: _each(network.ntp, _server)
    yield "wifi_ssid", lambda: _ssid(network.wifi_ssid)
    yield "wifi_password", lambda: _wifi_password(network)
    yield "wifi_country", lambda: _country(network)
    yield "ssh_keys", lambda: _each(network.ssh_keys, _public_key)


def _name(text: str, pattern: re.Pattern[str], remedy: str) -> None:
    if text and not pattern.fullmatch(text):
        raise Invalid("not a host name", remedy=remedy)


def _address(network: NetworkSettings) -> None:
    if network.ipv4 == "dhcp":
        return
    if not network.address:
        raise Invalid('ipv4 "static" needs an address', remedy="set network.address, such as 192.0.2.10/24")
    try:
        found = IPv4Interface(network.address)
    except ValueError:
        raise Invalid("not an address with its prefix", remedy="write 192.0.2.10/24") from None
    if "/" not in network.address or (found.ip == found.network.network_address and found.network.prefixlen < 31):
        raise Invalid("not the address of a host", remedy="write address and length of the prefix: 192.0.2.10/24")


def _gateway(network: NetworkSettings) -> None:
    if not network.gateway:
        return
    try:
        gateway = IPv4Address(network.gateway)
    except AddressValueError:
        raise Invalid("not an IPv4 address", remedy="write 192.0.2.1") from None
    if network.ipv4 == "static" and network.address:
        try:
            inside = gateway in IPv4Interface(network.address).network
        except ValueError:
            return  # said of the address already
        if not inside:
            raise Invalid(f"not in the network of {network.address}")


def _each(texts: tuple[str, ...], check: Callable[[str], None]) -> None:
    for index, text in enumerate(texts):
        try:
            check(text)
        except Invalid as fault:
            raise fault.under(index) from None


def _is_address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        raise Invalid("not an IP address", remedy="write 192.0.2.1") from None


def _server(text: str) -> None:
    try:
        _is_address(text)
    except Invalid:
        if not _NAME.fullmatch(text):
            raise Invalid("not a server's name or address", remedy='write "time.example.com"') from None


def _ssid(ssid: str) -> None:
    """IEEE 802.11-2020 §9.4.2.2: at most 32 octets."""
    if len(ssid.encode()) > 32 or not ssid.isprintable():
        raise Invalid("a wireless network's name has at most 32 bytes, all printable")


def _wifi_password(network: NetworkSettings) -> None:
    """IEEE 802.11-2020 annex J.4: a passphrase is 8 to 63 characters of ASCII."""
    text = network.wifi_password
    if text and not (8 <= len(text) <= 63 and text.isascii() and text.isprintable()):
        raise Invalid("a wireless password has 8 to 63 characters of ASCII")


def _country(network: NetworkSettings) -> None:
    if network.wifi_country and not re.fullmatch(r"[A-Z]{2}", network.wifi_country):
        raise Invalid("not a country", remedy="write two capital letters, such as DE")
    if network.wifi_ssid and not network.wifi_country:
        raise Invalid("wireless needs its country", remedy="set network.wifi_country to two capital letters, such as DE")


def _public_key(text: str) -> None:
    """A line of authorized_keys without options; the name of its kind is inside it too (RFC 4253 §6.6)."""
    remedy = "write the line of the .pub file: ssh-ed25519 AAAA… name"
    if "PRIVATE KEY" in text:
        raise Invalid("a private key: it stays where it is", remedy=remedy)
    match = _KEY.fullmatch(text)
    try:
        blob = base64.b64decode(match[2], validate=True) if match else b""
    except binascii.Error:
        blob = b""
    if match is None or not blob.startswith(len(match[1]).to_bytes(4, "big") + match[1].encode()):
        raise Invalid("not an SSH public key", remedy=remedy)
