# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of an update, beside a RAUC that answers as busctl prints it. What RAUC itself does is asked of the image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from callsheet.adapters.control import Refused
from callsheet.update import install, record
from callsheet.update.install import Updates, ordered
from callsheet.update.rauc import Rauc, explained
from callsheet.update.record import Record
from callsheet.update.slots import Slots

FRESH = Slots("A", ("A", "B"), {"A": "good", "B": "0"})
LINK = "https://updates.example.com/callsheet-1.1-arm64.raucb"


class Service:
    """RAUC's service as busctl shows it."""

    def __init__(self) -> None:
        self.version, self.compatible = "1.1", "callsheet-arm64"
        self.refuses = self.error = ""
        self.steps: list[tuple[int, str]] = [(20, "Checking bundle"), (60, "Copying image")]
        self.calls: list[tuple[str, ...]] = []

    def run(self, words: Sequence[str], patience: float) -> str:
        if "get-property" in words:
            operation, (percent, doing) = ("installing", self.steps.pop(0)) if self.steps else ("idle", (100, ""))
            rows = [("s", operation), ("(isi)", [percent, doing, 1]), ("s", self.error)]
            return "\n".join(json.dumps({"type": kind, "data": data}) for kind, data in rows)
        method = words[words.index("de.pengutronix.rauc.Installer") + 1:]
        self.calls.append(tuple(method))
        if self.refuses:
            raise Refused(f"busctl: Call failed: {self.refuses}")
        if method[0] != "InspectBundle":
            return ""
        update = {name: {"type": "s", "data": value} for name, value in (("version", self.version), ("compatible", self.compatible))}
        # A variant within a variant, as RAUC 1.13 in the image answered.
        return json.dumps({"type": "a{sv}", "data": [{"update": {"type": "v", "data": {"type": "a{sv}", "data": update}},
                                                       "manifest-hash": {"type": "v", "data": {"type": "s", "data": "d77994"}}}]})

    def called(self, name: str) -> list[tuple[str, ...]]:
        return [call for call in self.calls if call[0] == name]


@pytest.fixture
def service() -> Service:
    return Service()


