# SPDX-License-Identifier: GPL-3.0-or-later
"""The phone's settings file (TOML): every setting, its type, default and unit."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from callsheet.core.model import Seconds
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits

Port = Annotated[int, Meta(ge=0, le=65535)]
Codec = Literal["opus", "G722", "PCMU", "PCMA"]


class SheetSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[sheet]: where call sheets come from and where results go."""

    url: str = ""
    """May contain {agent}, {mac} and {serial}."""
    upload: str = ""
    """URL of a folder; empty: as the sheet says, else beside the sheet."""
    auth: Literal["none", "basic", "bearer", "agent-pin"] = "none"
    """agent-pin: HTTP Basic with the agent's number and PIN."""
    user: str = ""
    password: str = ""
    token: str = ""
    ca_file: str = ""
    """A private CA's certificate (PEM), trusted beside the system's own for this server."""
    poll: Annotated[float, Meta(ge=5)] = 300.0
    """Seconds between looks for a revised sheet; ± 20 % jitter."""
    connect_timeout: Annotated[float, Meta(gt=0)] = 10.0
    read_timeout: Annotated[float, Meta(gt=0)] = 30.0
    total_timeout: Annotated[float, Meta(gt=0)] = 300.0
    max_bytes: Annotated[int, Meta(ge=1024)] = 64 * 1024 * 1024
    bad_rows: Literal["reject", "skip"] = "reject"
    """A bad row rejects the sheet, or is reported and skipped."""
    retry_min: Seconds = 5.0
    retry_max: Seconds = 600.0


class SipSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[sip]: the account and how it is reached."""

    server: str = ""
    """host or host:port of the registrar and outbound proxy."""
    fallback: str = ""
    """A second one, used while the first does not answer."""
    domain: str = ""
    """Empty: the server's host."""
    user: str = ""
    auth_user: str = ""
    password: str = ""
    display_name: str = ""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    srtp: Literal["off", "optional", "required"] = "off"
    register: bool = True
    """False: the server takes calls without registration; the account counts as registered."""
    register_expires: Annotated[int, Meta(ge=10)] = 300
    retry_min: Seconds = 5.0
    retry_max: Seconds = 30.0
    codecs: tuple[Codec, ...] = ("opus", "G722", "PCMU", "PCMA")
    """In order of preference; those the build lacks are left out."""
    local_address: str = ""
    local_port: Port = 0
    rtp_port: Port = 4000
    ca_file: str = ""
    verify_tls: bool = True
    stun: str = ""
    keep_alive: Seconds = 15.0
    session_timers: Literal["off", "optional", "required"] = "optional"
    dscp_sip: Annotated[int, Meta(ge=0, le=63)] = 24
    dscp_rtp: Annotated[int, Meta(ge=0, le=63)] = 46


class AudioSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[audio]: the headset's sound."""

    device: str = "auto"
    """Name of an ALSA device; "auto": the first USB headset; "null": no sound, but paced as real;
    "file": the microphone reads `microphone_file`, the ear piece is written to `speaker_file` (tests, demo)."""
    microphone_file: str = ""
    speaker_file: str = ""
    volume: Annotated[int, Meta(ge=0, le=100)] = 70
    tones: Literal["off", "low", "normal"] = "normal"


class DataSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[data]: where the phone keeps its state."""

    directory: str = "data"
    """Relative to the settings file."""


class SimulatorSettings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """[simulator]: the handset in a browser instead of pins."""

    enabled: bool = False
    listen: str = "127.0.0.1:0"


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    phone: PhoneTraits = PhoneTraits()
    sheet: SheetSettings = SheetSettings()
    calls: CallSettings = CallSettings()
    numbers: NumberSettings = NumberSettings()
    sip: SipSettings = SipSettings()
    audio: AudioSettings = AudioSettings()
    data: DataSettings = DataSettings()
    simulator: SimulatorSettings = field(default_factory=SimulatorSettings)
