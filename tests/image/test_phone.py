# SPDX-License-Identifier: GPL-3.0-or-later
"""The image on a phone's first day: it starts, an agent works a sheet with it, an admin has it work another one.

One phone, in this order. What the phone did is read from the glass, the lines, the
headset's trace, the callees' log and the file server; how it is made is nobody's business here.
"""

from __future__ import annotations

import array
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bootstrap.paths import ROOT
from callsheet.core.model import Disposition, Task
from callsheet.core.outcomes import Outcome
from callsheet.simulator.town.behaviours import Behaviour
from tests.image.desk import CLOSE, CONSOLE_PASSWORD, LYING, OPEN, START, Desk
from tests.image.eyes import Sight
from tests.image.machine import UPDATE, Phone
from tests.kill.books import unequal, unpaired
from tests.sip.peers import sounds
from tests.support.workplace import number, sheet_of
from tests.vm.channel import Process
from tests.vm.headset import RATE
from tests.vm.serial import Gadget

AGENT_HZ, CALLEE_HZ = 700, 1300
ADA = Task("ada", number(1), name="Ada")
PEOPLE = ("Bea", "Carl", "Dora", "Emil", "Fred", "Gina", "Hugo", "Ida", "Jack", "Kim", "Lou", "Max", "Nell", "Otto", "Pia",
          "Quinn", "Rosa", "Sam", "Tess", "Uma", "Vera")
KINDS: dict[str, tuple[Behaviour, Outcome]] = {
    "hangs up first": (Behaviour(ring=0.3, talk=1.0), Outcome.ANSWERED),
    "busy": (Behaviour(ring=0.2, status=486), Outcome.BUSY),
    "never answers": (Behaviour(ring="forever"), Outcome.NO_ANSWER),
    "is hung up on": (Behaviour(ring=0.3), Outcome.ANSWERED),
    "not there": (Behaviour(ringing=0, ring=0.0, status=404), Outcome.SUSPECTED_EMPTY),
    "declines": (Behaviour(ring=0.3, status=603), Outcome.DECLINED),
    "away": (Behaviour(ring=0.2, status=480), Outcome.UNAVAILABLE),
}
TASKS = (ADA, *(Task(name.lower(), number(n), name=name) for n, name in enumerate(PEOPLE, 2)))
KIND = {name.lower(): list(KINDS)[n % len(KINDS)] for n, name in enumerate(PEOPLE)}
KEYS = {"Wrap-up": "1", "Paused": "A"}
"""What an agent presses when the glass says so."""


def sheet() -> object:
    return sheet_of(*TASKS, max_attempts=1, ring_timeout=3.0, wrap_up=60.0,
                    dispositions=(Disposition("1", "agreed", "Agreed"), Disposition("2", "refused", "Refused")))


def test_it_starts_by_itself_with_nothing_failed(phone: Phone, desk: Desk) -> None:
    starting: list[Sight] = []
    ready = desk.work("Sign in", {}, timeout=START,
                      on_sight=lambda sight: starting.append(sight) if not starting and sight.reads("Callsheet") else None)
    assert starting, "the glass said what is going on before there was a phone"
    desk.eyes.keep(starting[0], "starting")
    desk.eyes.keep(ready, "off")
    phone.run("systemctl", "is-system-running", "--wait", check=False, timeout=START)
    failed = phone.run("systemctl", "--failed", "--plain", "--no-legend").out
    journal = phone.run("journalctl", "--boot", "--no-pager", "--output=cat").out
    figures(phone, desk, "at rest")
    assert failed == ""
    assert "ordering cycle" not in journal
    assert phone.run("systemctl", "is-system-running", check=False).out == "running\n"


def test_the_settings_came_from_the_card_and_are_gone_from_there(phone: Phone, desk: Desk) -> None:
    there = phone.run("ls", "/boot/firmware").out.split()
    assert "callsheet-taken.txt" in there
    assert "callsheet.toml" not in there
    assert phone.run("findmnt", "-no", "OPTIONS", "/boot/firmware").out.startswith("ro")
    phone.run("sync")
    image = phone.card.boot_bytes()
    assert CONSOLE_PASSWORD.encode() not in image
    assert b"secret-101" not in image


