# SPDX-License-Identifier: GPL-3.0-or-later
"""Section [network] of the settings, as the files that dhcpcd, wpa_supplicant, timesyncd and sshd read."""

from __future__ import annotations

from msgspec import Struct

from callsheet.formats.network import NetworkSettings

WIRED, WIRELESS = "eth0", "wlan0"


class Files(Struct, frozen=True):
    """What goes where, by path below the root directory."""

    texts: dict[str, str]
    secret: frozenset[str]
    """Paths that only root may read."""


DHCPCD, WPA, TIMESYNC, HOSTNAME, VLAN, SSH = (
    "etc/dhcpcd.conf.d/callsheet.conf", "etc/wpa_supplicant/wpa_supplicant-wlan0.conf",
    "etc/systemd/timesyncd.conf.d/callsheet.conf", "etc/hostname", "etc/callsheet/vlan",
    "etc/callsheet/ssh_keys",
)


def files(network: NetworkSettings, mac: str) -> Files:
    """The files for these settings; `mac` gives the host name where none is set."""
    texts = {
        DHCPCD: _dhcpcd(network),
        WPA: _wpa(network),
        TIMESYNC: f"[Time]\nNTP={' '.join(network.ntp)}\n" if network.ntp else "",
        HOSTNAME: f"{network.hostname or f'callsheet-{mac[-6:]}'}\n",
        VLAN: f"{network.vlan}\n" if network.vlan else "",
        SSH: "".join(f"{key}\n" for key in network.ssh_keys),
    }
    return Files(texts, frozenset({WPA}))


def _dhcpcd(network: NetworkSettings) -> str:
    """dhcpcd.conf(5). Wired goes before wireless by dhcpcd's own metrics."""
    if network.ipv4 == "dhcp":
        lines = [f"static domain_name_servers={' '.join(network.dns)}"] if network.dns else []
        return "".join(f"{line}\n" for line in lines)
    wired = f"{WIRED}.{network.vlan}" if network.vlan else WIRED
    lines = [f"interface {WIRELESS if network.wifi_ssid else wired}", f"static ip_address={network.address}"]
    if network.gateway:
        lines.append(f"static routers={network.gateway}")
    if network.dns:
        lines.append(f"static domain_name_servers={' '.join(network.dns)}")
    return "".join(f"{line}\n" for line in lines)


def _wpa(network: NetworkSettings) -> str:
    """wpa_supplicant.conf(5). The name goes in as hexadecimal digits: nothing in it can be read as anything else."""
    if not network.wifi_ssid:
        return ""
    lines = [f"country={network.wifi_country}", "ctrl_interface=DIR=/run/wpa_supplicant", "update_config=0", "network={",
             f"    ssid={network.wifi_ssid.encode().hex()}"]
    if network.wifi_password:
        # A quoted passphrase ends at the last quotation mark of the line, so one inside does no harm.
        lines += [f'    psk="{network.wifi_password}"', "    key_mgmt=WPA-PSK SAE", "    ieee80211w=1"]
    else:
        lines.append("    key_mgmt=NONE")
    return "\n".join([*lines, "}", ""])
