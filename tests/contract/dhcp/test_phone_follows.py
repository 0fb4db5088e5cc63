# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone inside the namespace: what it fetches, from the lease it has at start to the ones that come later."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.dhcp.office import INTERFACE, SERVER, WEB, Office
from tests.contract.transport.phones import sheet_file
from tests.contract.transport.servers import wait_until
from tests.support.running import toml

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'firmware'}{os.pathsep}{ROOT}"}


class DeskInside:
    """`desk_in_namespace` in the office's phone."""

    def __init__(self, office: Office, **sections: dict[str, Any]) -> None:
        settings = {"dhcp": {"directory": str(office.leases)}, "sheet": {"retry_min": 0.1, "retry_max": 0.5}}
        for name, section in sections.items():
            settings[name] = {**settings.get(name, {}), **section}
        config = office.base / "desk.toml"
        config.write_text(toml(settings))
        self._process = office.run(
            office.phone, "desk.log", sys.executable, "-m", "tests.contract.dhcp.desk_in_namespace", str(config),
            str(office.base / "desk"), cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._office = office

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def wait(self, kind: str, /, **fields: object) -> dict[str, Any]:
        """The next event of a kind with these values."""
        seen = []
        while True:
            try:
                event = self._events.get(timeout=30)
            except queue.Empty:
                raise AssertionError(f"no {kind} among {seen}\n{self._office.log('desk.log')}") from None
            seen.append(event)
            if event["event"] == kind and all(event.get(name) == value for name, value in fields.items()):
                return event


def publish(office: Office, name: str, revision: int = 1) -> str:
    """A sheet on the office's web server, as a DHCP value."""
    (office.www / name).write_bytes(sheet_file(revision))
    return f"{WEB}/{name}"


@pytest.mark.parametrize("option", ['vendor:Callsheet,1,"{}"', '160,"{}"', '67,"{}"', '66,"{}"'])
def test_the_leases_link_is_fetched(own_office: Callable[..., Office], option: str) -> None:
    office = own_office(option.format(f"{WEB}/{{agent}}-{{mac}}-{{serial}}.json"))
    publish(office, "101-b827eb000001-0001.json", 7)
    DeskInside(office).wait("SheetArrived", revision=7)
    assert office.fetched("/101-b827eb000001-0001.json") >= 1


def test_a_renewed_lease_is_followed(own_office: Callable[..., Office]) -> None:
    """Nobody asks for the renewal: the server gives five seconds (T1, option 58), and dhcpcd keeps to them."""
    office = own_office(f'160,"{WEB}/first.json"', "option:T1,5")
    publish(office, "first.json", 1)
    publish(office, "second.json", 2)
    desk = DeskInside(office)
    desk.wait("SheetArrived", revision=1)
    office.offers(f'160,"{WEB}/second.json"', "option:T1,5")
    desk.wait("FetchDue")
    desk.wait("SheetArrived", revision=2)
    assert "/second.json" in office.requests()[-1]
    assert "dhcpcd-run-hooks RENEW" in office.log("dhcpcd.log")


def test_a_lease_that_comes_after_the_phone(own_office: Callable[..., Office]) -> None:
    office = own_office()
    desk = DeskInside(office)
    failed = desk.wait("SheetFailed")
    assert "no link to a call sheet is set" in failed["reason"]
    office.offers(f'66,"{publish(office, "late.json", 3)}"')
    office.renew()
    desk.wait("SheetArrived", revision=3)


def test_the_admins_setting_wins(own_office: Callable[..., Office]) -> None:
    office = own_office(f'160,"{WEB}/dhcp.json"')
    publish(office, "dhcp.json", 9)
    desk = DeskInside(office, sheet={"url": publish(office, "admin.json", 4), "poll": 5.0})
    desk.wait("SheetArrived", revision=4)
    office.offers(f'160,"{WEB}/other.json"')
    office.renew()
    publish(office, "admin.json", 5)
    desk.wait("SheetArrived", revision=5)
    assert office.fetched("/dhcp.json") == office.fetched("/other.json") == 0


def test_switched_off(own_office: Callable[..., Office]) -> None:
    office = own_office(f'160,"{WEB}/dhcp.json"')
    DeskInside(office, dhcp={"enabled": False}).wait("SheetFailed", kind="other")
    assert office.fetched("/dhcp.json") == 0


def test_a_hostile_value_is_told_and_the_phone_recovers(own_office: Callable[..., Office], tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    office = own_office(f'160,"http://admin:geheim@{SERVER}:8080/x.json"', f'66,"$(touch {trap})"')
    desk = DeskInside(office)
    reason = desk.wait("SheetFailed")["reason"]
    assert "DHCP option 160: " in reason and "DHCP option 66: " in reason
    office.offers(f'160,"{publish(office, "good.json", 2)}"')
    office.renew()
    desk.wait("SheetArrived", revision=2)
    assert "geheim" not in reason + office.log("desk.log")
    assert not trap.exists()


def test_a_server_that_is_not_among_hosts(own_office: Callable[..., Office]) -> None:
    office = own_office(f'160,"{WEB}/x.json"')
    publish(office, "x.json")
    reason = DeskInside(office, dhcp={"hosts": ["files.example.com"]}).wait("SheetFailed")["reason"]
    assert "dhcp.hosts" in reason
    assert office.fetched("/x.json") == 0


@pytest.mark.parametrize(("admins", "password"), [(True, "with a password"), (False, "without")])
def test_passwords_stay_at_home(own_office: Callable[..., Office], admins: bool, password: str) -> None:
    """In clear they go where the admin sends them, but not where DHCP does."""
    office = own_office(f'160,"{WEB}/x.json"')
    link = publish(office, "x.json")
    credentials = {"auth": "basic", "user": "phone", "password": "geheim", "url": link if admins else ""}
    DeskInside(office, sheet=credentials, dhcp={"hosts": [SERVER]}).wait("SheetArrived")
    assert office.requests() and all(request.endswith(password) for request in office.requests())


def test_the_cable_out_and_in(own_office: Callable[..., Office]) -> None:
    office = own_office(f'160,"{WEB}/1.json"')
    publish(office, "1.json", 1)
    publish(office, "2.json", 2)
    desk = DeskInside(office)
    desk.wait("SheetArrived", revision=1)
    office.unplug()
    wait_until(lambda: not (office.leases / INTERFACE).exists())
    office.offers(f'160,"{WEB}/2.json"')
    office.plug()
    desk.wait("SheetArrived", revision=2)


@pytest.mark.sip
def test_the_whole_phone(own_office: Callable[..., Office]) -> None:
    """The shipped command, bound to an agent."""
    pytest.importorskip("pjsua2", reason="pjsua2 is not built (scripts/setup)")
    office = own_office(f'66,"{WEB}/{{agent}}-1.json"')
    publish(office, "101-1.json", 1)
    publish(office, "101-2.json", 2)
    config = office.base / "phone.toml"
    config.write_text(toml({
        "phone": {"id": "kiosk", "zone": "Europe/London", "agent": "101", "pin": "4711"},
        "sip": {"server": SERVER, "user": "101", "register": False, "rtp_port": 0},
        "audio": {"device": "null"}, "simulator": {"enabled": True}, "dhcp": {"directory": str(office.leases)},
    }))
    office.run(office.phone, "phone.log", sys.executable, "-m", "callsheet", "phone", "--config", str(config),
               cwd=ROOT, env=ENVIRONMENT)
    wait_until(lambda: office.fetched("/101-1.json") > 0)
    office.offers(f'66,"{WEB}/{{agent}}-2.json"')
    office.renew()
    wait_until(lambda: office.fetched("/101-2.json") > 0)
