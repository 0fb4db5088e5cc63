# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's settings file (TOML): every setting, its type, default and unit; how it is read and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from callsheet.core.model import Seconds
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits
from callsheet.formats.dhcp import USUAL, Source
from callsheet.formats.errors import Invalid, check_each
from callsheet.formats.header import check_link, check_rules, with_whole_times
from callsheet.formats.moments import zone
from callsheet.formats.network import NetworkSettings, network_checks
from callsheet.formats.sections import Section, read_sections
from callsheet.formats.settings_moves import moved
from callsheet.formats.texts import check_name
from callsheet.formats.typed import typed

Port = Annotated[int, Meta(ge=0, le=65535)]
LEAST_PASSWORD = 8
"""Characters of the console's password."""
Codec = Literal["opus", "G722", "PCMU", "PCMA"]

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")


class SheetSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[sheet]: where call sheets come from and where results go."""

    url: str = ""
    """May contain {agent}, {mac} and {serial}."""
    upload: str = ""
    """URL of a folder; empty: as the sheet says, else beside the sheet."""
    auth: Literal["none", "basic", "bearer", "agent-pin", "key"] = "none"
    """basic: user and password, whatever the protocol; bearer: http and https only; agent-pin: the agent's number
    and PIN; key: user and SSH key, sftp and scp only."""
    user: str = ""
    """For auth "basic" and "key"."""
    password: str = ""
    """For auth "basic", or the passphrase of the SSH key."""
    token: str = ""
    """For auth "bearer"."""
    ca_file: str = ""
    """A private CA's certificate (PEM), trusted beside the system's own for this server."""
    ssh_key: str = ""
    """File with the private key (OpenSSH or PEM) for auth "key"; `password` then is its passphrase."""
    host_keys: str = ""
    """File with the accepted keys of SSH servers (known_hosts); empty: `host_keys` in the data directory."""
    poll: Annotated[float, Meta(ge=5)] = 300.0
    """Seconds between looks for a revised sheet; ± 20 % jitter."""
    connect_timeout: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds until a server that does not answer is given up."""
    read_timeout: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds without a byte until a transfer is given up."""
    total_timeout: Annotated[float, Meta(gt=0)] = 300.0
    """Seconds a transfer may take in all."""
    max_bytes: Annotated[int, Meta(ge=1024)] = 64 * 1024 * 1024
    """Size of the largest sheet that is fetched."""
    bad_rows: Literal["reject", "skip"] = "reject"
    """A bad row rejects the sheet, or is reported and skipped."""
    retry_min: Seconds = 5.0
    """Seconds before the first new try of an upload that failed; doubled each time."""
    retry_max: Seconds = 600.0
    """Seconds between tries at the most."""
    lease: Annotated[float, Meta(ge=10, le=86400)] = 36_000.0
    """Seconds for which a phone may dial without hearing from the server that the sheet is still its own."""
    lease_mode: Literal["auto", "required", "off"] = "auto"
    """Two phones of one agent: auto: one of them dials, wherever the server lets files be read and rewritten;
    required: without that nothing is dialled; off: nobody looks."""
    status_records: bool = True
    """Each change of the agent's work status (signed in, ready, paused and why, signed out) goes beside the results,
    as a file of its own."""


class SipSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[sip]: the account and how it is reached."""

    server: str = ""
    """host or host:port of the registrar and outbound proxy."""
    fallback: str = ""
    """A second one, used while the first does not answer."""
    domain: str = ""
    """Empty: the server's host."""
    user: str = ""
    """The account's name."""
    auth_user: str = ""
    """Name for the password, where it differs from `user`."""
    password: str = ""
    """Of the account."""
    display_name: str = ""
    """Shown to callees, if their network passes it on."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    """How SIP is carried; tls also encrypts it."""
    srtp: Literal["off", "optional", "required"] = "off"
    """Encryption of the voice (SDES, RFC 4568): off, where the far side can, or nothing without."""
    register: bool = True
    """False: the server takes calls without registration; the account counts as registered."""
    register_expires: Annotated[int, Meta(ge=10)] = 300
    """Seconds a registration lasts; it is renewed well before."""
    retry_min: Seconds = 5.0
    """Seconds before the first new try of a registration that failed; doubled each time."""
    retry_max: Seconds = 30.0
    """Seconds between tries at the most."""
    codecs: tuple[Codec, ...] = ("opus", "G722", "PCMU", "PCMA")
    """In order of preference; those the build lacks are left out."""
    local_address: str = ""
    """Address to bind to; empty: all."""
    local_port: Port = 0
    """UDP or TCP port of SIP; 0: any."""
    rtp_port: Port = 4000
    """First UDP port of the voice; 0: any."""
    ca_file: str = ""
    """A private CA's certificate (PEM) for the SIP server."""
    verify_tls: bool = True
    """Refuse a server whose certificate is not valid."""
    stun: str = ""
    """host or host:port of a STUN server that tells our public address; empty: none is asked."""
    keep_alive: Seconds = 15.0
    """Seconds between keep-alives that hold a NAT's binding open (RFC 5626); 0: none."""
    session_timers: Literal["off", "optional", "required"] = "optional"
    """RFC 4028: both ends ask now and then whether the call still is."""
    dscp_sip: Annotated[int, Meta(ge=0, le=63)] = 24
    """Mark of SIP packets for the network's queues (RFC 2474); 24 is CS3."""
    dscp_rtp: Annotated[int, Meta(ge=0, le=63)] = 46
    """Mark of voice packets; 46 is EF (RFC 3246)."""


class AudioSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[audio]: the headset's sound."""

    device: str = "auto"
    """Part of a headset's name ("Jabra") or of an ALSA device's; "auto": the first USB headset; "null": no sound, but paced as real;
    "file": the microphone reads `microphone_file`, the ear piece is written to `speaker_file` (tests, demo)."""
    microphone_file: str = ""
    """WAV file for device "file"."""
    speaker_file: str = ""
    """WAV file for device "file"."""
    volume: Annotated[int, Meta(ge=0, le=100)] = 70
    """Of the ear piece when the phone starts, in percent."""
    tones: Literal["off", "low", "normal"] = "normal"
    """Loudness of the phone's own tones."""
    sidetone: Annotated[int, Meta(ge=-1, le=100)] = -1
    """The agent's own voice in the ear piece, in percent of what the headset can; -1: as the headset has it."""


class DhcpSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[dhcp]: the sheet's link from the network's DHCP server, where sheet.url is empty."""

    enabled: bool = True
    """False: nothing is taken from DHCP but the address."""
    options: tuple[Source, ...] = USUAL
    """Which options may hold the link; the first that does wins. 114 is a captive portal's today (RFC 8910)."""
    hosts: tuple[str, ...] = ()
    """Servers a link may name; empty: any, and then no password of [sheet] or of an agent goes there."""
    directory: str = "/run/callsheet/dhcp"
    """Where dhcpcd's hook puts the leases."""


class ConsoleSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[console]: the admin's serial console."""

    password: str = ""
    """Of the console, at least 8 characters. Kept as a hash and erased from the file as soon as it is read."""
    idle_log_out: Annotated[float, Meta(ge=30)] = 600.0
    """Seconds without a key after which an admin is logged out."""
    trial: Annotated[float, Meta(ge=20)] = 90.0
    """Seconds the phone has to reach its servers with new settings, before they go back by themselves."""
    speed: Literal[9600, 19200, 38400, 57600, 115200, 230400] = 115200
    """Bits per second of serial ports that have a speed."""


class ProvisioningSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[provisioning]: settings for many phones from a server. What was set at this phone goes before them."""

    url: str = ""
    """Link to the settings all phones have; empty: as DHCP says (option 43, sub-option 3). {mac}, {serial}."""
    device_url: str = ""
    """Link to what is different at this phone, over those all have; a file that is not there is no fault."""
    every: Annotated[float, Meta(ge=60)] = 86400.0
    """Seconds between looks; ± 20 % jitter."""
    user: str = ""
    """For the server that provisioning.url names."""
    password: str = ""
    """For that server."""


class DataSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[data]: where the phone keeps its state."""

    directory: str = "data"
    """Relative to the settings file."""


class HardwareSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[hardware]: which parts this handset was built with; on which pins is the board's business.

    The keypad is `phone.keypad`, the headset `audio.device`.
    """

    display: Literal["ssd1306", "sh1106", "ssd1322", "none"] = "ssd1306"
    """The display's controller."""
    display_address: Annotated[int, Meta(ge=0, le=0x77)] = 0
    """On I²C; 0: whichever of the board's usual ones answers."""
    display_bus: str = ""
    """Part of the I²C adapter's name in /sys/bus/i2c; empty: the one on header pins 3 and 5."""
    upside_down: bool = False
    """The display is mounted the other way up."""
    hook: bool = True
    """There is a hook switch, or may be: without one nothing is ever lifted."""


class SimulatorSettings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[simulator]: the handset in a browser instead of pins."""

    enabled: bool = False
    """A handset in a browser instead of pins."""
    listen: str = "127.0.0.1:0"
    """Address and port of its page; port 0: any."""
    display: Literal["128x64", "256x64"] = "128x64"
    """Its size in pixels."""
    headset: bool = True
    """Plugged in at start."""
    autopilot: bool = False
    """An agent made of software reads the screen and presses the keys."""
    agent: str = ""
    """Of the autopilot."""
    pin: str = ""
    """Of the autopilot."""
    talk: tuple[float, float] = (0.3, 0.9)
    """Shortest and longest talk of the autopilot, in seconds."""
    unknown: str = "#"
    """Its answer after a power cut: "#" call again, or the key of a disposition."""
    seed: int = 1
    """Of the autopilot's chances."""


