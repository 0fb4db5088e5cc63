# SPDX-License-Identifier: GPL-3.0-or-later
"""Two running phones and one agent: log out here and in there, take over when asked, when forced, and never two at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callsheet.core.model import Task
from callsheet.formats.lease import read_file
from callsheet.simulator.town import TownServer
from callsheet.simulator.town.behaviours import Behaviour
from tests.contract.transport.servers import Nginx
from tests.e2e.conftest import address
from tests.support.running import RunningPhone
from tests.support.workplace import AGENT, PIN, Workplace, number, sheet_of

QUICK = {"poll": 5.0}
"""A lease is renewed as often as the sheet is looked for."""
KNOWN = {"auth": "basic", "user": AGENT, "password": PIN}
"""The phone knows the server's password, so that after a power cut it need not ask the agent."""
TASKS = tuple(Task(f"t{n}", number(n), name=f"Callee {n}") for n in range(1, 5))


@pytest.fixture
def free_phone(place: Workplace, town: TownServer) -> Callable[..., RunningPhone]:
    """Phones bound to nobody, in preview mode: nothing is dialled without a key."""
    for task in TASKS:
        town.assign(task.number, "busy")
    place.publish(sheet_of(*TASKS, mode="preview", retry={"busy": {"action": "drop"}}))

    def start(name: str, **sheet: Any) -> RunningPhone:
        return place.phone(address(town), phone={"id": name, "agent": "", "pin": "", "auto_ready": False},
                           sheet={**QUICK, **sheet})

    return start


def sign_in(phone: RunningPhone) -> None:
    phone.until("off")
    phone.press(f"{AGENT}#{PIN}#")


def work(phone: RunningPhone, place: Workplace, *tasks: str) -> None:
    """Dial these, one after the other, as soon as the lease lets it."""
    for task in tasks:
        name = next(one.name for one in TASKS if one.id == task)
        phone.until("preview", true=lambda screen, name=name: screen.headline == name)
        phone.press("#")
        place.wait_attempt(task)


def begin(phone: RunningPhone) -> None:
    sign_in(phone)
    phone.until("paused")
    phone.press("A")


def dialled(town: TownServer) -> list[str]:
    return [call.number for call in town.calls if call.direction == "to-town"]


def numbers(*tasks: int) -> list[str]:
    return [number(n) for n in tasks]


def test_log_out_here_and_log_in_there(place: Workplace, town: TownServer,
                                       free_phone: Callable[..., RunningPhone]) -> None:
    from_here_to_there(place, town, free_phone("p1"), free_phone("p2"))


def test_the_same_with_the_web_server_of_a_small_office(town: TownServer, tmp_path: Path) -> None:
    """nginx, which lets two phones create one file and ignores every condition."""
    base = tmp_path / "nginx"
    base.mkdir()
    nginx = Nginx(base).start()
    place = Workplace(tmp_path / "place", files=f"{nginx.url}/")
    try:
        (nginx.root / "sheets").symlink_to(place.folder / "files" / "sheets")
        place.results = nginx.root / "up"
        for task in TASKS:
            town.assign(task.number, "busy")
        place.publish(sheet_of(*TASKS, mode="preview", retry={"busy": {"action": "drop"}}))
        phones = [place.phone(address(town), phone={"id": name, "agent": "", "pin": "", "auto_ready": False},
                              sheet={**QUICK, "auth": "none", "upload": f"{nginx.url}/up/"}) for name in ("p1", "p2")]
        from_here_to_there(place, town, *phones)
        leases = [read_file(body) for body in place.uploads("lease-").values()]
        assert [(file.phone, file.state) for file in leases] == [("p1", "released"), ("p2", "held")]
    finally:
        place.stop_phones()
        nginx.stop()


