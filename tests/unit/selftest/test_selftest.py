# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test: with hands, without, beside a running phone, and on parts that are broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from callsheet.adapters.control import ControlServer
from callsheet.adapters.faults import Faults
from callsheet.core.keypad import LAYOUTS
from callsheet.formats.settings import Settings, read_settings
from callsheet.selftest import checks, runner
from callsheet.selftest.bench import Bench, Parts, Typed
from callsheet.selftest.checks import CHECKS, display, network, storage
from callsheet.selftest.texts import CATALOGUE
from callsheet.simulator.handset import SimulatedHandset
from tests.support.built_handset import BuiltHandset
from tests.support.eventually import eventually

ROOT = Path(__file__).resolve().parents[3]
SIMULATED = b"[simulator]\nenabled = true\n[audio]\ndevice = 'null'\n"


def settings(text: bytes = SIMULATED) -> Settings:
    return read_settings(text)


class Stand:
    """A bench with a handset whose page nobody looks at; what is asked is answered by `answer`."""

    def __init__(self, folder: Path, parts: Parts, made: Settings, answer=lambda question: "y", hands=True) -> None:
        self.lines: list[str] = []
        self._answer = answer
        folder.mkdir(exist_ok=True)
        self.bench = Bench(made, folder, parts, hands=hands, print_line=self._heard)
        self._question = ""

    def _heard(self, line: str) -> None:
        self.lines.append(line)
        if line.lstrip().startswith("[y/n/s]"):
            answer = self._answer(self.lines[-2])
            if answer:
                self.bench.post(Typed(answer))

    def run(self, *names: str):
        told = []
        found = runner.run(self.bench, names, told.append)
        runner.let_go(self.bench)
        assert list(found.checks) == told
        return found


def simulated(**options) -> tuple[SimulatedHandset, Parts]:
    made = SimulatedHandset(**options)
    return made, Parts(made.keys, made.display, made.lamps, made.headset, Faults(), real=False)


def in_a_while(*steps) -> threading.Thread:
    """A pair of hands: does one step after the other, each when its condition holds."""
    def work():
        for when, what in steps:
            eventually(when)
            what()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_every_language_has_every_word():
    assert set(CATALOGUE["en"]) == set(CATALOGUE["zh"])
    for key, text in CATALOGUE["en"].items():
        names = sorted(re.findall(r"{(\w+)}", text))
        assert names == sorted(re.findall(r"{(\w+)}", CATALOGUE["zh"][key])), key
    assert {f"check.{name}" for name in CHECKS} <= set(CATALOGUE["en"])


@pytest.mark.parametrize("language", sorted(CATALOGUE))
def test_a_good_handset_passes_in_the_hands_of_a_technician(tmp_path, language):
    handset, parts = simulated(link_delay=0.05)
    made = settings(SIMULATED + f"[phone]\nlanguage = '{language}'\n".encode())
    stand = Stand(tmp_path, parts, made)
    said = CATALOGUE[language]

    def shows(text):
        return lambda: any(text in line for line in stand.lines)

    def press_all():
        for row, caps in enumerate(LAYOUTS["4x4"]):
            for column in range(len(caps)):
                handset.press(row, column)
                handset.release(row, column)

    hands = in_a_while(
        (shows(said["keys.press"]), press_all),
        (shows(said["hook.lift"]), lambda: (handset.hook(True), handset.hook(False))),
        (shows(said["buttons.press"].format(button=said["buttons.mute"])), lambda: handset.headset_button("mute")),
        (shows(said["buttons.press"].format(button=said["buttons.volume-up"])),
         lambda: handset.headset_button("volume-up")),
        (shows(said["buttons.press"].format(button=said["buttons.hook"])), lambda: handset.headset_button("hook")),
    )
    found = stand.run("lamps", "display", "keys", "hook", "buttons")
    hands.join(20)
    assert [(one.name, one.result) for one in found.checks] == [
        (name, "pass") for name in ("lamps", "display", "keys", "hook", "buttons")], found
    assert found.passed
    assert any(said["say.passed"] in line for line in stand.lines)
    trace = [(report.what, report.on) for report in handset.headset.trace]
    assert trace[:1] == [("off-hook", True)] and trace[-1] == ("off-hook", False)