def test_the_data_partition_has_the_whole_card_and_the_root_is_read_only(phone: Phone) -> None:
    room = int(phone.run("findmnt", "-bno", "SIZE", "/data").out)
    assert room > 2 << 30, "the card is larger than the image"
    assert phone.run("findmnt", "-no", "OPTIONS", "/").out.startswith("ro")
    assert phone.run("touch", "/usr/x", check=False).code != 0


def test_the_hardwares_watchdog_watches_systemd(phone: Phone) -> None:
    assert phone.run("cat", "/sys/class/watchdog/watchdog0/state").out == "active\n"


def test_time_and_address_came_from_the_network(phone: Phone) -> None:
    phone.wait_for("/run/systemd/timesync/synchronized", "")
    phone.run("test", "-e", "/run/systemd/timesync/synchronized")
    assert phone.cable is not None
    assert f"inet {phone.cable.guest}/24" in phone.run("ip", "address", "show", "eth0").out


def test_an_agent_works_a_sheet_through_the_handset_alone(phone: Phone, desk: Desk) -> None:
    town, office, handset, eyes = desk.town, desk.office, desk.handset, desk.eyes
    for task in TASKS[1:]:
        town.assign(task.number, KINDS[KIND[task.id]][0])
    town.assign(ADA.number, Behaviour(ring=1.5, voice="tone", hz=CALLEE_HZ))
    office.publish(sheet())
    wires, reports = handset.lines.mark(), len(desk.headset.reports)

    desk.sign_in()
    eyes.keep(desk.work("Talking", KEYS), "talking")
    handset.wait_lit(line=True, work=True)
    assert eyes.wait("Talking", "Ada")
    mouth = talk_to_ada(phone, desk)
    figures(phone, desk, "in a call")
    desk.headset.send(LYING)
    eyes.keep(eyes.wait("Wrap-up"), "wrap-up")
    mouth.kill(9)  # SIGTERM ends only the file it is at
    handset.wait_lit(line=False)

    album: set[str] = set()
    hang_up = desk.hang_up_on([name for name in PEOPLE if KIND[name.lower()] == "is hung up on"])

    def see(sight: Sight) -> None:
        """Hang up where the agent is to do that, and keep a picture of everything once."""
        for words in ("Ringing", "Calling", "Talking"):
            if words not in album and sight.reads(words):
                album.add(words)
                eyes.keep(sight, words.lower())
        hang_up(sight)

    done = desk.work("Finished", KEYS, on_sight=see)
    eyes.keep(done, "finished")
    assert handset.lines.shorts() == 0
    lamps = {pin.line for pin in handset.board.lamps.values()}
    assert lamps & {change.line for change in handset.lines.changes(wires)}
    trace = [one.data for one in desk.headset.reports[reports:] if one.data in (OPEN, CLOSE)]
    assert trace == [OPEN, CLOSE] * (len(trace) // 2), "the link is opened and closed in turn"
    assert len(trace) // 2 >= len(town.calls)


def test_the_results_on_the_server_are_what_the_callees_saw(desk: Desk) -> None:
    office = desk.office
    complete = office.wait(office.complete, 120.0)
    attempts = office.attempts()
    assert unpaired(desk.town.calls, attempts) == []
    assert unequal(complete, attempts) == []
    expected = {task.id: KINDS[KIND[task.id]][1] for task in TASKS[1:]} | {ADA.id: Outcome.ANSWERED}
    assert {task.id: task.outcome for task in complete.tasks} == expected
    said = Counter(made[0].disposition for made in attempts.values() if made[0].outcome is Outcome.ANSWERED)
    assert said == {"agreed": sum(outcome is Outcome.ANSWERED for outcome in expected.values())}


def test_what_ada_heard(desk: Desk) -> None:
    call = next(one for one in desk.town.calls if one.number == ADA.number)
    assert call.ended_by == "phone"
    assert call.rtp is not None and call.rtp.dominant_hz == pytest.approx(AGENT_HZ, abs=10)


def test_a_stick_is_looked_at_when_it_is_plugged_in(phone: Phone, tmp_path: Path) -> None:
    stick = tmp_path / "stick.img"
    subprocess.run(["mkfs.vfat", "-C", stick, "16384"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mcopy", "-i", stick, "-", "::callsheet-9.9-arm64.raucb"], input=b"no bundle", check=True)
    phone.plug_in(stick)
    phone.wait_for(UPDATE, '"refused"', timeout=120.0)
    told = json.loads(phone.read(UPDATE))
    assert told["source"] == "/run/media/sda/callsheet-9.9-arm64.raucb" and told["reason"] and told["remedy"]
    phone.pull_out()
    phone.run("timeout", "60", "sh", "-c", f"while findmnt /run/media/sda || grep refused {UPDATE}; do sleep 1; done")
    assert phone.run("systemctl", "--failed", "--plain", "--no-legend").out == ""


def test_the_network_is_gone_for_a_while(phone: Phone, desk: Desk) -> None:
    desk.handset.press("#")
    desk.eyes.wait("Callsheet", "Dial")
    phone.monitor("set_link", name="net", up=False)
    try:
        desk.eyes.keep(desk.eyes.wait("Not registered", timeout=300.0), "no-network")
    finally:
        phone.monitor("set_link", name="net", up=True)
    assert desk.eyes.gone("Not registered", timeout=300.0)
    desk.eyes.wait("Callsheet", "Dial")
    figures(phone, desk, "after a shift and without a network")
    assert phone.run("systemctl", "--failed", "--plain", "--no-legend").out == ""


def test_an_admin_at_the_usb_cable_gives_it_another_sheet(phone: Phone, desk: Desk, tmp_path: Path) -> None:
    other = desk.folder / "files" / "other"
    other.mkdir()
    desk.office.publish(sheet_of(Task("zoe", number(90), name="Zoe"), id="s2", mode="preview"))
    (desk.folder / "files/sheets/101.json").rename(other / "101.json")
    with Gadget(phone) as gadget:
        done = console(gadget.terminal(), f"set sheet.url {desk.files.url}other/{{agent}}.json\napply keep\n")
    assert done.returncode == 0, done
    assert [json.loads(line)["command"].split()[0] for line in done.stdout.splitlines()] == ["set", "apply"]
    desk.sign_in()
    desk.eyes.keep(desk.work("Zoe", {"Paused": "A"}, timeout=300.0), "other-sheet")
    assert phone.run("systemctl", "show", "--property=NRestarts", "--value", "callsheet.service").out == "0\n"


def console(port: str, typed: str) -> subprocess.CompletedProcess[str]:
    """The computer's own script."""
    return subprocess.run([sys.executable, ROOT / "scripts/console", "--port", port, "--json", "--script", "-"], input=typed,
                          text=True, capture_output=True, timeout=600, check=False,
                          env={**os.environ, "CALLSHEET_CONSOLE_PASSWORD": CONSOLE_PASSWORD})


def talk_to_ada(phone: Phone, desk: Desk) -> Process:
    """Both hear each other, and nobody hears himself. Gives the agent's mouth: the callee remembers what he heard last."""
    mouth = desk.sound.begin(array.array("h", sounds.tone((AGENT_HZ,), 8.0).tolist()), times=60)
    heard = desk.sound.hear(4.0)
    assert loudness(heard, CALLEE_HZ) > 1000 > loudness(heard, AGENT_HZ)
    assert phone.alive
    return mouth


def loudness(samples: array.array[int], hz: int) -> float:
    """Amplitude of a frequency in the loudest second of what was heard."""
    heard = np.asarray(samples)
    return max(sounds.amplitude(heard[at : at + RATE], RATE, hz) for at in range(0, len(heard) - RATE + 1, RATE // 2))


def figures(phone: Phone, desk: Desk, when: str) -> None:
    """For the record; nothing depends on them. The seventh number of stat is what was written to /data, in 512 bytes."""
    with (desk.folder / "figures.txt").open("a") as file:
        file.write(f"-- {when}; {phone.times}\n")
        for words in (("uptime",), ("cat", "/sys/class/block/vda4/stat"), ("free", "-m"), ("systemd-analyze",), ("systemd-analyze", "blame", "--no-pager"),
                      ("ps", "-eo", "rss,args", "--sort=-rss")):
            file.write(phone.run(*words, check=False).out[:1500])
