# SPDX-License-Identifier: GPL-3.0-or-later
"""The file on the boot partition: taken once, wiped, and harmless when it is wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from callsheet.adapters.settings_files import SettingsFiles
from callsheet.console.password import Password
from callsheet.formats.settings import read_settings
from callsheet.provisioning.card import ERROR, NAME, TAKEN, complaint, take

GOOD = b"""# desk 7
[phone]
id = "desk-7"
[sip]
server = "pbx.example.com"
password = "open-sesame"
[console]
password = "correct horse"
"""


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    folder = tmp_path / "boot"
    folder.mkdir()
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def files(tmp_path: Path) -> SettingsFiles:
    return SettingsFiles(tmp_path / "callsheet.toml")


def test_a_good_file_is_taken_once(boot: Path, data: Path, files: SettingsFiles) -> None:
    (boot / NAME).write_bytes(GOOD)
    assert take(boot, files, data).found
    settings = read_settings(files.current())
    assert (settings.phone.id, settings.sip.password, settings.console.password) == ("desk-7", "open-sesame", "")
    assert b"# desk 7" in files.current() and b"horse" not in files.current()
    assert Password(data).check("correct horse") and not Password(data).shown()
    assert not (boot / NAME).exists() and (boot / TAKEN).exists()
    assert not take(boot, files, data).found


@pytest.mark.parametrize(("content", "said"), [
    (GOOD.replace(b"server", b"srever"), "line 5, column 1: sip.srever: unknown field"),
    (b"[sip\n", "line 1"), (b"\xff\xfe\x00bad", "callsheet.toml"), (b'[console]\npassword = "short"\n', "console.password"),
    (b"#" * 2_000_000, "larger"), (b"import os\nos.system('true')\n", "not valid TOML"),
])
def test_a_bad_file_changes_nothing_and_says_what_is_wrong(
    boot: Path, data: Path, files: SettingsFiles, content: bytes, said: str
) -> None:
    files.apply(b'[phone]\nid = "before"\n')
    (boot / NAME).write_bytes(content)
    taken = take(boot, files, data)
    assert said in taken.error and "sesame" not in taken.error
    assert said in (boot / ERROR).read_text() and complaint(data) == taken.error
    assert (boot / NAME).read_bytes() == content and files.current() == b'[phone]\nid = "before"\n'
    (boot / NAME).write_bytes(GOOD)
    take(boot, files, data)
    assert not (boot / ERROR).exists() and not complaint(data)


def test_a_power_cut_at_any_step_means_it_is_taken_again(boot: Path, data: Path, files: SettingsFiles) -> None:
    for steps in range(60):
        (boot / NAME).write_bytes(GOOD)
        if _cut_after(steps, boot, files, data):
            assert steps > 5
            return
        take(boot, files, data)
        assert read_settings(files.current()).phone.id == "desk-7" and Password(data).check("correct horse")
        assert not (boot / NAME).exists()
        shutil.rmtree(data)
        files.path.unlink()
    raise AssertionError("it never ends")


class Cut(BaseException):
    """The power fails."""


def _cut_after(steps: int, boot: Path, files: SettingsFiles, data: Path) -> bool:
    left = steps

    def fuse(real):
        def call(*args, **kwargs):
            nonlocal left
            if left == 0:
                raise Cut
            left -= 1
            return real(*args, **kwargs)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
            patch.setattr(module, name, fuse(getattr(module, name)))
        try:
            take(boot, files, data)
        except Cut:
            return False
    return True
