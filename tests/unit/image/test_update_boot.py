# SPDX-License-Identifier: GPL-3.0-or-later
"""U-Boot's formats, against U-Boot's own tools where they are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image.boot.environment import SLOTS_SIZE, UBOOT_SIZE, TornEnvironment, environment, script, variables
from image.boot.files import boot_files

NAMES = st.text("ABCxyz_09", min_size=1, max_size=12)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=30)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (scripts/lib/debian-packages)")
    return found


@given(st.dictionaries(NAMES, VALUES, max_size=12))
def test_an_environment_is_read_as_it_was_written(wanted: dict[str, str]) -> None:
    data = environment(wanted, SLOTS_SIZE)
    assert len(data) == SLOTS_SIZE
    assert variables(data) == wanted


@given(st.integers(0, SLOTS_SIZE - 1), st.integers(1, 255))
def test_a_byte_that_is_wrong_is_noticed(at: int, by: int) -> None:
    data = bytearray(environment({"BOOT_ORDER": "A B"}, SLOTS_SIZE))
    data[at] ^= by
    with pytest.raises(TornEnvironment):
        variables(bytes(data))


def test_too_much_for_an_environment_is_said() -> None:
    with pytest.raises(ValueError, match="no room"):
        environment({"a": "b" * SLOTS_SIZE}, SLOTS_SIZE)


def test_linux_and_u_boot_agree_about_the_slots(tmp_path: Path) -> None:
    path, config = tmp_path / "slots.env", tmp_path / "config"
    path.write_bytes(boot_files()["slots.env"])
    config.write_text(f"{path} 0x0 {SLOTS_SIZE:#x}\n")
    subprocess.run([tool("fw_setenv"), "-c", config, "-s", "-"], input="BOOT_ORDER=B A\nBOOT_B_LEFT=3\n", text=True, check=True)
    assert variables(path.read_bytes()) == {"BOOT_ORDER": "B A", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "3"}
    said = subprocess.run([tool("fw_printenv"), "-c", config], capture_output=True, text=True, check=True)
    assert "BOOT_ORDER=B A" in said.stdout and "Bad CRC" not in said.stderr


def test_the_script_is_one_to_u_boot_and_always_the_same(tmp_path: Path) -> None:
    data = script("# why\n\necho hello\n  reset\n")
    assert data.endswith(b"echo hello\nreset\n") and b"why" not in data
    assert data == script("echo hello\nreset")
    path = tmp_path / "boot.scr"
    path.write_bytes(boot_files()["boot.scr"])
    said = subprocess.run([tool("mkimage"), "-l", path], capture_output=True, text=True, check=True)
    assert "AArch64 Linux Script" in said.stdout


def test_what_is_flashed_starts_a_and_never_waits_for_a_key() -> None:
    files = boot_files()
    assert variables(files["slots.env"]) == variables(files["slots.bak"]) == {
        "BOOT_ORDER": "A B", "BOOT_A_LEFT": "good", "BOOT_B_LEFT": "0"}
    uboot = variables(files["uboot.env"])
    assert len(files["uboot.env"]) == UBOOT_SIZE
    # A key is not even looked for (U-Boot, doc/README.autoboot), nor is a serial line read.
    assert (uboot["bootdelay"], uboot["stdin"]) == ("-2", "nulldev")