def from_here_to_there(place: Workplace, town: TownServer, first: RunningPhone, second: RunningPhone) -> None:
    begin(first)
    work(first, place, "t1", "t2")
    first.until("preview", true=lambda screen: screen.headline == "Callee 3")
    first.press("A1")
    first.until("paused")
    first.press("*")
    menu = first.until("menu")
    steps = next(n for n, line in enumerate(menu.lines) if line.startswith("Sign out"))
    first.press("8" * steps + "#")
    first.until("off")
    place.wait(lambda: place.names("remaining-"))
    begin(second)
    work(second, place, "t3", "t4")
    second.until("finished")
    assert dialled(town) == numbers(1, 2, 3, 4), "nobody twice, nobody left out"


def test_asked_for_and_handed_over_after_the_call(place: Workplace, town: TownServer,
                                                  free_phone: Callable[..., RunningPhone]) -> None:
    town.assign(number(2), Behaviour(ring=0.1))
    first, second = free_phone("p1"), free_phone("p2")
    begin(first)
    work(first, place, "t1")
    first.until("preview", true=lambda screen: screen.headline == "Callee 2")
    first.press("#")
    first.until("talking")
    sign_in(second)
    taken = second.until("taken")
    assert "p1" in taken.headline
    second.press("#")
    second.until("asked")
    # The call goes on, whoever asks.
    mark = len(first.screens)
    first.until("talking", true=lambda screen: len(first.screens) > mark + 8)
    first.press("D")
    first.until("wrap-up")
    first.press("1")
    off = first.until("off", true=lambda screen: screen.alert)
    assert off.alert == "Handed over to p2"
    second.until("paused")
    second.press("A")
    work(second, place, "t3", "t4")
    second.until("finished")
    assert dialled(town) == numbers(1, 2, 3, 4)


def test_forced_from_a_phone_without_power_which_then_comes_back(
    place: Workplace, town: TownServer, free_phone: Callable[..., RunningPhone]
) -> None:
    first, second = free_phone("p1", **KNOWN), free_phone("p2")
    begin(first)
    work(first, place, "t1", "t2")
    # What was done is told with the next renewal.
    place.wait(lambda: b'"t2"' in b"".join(place.uploads("lease-").values()))
    first.cut()
    sign_in(second)
    second.until("taken")
    second.press("#")
    second.until("asked")
    second.until("force")
    second.press("#", hold=0.2)
    second.until("force")
    second.press("#", hold=1.0)
    second.until("paused")
    second.press("A")
    work(second, place, "t3")
    first.start()
    off = first.until("off", true=lambda screen: screen.alert)
    assert off.alert == "Handed over to p2"
    work(second, place, "t4")
    second.until("finished")
    assert dialled(town) == numbers(1, 2, 3, 4)


def test_a_lease_that_runs_out_stops_dialling_until_the_server_is_back(
    place: Workplace, town: TownServer, free_phone: Callable[..., RunningPhone]
) -> None:
    first = free_phone("p1", lease=12.0)
    begin(first)
    work(first, place, "t1")
    place.close()
    first.until("preview", true=lambda screen: screen.headline == "Callee 2")
    first.press("#")
    over = first.until("waiting", true=lambda screen: "Too long without the server" in screen.alert)
    assert "refuses the connection" in over.alert
    first.press("D")
    first.until("dialpad")
    first.press("*")
    calls = dialled(town)
    place.open()
    first.until("preview")
    assert dialled(town) == calls, "nothing was dialled while nobody knew whose turn it is"
    work(first, place, "t3")


def test_a_restarted_phone_goes_on_once_it_has_been_told_that_nobody_took_over(
    place: Workplace, town: TownServer, free_phone: Callable[..., RunningPhone]
) -> None:
    first = free_phone("p1", **KNOWN)
    begin(first)
    work(first, place, "t1")
    first.cut()
    place.close()
    first.start()
    first.until("paused")
    first.press("A")
    first.until("waiting", true=lambda screen: "May not dial yet" in screen.alert)
    place.open()
    first.until("preview", true=lambda screen: screen.headline == "Callee 2")
    assert dialled(town) == numbers(1)
