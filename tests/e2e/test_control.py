# SPDX-License-Identifier: GPL-3.0-or-later
"""A running phone answers the console, and takes new settings without a reboot."""

from pathlib import Path

import pytest

from callsheet.adapters.control import ControlClient, Refused
from callsheet.core.model import Task
from callsheet.formats.settings_edit import with_value
from tests.e2e.conftest import address, town_of
from tests.support.workplace import Workplace, number, sheet_of


def test_a_phone_tells_what_it_does_and_why(tmp_path: Path) -> None:
    with town_of(tmp_path / "town.jsonl") as town, Workplace(tmp_path / "place") as place:
        place.publish(sheet_of(*(Task(f"t{n}", number(n), name="Ann Other") for n in range(5))))
        phone = place.phone(address(town), phone={"auto_ready": False})
        phone.until("paused")
        client = ControlClient(phone.folder / "data")
        status = client.ask("status")
        assert (status["agent"], status["work"], status["sheet"]) == ("101", "paused", "s1")
        assert client.ask("why")["obstacle"] == "paused"
        queue = client.ask("queue", most=3)
        assert [one["task"] for one in queue["upcoming"]] == ["t0", "t1", "t2"]
        assert queue["upcoming"][0]["number"] == "…000" and queue["counts"]["open"] == 5
        assert "Ann" not in str((status, queue, client.ask("why")))
        assert client.ask("fetch") == {"asked": True}
        with pytest.raises(Refused, match="most is not a whole number"):
            client.ask("queue", most=-1)


def test_new_settings_are_taken_without_losing_the_sheet(tmp_path: Path) -> None:
    with town_of(tmp_path / "town.jsonl") as town, Workplace(tmp_path / "place") as place:
        place.publish(sheet_of(Task("t0", number(0))))
        phone = place.phone(address(town), phone={"auto_ready": False})
        phone.until("paused")
        phone.config.write_text(with_value(phone.config.read_text(), "phone.language", "zh"))
        since = len(phone.screens)
        assert ControlClient(phone.folder / "data").ask("restart") == {"now": True}
        phone.until("paused", since=since, true=lambda screen: any("\u4e00" <= c <= "\u9fff" for c in str(screen)))
        place.wait(lambda: ControlClient(phone.folder / "data").ask("status")["agent"] == "101")
