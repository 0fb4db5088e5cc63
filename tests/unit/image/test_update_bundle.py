# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles of a small image with keys made here: RAUC itself says what it makes of them."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from bootstrap import say
from bootstrap.paths import ROOT
from image.update import bundle, imager, keys
from image.update.bundle import Signer
from image.update.command import main
from image.update.keys import Keys

MEBI = 1 << 20
RELEASE = {"version": "1.1", "commit": "abcdef0123", "made": 1, "channel": "release"}


@pytest.fixture(scope="module")
def tools() -> None:
    for name in ("rauc", "mksquashfs", "debugfs", "mke2fs", "openssl", "sfdisk"):
        if not shutil.which(name, path=bundle._path()):
            pytest.skip(f"{name} is not installed (scripts/lib/debian-packages)")


@pytest.fixture(scope="module")
def signing(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return keys.make(tmp_path_factory.mktemp("keys") / "new")


@pytest.fixture(scope="module")
def image(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card with a slot that says what it is, and nothing else."""
    folder = tmp_path_factory.mktemp("image")
    root, slot, card = folder / "root", folder / "slot", folder / "callsheet-1.1.img"
    (root / "usr/lib/callsheet").mkdir(parents=True)
    (root / "usr/lib/callsheet/release.json").write_text(json.dumps(RELEASE))
    (root / "filler").write_bytes(bytes(range(256)) * 4096)
    for path, size in ((slot, 8), (card, 32)):
        with path.open("wb") as file:
            file.truncate(size * MEBI)
    env = {"PATH": bundle._path()}
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, slot], check=True, env=env)
    subprocess.run(["sfdisk", "-q", card], input="label: dos\nstart=4MiB, size=8MiB, type=c\nstart=12MiB, size=8MiB\n",
                   text=True, check=True, env=env)
    with card.open("r+b") as file:
        file.seek(12 * MEBI)
        file.write(slot.read_bytes())
    return card


@pytest.fixture(scope="module")
def made(image: Path, signing: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.bundle(image, Signer(signing.certificate, signing.key), tmp_path_factory.mktemp("out"))


def info(path: Path, keyring: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["rauc", f"--keyring={keyring}", "info", "--output-format=json", str(path)], capture_output=True, text=True,
                          check=False)


def test_a_bundle_names_phone_version_and_slot_and_is_checked_block_by_block(made: Path, signing: Keys) -> None:
    said = info(made, signing.keyring)
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert (found["compatible"], found["version"], found["build"]) == ("callsheet-arm64", "1.1", "abcdef0123")
    assert made.name == "callsheet-1.1-arm64.raucb"
    (slot,) = found["images"]
    assert slot["rootfs"]["filename"] == "slot.img" and slot["rootfs"]["size"] == 8 * MEBI


def test_the_phones_configuration_wants_just_such_bundles() -> None:
    text = (ROOT / "image/system/etc/rauc/system.conf").read_text()
    assert f"compatible={bundle.COMPATIBLE}\n" in text and "bundle-formats=-plain" in text
    assert "use-bundle-signing-time=true" in text


def test_another_makers_bundle_is_refused(made: Path, tmp_path: Path) -> None:
    said = info(made, keys.make(tmp_path / "others").keyring)
    assert said.returncode and "signature" in said.stderr


@pytest.mark.parametrize("harm", ["cut", "flipped"])
def test_a_damaged_bundle_is_refused(made: Path, signing: Keys, tmp_path: Path, harm: str) -> None:
    data = bytearray(made.read_bytes())
    bad = tmp_path / "bad.raucb"
    if harm == "flipped":
        data[-600] ^= 1
    bad.write_bytes(data[:-5000] if harm == "cut" else data)
    assert info(bad, signing.keyring).returncode


def test_keys_are_for_nobody_elses_eyes_and_never_written_over(signing: Keys) -> None:
    assert {path.stat().st_mode & 0o777 for path in (signing.key, signing.authority_key)} == {0o600}
    with pytest.raises(say.Failed, match="never written over"):
        keys.make(signing.folder)


def test_what_is_no_image_of_ours_is_refused(image: Path, signing: Keys, tmp_path: Path) -> None:
    other = tmp_path / "other.img"
    data = bytearray(image.read_bytes())
    data[12 * MEBI : 20 * MEBI] = bytes(8 * MEBI)
    other.write_bytes(data)
    with pytest.raises(say.Failed, match=r"release\.json"):
        bundle.bundle(other, Signer(signing.certificate, signing.key), tmp_path)
    other.write_bytes(bytes(MEBI))
    with pytest.raises(say.Failed, match="partition table"):
        bundle.bundle(other, Signer(signing.certificate, signing.key), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other.img"]


def test_the_command_makes_keys_and_a_bundle(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "keys"
    assert main(["--new-keys", str(folder)]) == 0
    assert "off-line" in capsys.readouterr().out
    assert main([str(image), "--cert", str(folder / "signer.pem"), "--key", str(folder / "signer.key"), "--out", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert Path(said["bundle"]).stat().st_size == said["bytes"]
    assert main([str(tmp_path / "none.img"), "--cert", "x", "--key", "y"]) == 1
    assert "none.img" in capsys.readouterr().err


def test_imagers_list_has_sizes_and_sums_of_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytes(range(256)) * 5000
    packed = tmp_path / "callsheet-1.1-arm64.img.xz"
    packed.write_bytes(lzma.compress(data))
    assert main(["--imager", str(packed), "--url", "https://example.com/files/"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["os_list"]
    assert entry["url"] == "https://example.com/files/callsheet-1.1-arm64.img.xz" and entry["name"] == "Callsheet 1.1"
    assert entry["extract_size"] == len(data) and entry["image_download_size"] == packed.stat().st_size
    for key, path in (("extract_sha256", None), ("image_download_sha256", packed)):
        source = tmp_path / "plain" if path is None else path
        if path is None:
            source.write_bytes(data)
        assert entry[key] == subprocess.check_output(["sha256sum", source], text=True).split()[0]
    assert set(entry["devices"]) == set(imager.DEVICES)
