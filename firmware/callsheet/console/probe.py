# SPDX-License-Identifier: GPL-3.0-or-later
"""Try where the call sheet comes from, with settings that are not applied yet, and say what came back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.identity import identity
from callsheet.adapters.transport.client import Credentials, TransferError, Unchanged, open_client
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links, masked
from callsheet.adapters.transport.transport import HOST_KEYS
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings
from callsheet.formats.sheet import read_sheet

LONGEST = 20.0
"""Seconds a try may take; who stands at the console waits for it."""


class Probed(Struct, frozen=True):
    """What came back."""

    ok: bool
    url: str
    """As it may be shown."""
    text: str
    sheet: str = ""
    revision: int = 0
    tasks: int = 0


def probe(settings: Settings, data: Path, agent: str = "", pin: str = "") -> Probed:
    """Fetch the sheet of an agent (default: the one the phone is bound to), read it, keep nothing."""
    who = identity()
    agent, pin = agent or settings.phone.agent, pin or settings.phone.pin
    sheet = replace(settings.sheet, total_timeout=min(LONGEST, settings.sheet.total_timeout),
                    host_keys=settings.sheet.host_keys or str(data / HOST_KEYS))
    if not sheet.url:
        return Probed(False, "", "no link is set; the phone takes one from DHCP if it is offered one")
    if "{agent}" in sheet.url and not agent:
        return Probed(False, masked(sheet.url), "the link is different for each agent: say whose sheet to try")
    keyring = Keyring()
    keyring.sign_in(agent, pin)
    links = Links(sheet, who.mac, who.serial)
    try:
        url = links.sheet(agent)
        return _fetched(url, links.credentials(url, agent, keyring), replace(settings, sheet=sheet), agent)
    except TransferError as error:
        return Probed(False, masked(sheet.url), error.reason)


def _fetched(url: str, credentials: Credentials, settings: Settings, agent: str) -> Probed:
    shown = masked(url)
    client = open_client(url, settings.sheet, credentials)
    try:
        found = client.fetch(None)
    finally:
        client.close()
    if isinstance(found, Unchanged):
        return Probed(False, shown, "the server says it is unchanged, to a phone that has nothing")
    name = urlunsplit(("", "", urlsplit(url).path, "", ""))
    try:
        file = read_sheet(found.body, name=name, content_type=found.content_type, agent=agent,
                          bad_rows=settings.sheet.bad_rows, revision=int(found.changed or 1))
    except FormatError as error:
        return Probed(False, shown, f"{len(found.body)} bytes came, but no call sheet: {error}")
    sheet = file.sheet
    text = f"sheet {sheet.id}, revision {sheet.revision}, {len(sheet.tasks)} tasks, for agent {sheet.agent}"
    if agent and sheet.agent != agent:
        return Probed(False, shown, f"{text}; not for agent {agent}", sheet.id, sheet.revision, len(sheet.tasks))
    return Probed(True, shown, text, sheet.id, sheet.revision, len(sheet.tasks))
