# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings for many phones from a real web server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.adapters.identity import Identity
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.adapters.transport.client import TransferError
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings
from callsheet.provisioning.fleet import Fleet
from callsheet.simulator.fileserver import FileServer

WHO = Identity("b827eb000007", "10000007")


class Office:
    """A server with settings, and a phone's files."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        (self.files / "sheets").mkdir(parents=True)
        (self.files / "results").mkdir()
        self.server = FileServer(self.files, {"fleet": "sesame"}, ("127.0.0.1", 0)).start()
        self.link = f"{self.server.url}sheets/"
        self.layers = SettingsLayers(folder / "callsheet.toml")
        self.applied: list[str] = []
        self.offer = ""
        self.set("")

    def put(self, name: str, text: str) -> None:
        (self.files / "sheets" / name).write_text(text)

    def set(self, more: str) -> None:
        self.layers.local.apply(
            f'{more}\n[provisioning]\nurl = "{self.link}common.json"\ndevice_url = "{self.link}{{mac}}.json"\n'
            'user = "fleet"\npassword = "sesame"\n'.encode())

    def look(self) -> bool:
        def apply(text: str) -> None:
            self.applied.append(text)
            self.layers.fleet.apply(text.encode())

        return Fleet(self.layers.settings, self.layers.fleet, self.layers.path.parent, lambda: self.offer, apply,
                     WHO).look()

    @property
    def settings(self) -> Settings:
        return self.layers.settings()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.server.close()


def test_what_is_nearer_to_the_phone_goes_first(office: Office) -> None:
    office.put("common.json", '[calls]\ngap = 1\nwrap_up = 11\npreview = 3\n[sip]\nserver = "pbx.example.com"\n')
    office.put(f"{WHO.mac}.json", '[calls]\nwrap_up = 22\npreview = 4\n[phone]\nid = "desk-7"\n')
    office.set("[calls]\npreview = 5\n")
    assert office.look()
    found = office.settings
    assert (found.calls.gap, found.calls.wrap_up, found.calls.preview) == (1.0, 22.0, 5.0)
    assert (found.phone.id, found.sip.server) == ("desk-7", "pbx.example.com")


def test_unchanged_settings_change_nothing(office: Office) -> None:
    office.put("common.json", "[calls]\ngap = 1\n")
    assert office.look() and not office.look()
    office.put("common.json", "[calls]\ngap = 2\n")
    assert office.look() and office.settings.calls.gap == 2.0
    assert len(office.applied) == 2


def test_a_bad_file_is_named_and_the_old_settings_stay(office: Office) -> None:
    office.put("common.json", "[calls]\ngap = 1\n")
    office.look()
    office.put("common.json", "[calls]\ngap = 2\ngpa = 3\n")
    with pytest.raises(FormatError, match="unknown field") as caught:
        office.look()
    assert caught.value.line == 3 and "settings for all phones" in str(caught.value)
    office.put("common.json", "[calls]\ngap = 2\n")
    office.put(f"{WHO.mac}.json", "[sip]\ndscp_sip = 99\n")
    with pytest.raises(FormatError, match="settings for this phone"):
        office.look()
    assert office.settings.calls.gap == 1.0


def test_a_missing_common_file_is_a_fault_a_missing_one_for_the_phone_is_none(office: Office) -> None:
    with pytest.raises(TransferError):
        office.look()
    office.put("common.json", "[calls]\ngap = 1\n")
    assert office.look()


def test_what_a_fleet_must_not_say(office: Office) -> None:
    office.put("common.json", '[data]\ndirectory = "/tmp"\n[console]\npassword = "mellon-mellon"\nspeed = 9600\n')
    office.look()
    assert office.settings.data.directory == "data" and office.settings.console.password == ""
    assert office.settings.console.speed == 9600
    assert "mellon" not in office.applied[0]


def test_a_link_from_dhcp_gets_no_password(office: Office) -> None:
    office.put("common.json", "[calls]\ngap = 1\n")
    office.offer = f"{office.link}common.json"
    office.layers.local.apply(b'[provisioning]\nuser = "fleet"\npassword = "sesame"\n')
    with pytest.raises(TransferError) as caught:
        office.look()
    assert caught.value.kind == "credentials"
    office.layers.local.apply(b"")
    office.offer = ""
    assert not office.look()