def test_the_result_is_seen_on_lamps_and_display(tmp_path):
    handset, parts = simulated()
    stand = Stand(tmp_path, parts, settings(), hands=False)
    seen = []
    handset.subscribe(lambda part: seen.append(handset.lamps.patterns) if part == "lamps" else None)
    stand.run("display", "clock")
    assert ("on", "off", "off") in seen, "green and steady"
    seen.clear()
    handset, parts = simulated(headset=False)
    handset.subscribe(lambda part: seen.append(handset.lamps.patterns) if part == "lamps" else None)
    Stand(tmp_path, parts, settings(), hands=False).run("buttons")
    assert ("off", "off", "fast") in seen, "red and fast"


def test_what_the_technician_does_not_see_fails(tmp_path):
    _, parts = simulated()
    stand = Stand(tmp_path, parts, settings(), answer=lambda line: "n" if "amber" in line else "y")
    (verdict,) = stand.run("lamps").checks
    assert verdict.result == "fail" and "work" in verdict.text


def test_answers_come_from_the_keypad_too(tmp_path):
    handset, parts = simulated()
    stand = Stand(tmp_path, parts, settings(), answer=lambda line: "")
    hands = in_a_while(*[
        (lambda n=n: sum("[y/n/s]" in line for line in stand.lines) == n,
         lambda: (handset.press(3, 2), handset.release(3, 2))) for n in range(1, 5)])
    assert stand.run("lamps").passed
    hands.join(20)


@pytest.mark.parametrize(("answer", "result"), [("y", "pass"), ("n", "fail"), ("s", "skip")])
def test_the_display_is_as_good_as_it_looks(tmp_path, monkeypatch, answer, result):
    monkeypatch.setattr(display, "LOOK", 0.01)
    _, parts = simulated()
    (verdict,) = Stand(tmp_path, parts, settings(), answer=lambda line: answer).run("display").checks
    assert verdict.result == result


def test_a_key_that_is_never_heard_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(checks.keys, "PATIENCE", 0.5)
    handset, parts = simulated(layout="3x4")
    stand = Stand(tmp_path, parts, settings(SIMULATED + b"[phone]\nkeypad = '3x4'\n"))

    def press_most():
        for row, caps in enumerate(LAYOUTS["3x4"]):
            for column, cap in enumerate(caps):
                if cap != "8":
                    handset.press(row, column)
                    handset.release(row, column)

    hands = in_a_while((lambda: any("Press every key" in line for line in stand.lines), press_most))
    (verdict,) = stand.run("keys").checks
    hands.join(20)
    assert verdict.result == "fail" and ": 8;" in verdict.text


def test_a_key_that_is_down_without_a_finger_is_named(tmp_path):
    handset, parts = simulated()
    handset.press(1, 1)
    (verdict,) = Stand(tmp_path, parts, settings(), hands=False).run("keys").checks
    assert verdict.result == "fail" and "5" in verdict.text


def test_a_check_that_breaks_off_fails_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setitem(CHECKS, "lamps", lambda bench: 1 / 0)
    _, parts = simulated()
    found = Stand(tmp_path, parts, settings(), hands=False).run("lamps", "clock")
    assert [one.result for one in found.checks] == ["fail", "pass"] and not found.passed


def test_real_drivers_without_hands(tmp_path):
    """The drivers' own parts, modelled: electricity, a display with a memory, a headset that acknowledges."""
    made = BuiltHandset(tmp_path / "machine")
    hid = made.machine.plug(1, "H65", "Jabra EVOLVE 65", hid="uc-dongle")
    real = settings(b"[audio]\ndevice = 'null'\n")
    handset = made.assemble(real)
    parts = Parts(handset.keys, handset.display, handset.lamps, handset.headset, handset.faults)
    stand = Stand(tmp_path / "data", parts, real, hands=False)

    def firmware():
        while hid.hears() != bytes([2, 1, 0]):
            pass
        hid.says(2, 1, 0)

    threading.Thread(target=firmware, daemon=True).start()
    found = stand.run("lamps", "display", "keys", "hook", "buttons", "sound")
    made.close()
    assert {one.name: one.result for one in found.checks} == dict.fromkeys(
        ("lamps", "display", "keys", "hook", "buttons", "sound"), "pass"), found


