# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted keys of SSH servers."""

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from callsheet.adapters.transport.client import TransferError
from callsheet.adapters.transport.hostkeys import HostKey, HostKeys


def new_key() -> HostKey:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return HostKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + raw)


def test_accepted_key_passes_and_no_other(tmp_path):
    keys = HostKeys(str(tmp_path / "deep" / "known"))
    key, other = new_key(), new_key()
    with pytest.raises(TransferError, match="not known") as caught:
        keys.check("files", 22, key)
    assert key.fingerprint in str(caught.value) and caught.value.kind == "certificate"
    keys.accept("files", 22, key)
    keys.check("FILES", 22, key)
    with pytest.raises(TransferError, match="has changed") as caught:
        keys.check("files", 22, other)
    assert other.fingerprint in str(caught.value) and key.fingerprint in str(caught.value)
    for host, port in (("files", 2222), ("other", 22)):
        with pytest.raises(TransferError, match="not known"):
            keys.check(host, port, key)


def test_accepting_replaces_this_server_only(tmp_path):
    file = tmp_path / "known"
    keys = HostKeys(str(file))
    first, second, neighbour = new_key(), new_key(), new_key()
    file.write_text(f"# ours\n{paramiko.HostKeys.hash_host('files')} {first.text}\n")
    keys.check("files", 22, first)
    keys.accept("next", 2222, neighbour)
    keys.accept("files", 22, second)
    assert keys.known("files", 22) == (second,)
    assert keys.known("next", 2222) == (neighbour,)
    assert file.read_text().startswith("# ours\n")
    assert [path.name for path in tmp_path.iterdir()] == ["known"]


def test_unusable_file_fails_closed(tmp_path):
    key = new_key()
    (tmp_path / "known").mkdir()
    with pytest.raises(TransferError, match="cannot be used"):
        HostKeys(str(tmp_path / "known")).check("files", 22, key)
    with pytest.raises(TransferError, match="not known"):
        HostKeys("").check("files", 22, key)
    with pytest.raises(TransferError, match="no file for host keys"):
        HostKeys("").accept("files", 22, key)
    (tmp_path / "bad").write_text("files ssh-ed25519 !!!\n")
    with pytest.raises(TransferError):
        HostKeys(str(tmp_path / "bad")).check("files", 22, key)