class Machine:
    """An appliance with slots and folders of its own."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.folder, self.service, self.state, self.boot = folder, service, FRESH, "boot-1"
        for name in ("data", "run", "media/sda1"):
            (folder / name).mkdir(parents=True)
        self.updates = self.started()

    def started(self) -> Updates:
        made = Updates(Rauc(self.service.run), self.folder / "data", self.folder / "run", state=lambda: self.state,
                       version=lambda: "1.0", sticks=self.folder / "media", boot=lambda: self.boot)
        made.start()
        return made

    def install(self, source: str = LINK, **more: Any) -> Record:
        self.updates.install(source, **more)
        assert self.updates.follower is not None
        self.updates.follower.join(30)
        return self.told

    @property
    def told(self) -> Record:
        return record.read(self.folder / "run/update.json")

    def stick(self, name: str = "callsheet-1.1-arm64.raucb") -> Path:
        path = self.folder / "media/sda1" / name
        path.write_bytes(b"bundle")
        return path


@pytest.fixture
def machine(tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(install, "STEP", 0.01)
    return Machine(tmp_path, service)


def test_a_link_is_looked_at_then_installed(machine: Machine, service: Service) -> None:
    last = machine.install(failing=("hook", "../etc"))
    assert (last.state, last.version, last.slot, last.failing) == ("installed", "1.1", "B", ("hook",))
    assert service.calls == [("InspectBundle", "sa{sv}", LINK, "0"),
                             ("InstallBundle", "sa{sv}", LINK, "0")]


def test_a_token_in_a_link_is_written_nowhere(machine: Machine) -> None:
    machine.install(f"{LINK}?token=geheim")
    assert all("geheim" not in path.read_text() for path in machine.folder.rglob("*.json"))


@pytest.mark.parametrize(("source", "part"), [
    ("https://me:secret@example.com/x.raucb", "password"), ("file:///etc/shadow", "http, https or a USB stick"),
    ("/etc/shadow", "USB stick"), ("ftp://example.com/x.raucb", "USB stick"), ("stick", "no stick"), ("https://", "USB stick"), ("", "USB stick"),
])
def test_other_sources_are_refused(machine: Machine, service: Service, source: str, part: str) -> None:
    with pytest.raises(Refused, match=part) as caught:
        machine.updates.install(source)
    assert caught.value.remedy and "secret" not in str(caught.value) and not service.calls


def test_a_path_out_of_the_sticks_folder_is_refused(machine: Machine) -> None:
    with pytest.raises(Refused, match="USB stick"):
        machine.updates.install(f"{machine.folder}/media/../data/x.raucb")


def test_an_older_version_needs_a_word(machine: Machine, service: Service) -> None:
    service.version = "0.9.9"
    with pytest.raises(Refused, match=r"older than the running 1\.0") as caught:
        machine.updates.install(LINK)
    assert "older" in caught.value.remedy and not service.called("InstallBundle")
    assert machine.install(older=True).state == "installed"


def test_the_way_back_is_not_written_over(machine: Machine, service: Service) -> None:
    machine.state = Slots("B", ("B", "A"), {"A": "good", "B": "2"})
    with pytest.raises(Refused, match="on trial"):
        machine.updates.install(LINK)
    assert not service.calls


def test_one_at_a_time(machine: Machine, service: Service) -> None:
    service.steps = [(n, "Copying image") for n in range(60)]
    machine.updates.install(LINK)
    with pytest.raises(Refused, match="already"):
        machine.updates.install(LINK)
    assert machine.updates.follower is not None
    machine.updates.follower.join(30)
    assert machine.told.state == "installed"


def test_a_wrong_compatible_is_refused_before_anything_is_written(machine: Machine, service: Service) -> None:
    service.compatible = "other-device"
    with pytest.raises(Refused, match="another kind of machine"):
        machine.updates.install(LINK)
    assert not service.called("InstallBundle")


# What RAUC 1.13 said in the image of another maker's bundle, one cut off, a wrong link, no server, and a server without ranges.
@pytest.mark.parametrize(("complaint", "reason"), [
    ("signature verification failed: Verify error: unable to get local issuer certificate", "not signed by anybody"),
    ("Invalid bundle format: Signature size (14478059544542214341) exceeds bundle size", "broken"),
    ("Failed to stream bundle http://10.0.2.2:8123/none.raucb: not found: unexpected HTTP error code 404", "no such file"),
    ("Failed to stream bundle http://10.0.2.2:9/x.raucb: failed to configure streaming: server not responding", "could not be fetched"),
    ("Failed to stream bundle http://x/signature.raucb: failed to configure streaming: range requests not supported by server",
     "does not send parts"),
])
def test_complaints_are_explained_with_a_remedy(complaint: str, reason: str) -> None:
    said = explained(f"GDBus.Error:org.gtk.GDBus.UnmappedGError: Call failed: {complaint}")
    assert reason in said.reason and said.remedy


def test_a_failed_installation_says_why(machine: Machine, service: Service) -> None:
    service.error = "Installation error: nbd server failed: download failed: timed out"
    last = machine.install()
    assert (last.state, last.slot) == ("failed", "B") and "could not be fetched" in last.reason and last.remedy


def test_a_stick_is_offered_installed_by_word_and_withdrawn(machine: Machine, service: Service) -> None:
    machine.stick("callsheet-0.9-arm64.raucb")
    newest = machine.stick()
    assert machine.updates.offer(str(newest.parent)) == {"found": True, "version": "1.1"}
    assert machine.told.state == "offered" and service.called("InspectBundle")[0][2] == str(newest)
    assert not service.called("InstallBundle")
    assert machine.install("stick").state == "installed"
    machine.updates.offer(str(newest.parent))
    machine.updates.withdraw()
    assert machine.told.state == "installed"


def test_a_stick_without_a_bundle_is_nobodys_business(machine: Machine, service: Service) -> None:
    machine.stick("holiday.jpg")
    machine.stick("._callsheet.raucb")
    assert machine.updates.offer(str(machine.folder / "media/sda1")) == {"found": False}
    assert machine.told.state == "none" and not service.calls


def test_a_bad_stick_is_told(machine: Machine, service: Service) -> None:
    machine.stick()
    service.refuses = "signature verification failed: Verify error: self-signed certificate"
    machine.updates.offer(str(machine.folder / "media/sda1"))
    assert machine.told.state == "refused" and "not signed" in machine.told.reason


def test_the_first_start_is_a_trial_then_it_is_good(machine: Machine, service: Service) -> None:
    machine.install()
    machine.state, machine.boot = Slots("B", ("B", "A"), {"A": "good", "B": "2"}), "boot-2"
    updates = machine.started()
    assert machine.told.state == "trial"
    updates.settle(True, "")
    assert service.calls[-1] == ("Mark", "ss", "good", "booted")
    machine.state, machine.boot = Slots("B", ("B", "A"), {"A": "good", "B": "good"}), "boot-3"
    machine.started()
    assert machine.told.state == "good"


def test_what_was_taken_back_is_told_after_the_fall(machine: Machine, service: Service) -> None:
    machine.install()
    machine.state, machine.boot = Slots("B", ("B", "A"), {"A": "good", "B": "2"}), "boot-2"
    machine.started().settle(False, "the phone is not registered (no answer)")
    assert service.calls[-1] == ("Mark", "ss", "bad", "booted")
    machine.state, machine.boot = Slots("A", ("B", "A"), {"A": "good", "B": "0"}), "boot-3"
    machine.started()
    assert machine.told.state == "taken-back" and "not registered" in machine.told.reason


def test_what_never_came_up_is_told_too(machine: Machine) -> None:
    machine.install()
    machine.state, machine.boot = Slots("A", ("B", "A"), {"A": "good", "B": "0"}), "boot-5"
    machine.started()
    assert machine.told.state == "taken-back" and "did not start" in machine.told.reason


def test_nothing_is_settled_without_a_trial_and_back_needs_somewhere_to_go(machine: Machine, service: Service) -> None:
    with pytest.raises(Refused, match="nothing is on trial"):
        machine.updates.settle(True, "")
    with pytest.raises(Refused, match="no version that ever worked"):
        machine.updates.back()
    machine.state = Slots("B", ("B", "A"), {"A": "good", "B": "good"})
    assert machine.updates.back() == {"slot": "A"}
    assert service.calls == [("Mark", "ss", "active", "other")]


def test_versions_are_ordered_as_people_mean_it() -> None:
    names = ["0.9", "1.0.dev3", "1.0rc1", "1.0", "1.0.1", "1.2", "1.10", "2"]
    assert sorted(["1.10", "2", *names[:6]], key=ordered) == names
    assert ordered("1.0") == ordered("1.0.0+gabcdef")