def test_real_drivers_with_broken_parts(tmp_path):
    made = BuiltHandset(tmp_path / "machine")
    made.chip.plugged = False
    made.gpio.broken = "GPIO busy"
    real = settings(b"[audio]\ndevice = 'null'\n")
    handset = made.assemble(real)
    parts = Parts(handset.keys, handset.display, handset.lamps, handset.headset, handset.faults)
    found = Stand(tmp_path / "data", parts, real, hands=False).run("lamps", "display", "keys", "buttons")
    made.close()
    results = {one.name: (one.result, one.text) for one in found.checks}
    assert results["lamps"][0] == "pass"
    assert results["display"][0] == "fail" and "Remote I/O" in results["display"][1]
    assert results["keys"][0] == "fail" and "GPIO busy" in results["keys"][1]
    assert results["buttons"] == ("fail", "no headset is plugged in")


def test_storage_that_is_full_damaged_or_closed(tmp_path, monkeypatch):
    bench = Bench(settings(), tmp_path, None, hands=False, print_line=print)
    assert storage.check(bench).result == "pass"
    (tmp_path / "ledger.db").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    assert "ledger.db" in storage.check(bench).text
    (tmp_path / "ledger.db").unlink()
    monkeypatch.setattr(storage, "LEAST", 10**9)
    assert "only" in storage.check(bench).text
    gone = Bench(settings(), tmp_path / "nowhere", None, hands=False, print_line=print)
    assert "cannot be written" in storage.check(gone).text
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_server_whose_name_nobody_knows(tmp_path):
    bench = Bench(settings(SIMULATED + b"[sip]\nserver = 'no-such-host.invalid'\n"), tmp_path, None, hands=False,
                  print_line=print)
    verdict = network.check(bench)
    assert verdict.result == "fail"


def command(folder: Path, *words: str, text: bytes = SIMULATED) -> subprocess.CompletedProcess[str]:
    config = folder / "phone.toml"
    config.write_bytes(text)
    return subprocess.run([sys.executable, "-m", "callsheet", "selftest", "--config", str(config), *words],
                          capture_output=True, text=True, timeout=110, check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "firmware")})


def test_the_command(tmp_path):
    done = command(tmp_path, "--non-interactive", "--json", "lamps", "display", "keys", "hook", "sound", "buttons", "storage")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["passed"], done.stdout + done.stderr
    assert [one["result"] for one in found["checks"]] == ["pass"] * 7
    done = command(tmp_path, "--non-interactive", "sip", "clock")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("FAIL  SIP: no server is set") and done.stdout.endswith("FAIL\n")
    done = command(tmp_path, "--non-interactive", "teapot")
    assert done.returncode == 2 and "teapot" in done.stderr and "storage" in done.stderr


class Office:
    """A phone that runs, as far as others can ask it."""

    def __init__(self, folder: Path, **status: object) -> None:
        (folder / "data").mkdir()
        self.server = ControlServer(folder / "data", lambda question, more: status)

    def __enter__(self):
        self.server.start()

    def __exit__(self, *_: object) -> None:
        self.server.close()


def test_beside_a_running_phone_it_believes_the_phone(tmp_path):
    text = SIMULATED + b"[sip]\nserver = 'pbx.example:5060'\n"
    names = ("lamps", "display", "keys", "hook", "sound", "buttons", "sip")
    with Office(tmp_path, registered=True, headset=True, headset_name="Jabra", fault_texts={}):
        done = command(tmp_path, "--non-interactive", "--json", *names, text=text)
        assert json.loads(done.stdout)["passed"], done.stdout
        refused = command(tmp_path, text=text)
        assert refused.returncode == 1 and "stop it first" in refused.stderr


def test_beside_a_phone_with_faults(tmp_path):
    text = SIMULATED + b"[sip]\nserver = 'pbx.example:5060'\n"
    with Office(tmp_path, registration="403 Forbidden", fault_texts={"display": "does not answer", "keypad": "stuck"}):
        done = command(tmp_path, "--non-interactive", "--json", "lamps", "display", "keys", "buttons", "sip", text=text)
    found = {one["name"]: (one["result"], one["text"]) for one in json.loads(done.stdout)["checks"]}
    assert found["lamps"][0] == "pass"
    assert found["display"] == ("fail", "does not answer") and found["keys"] == ("fail", "stuck")
    assert found["buttons"][0] == "fail"
    assert found["sip"][0] == "fail" and "403" in found["sip"][1]