class Settings(Section, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    phone: PhoneTraits = PhoneTraits()
    sheet: SheetSettings = SheetSettings()
    calls: CallSettings = CallSettings()
    numbers: NumberSettings = NumberSettings()
    sip: SipSettings = SipSettings()
    audio: AudioSettings = AudioSettings()
    dhcp: DhcpSettings = DhcpSettings()
    network: NetworkSettings = NetworkSettings()
    console: ConsoleSettings = ConsoleSettings()
    provisioning: ProvisioningSettings = ProvisioningSettings()
    data: DataSettings = DataSettings()
    hardware: HardwareSettings = HardwareSettings()
    simulator: SimulatorSettings = field(default_factory=SimulatorSettings)


def read_settings(data: bytes, name: str = "") -> Settings:
    """The settings in a TOML file called `name`.

    Raises FormatError with line, column, the nearest known setting, and never a value that is secret.
    """
    return read_sections(data, name, _made)


def _made(objects: dict[str, Any]) -> Settings:
    objects, came = moved(objects)
    try:
        settings = typed(_with_times(objects), Settings)
        _check(settings)
    except Invalid as fault:
        # Places are those in the file, which may have a name from before.
        place = came.get(".".join(map(str, fault.path[:2])))
        path = (*place.split("."), *fault.path[2:]) if place else fault.path
        raise Invalid(fault.reason, path, fault.remedy) from None
    return settings


def _with_times(objects: dict[str, Any]) -> dict[str, Any]:
    calls = objects.get("calls")
    if isinstance(calls, dict) and isinstance(calls.get("rules"), dict):
        return {**objects, "calls": {**calls, "rules": with_whole_times(calls["rules"])}}
    return objects


def _check(settings: Settings) -> None:
    """What the types cannot say. Raises Invalid with the path."""
    sheet, sip, phone = settings.sheet, settings.sip, settings.phone
    checks: tuple[tuple[tuple[str, str], Callable[[], object]], ...] = (
        (("phone", "id"), lambda: check_name(phone.id, 64)),
        (("phone", "zone"), lambda: phone.zone and zone(phone.zone)),
        (("calls", "zone"), lambda: settings.calls.zone and zone(settings.calls.zone)),
        (("calls", "rules"), lambda: check_rules(settings.calls.rules)),
        (("sheet", "url"), lambda: check_link(sheet.url)),
        (("sheet", "upload"), lambda: check_link(sheet.upload)),
        (("sheet", "auth"), lambda: _check_auth(sheet)),
        (("sheet", "retry_max"), lambda: _check_span(sheet.retry_min, sheet.retry_max)),
        (("dhcp", "hosts"), lambda: _check_servers(settings.dhcp.hosts)),
        (("provisioning", "url"), lambda: check_link(settings.provisioning.url)),
        (("provisioning", "device_url"), lambda: check_link(settings.provisioning.device_url)),
        (("console", "password"), lambda: _check_password(settings.console.password)),
        *((("network", name), check) for name, check in network_checks(settings.network)),
        (("sip", "server"), lambda: _check_host(sip.server)),
        (("sip", "fallback"), lambda: _check_host(sip.fallback)),
        (("sip", "domain"), lambda: _check_host(sip.domain)),
        (("sip", "stun"), lambda: _check_host(sip.stun)),
        (("sip", "retry_max"), lambda: _check_span(sip.retry_min, sip.retry_max)),
        (("sip", "user"), lambda: _check_user(sip.user)),
        (("simulator", "listen"), lambda: _check_host(settings.simulator.listen)),
    )
    check_each(checks)


def _check_auth(sheet: SheetSettings) -> None:
    needed = {"basic": ("user", "password"), "bearer": ("token",), "key": ("user", "ssh_key")}.get(sheet.auth, ())
    for name in needed:
        if not getattr(sheet, name):
            raise Invalid(f'auth "{sheet.auth}" needs {" and ".join(needed)}', remedy=f"set sheet.{name}")


def _check_span(least: float, most: float) -> None:
    if most < least:
        raise Invalid("retry_max is less than retry_min")


def _check_host(text: str) -> None:
    """host, host:port, [IPv6] or [IPv6]:port (RFC 3261 §25.1 hostport)."""
    match = _HOST.fullmatch(text)
    if text and (match is None or int(match[1] or 0) > 65535):
        raise Invalid("not a host or host:port", remedy='write "pbx.example.com" or "192.0.2.1:5060"')


def _check_password(password: str) -> None:
    if password and (len(password) < LEAST_PASSWORD or not password.isprintable()):
        raise Invalid(f"a password has at least {LEAST_PASSWORD} characters, all printable")


def _check_servers(names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        match = _HOST.fullmatch(name)
        if match is None or match[1]:
            raise Invalid("not a server's name or address without a port", (index,), 'write "files.example.com"')


def _check_user(user: str) -> None:
    if user and not re.fullmatch(r"[A-Za-z0-9_.!~*'()&=+$,?/%\-]+", user):
        raise Invalid("not the user part of a SIP address", remedy="write the account's name without sip: and @host")

