# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys for updates: an authority whose certificate is the image's keyring, and a signer's under it. None is in the repository."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap import say

DAYS = 36500
"""A phone in a cupboard must still take an update; who loses a key makes a new authority and a keyring with both."""


@dataclass(frozen=True)
class Keys:
    """The files, in PEM."""

    folder: Path

    @property
    def keyring(self) -> Path:
        """What phones trust: `image/build --keyring`."""
        return self.folder / "keyring.pem"

    @property
    def certificate(self) -> Path:
        """The signer's, for `image/bundle --cert`."""
        return self.folder / "signer.pem"

    @property
    def key(self) -> Path:
        """The signer's key, for `image/bundle --key`."""
        return self.folder / "signer.key"

    @property
    def authority_key(self) -> Path:
        """Only needed for another signer: keep it away from the machine that signs."""
        return self.folder / "authority.key"


def make(folder: Path, name: str = "Callsheet updates") -> Keys:
    """New keys in a folder that has none yet. Raises Failed."""
    keys = Keys(folder)
    if keys.keyring.exists():
        raise say.Failed(f"{keys.keyring} exists: keys are never written over")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    request, extensions = folder / "signer.csr", folder / "signer.ext"
    # ECDSA: RAUC signs with CMS, which knows no Ed25519 before OpenSSL 3.2.
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *curve, "-days", str(DAYS), "-subj", f"/O=Callsheet/CN={name}",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
             "-keyout", keys.authority_key, "-out", keys.keyring)
    _openssl("req", *curve, "-subj", f"/O=Callsheet/CN={name}: signer", "-keyout", keys.key, "-out", request)
    extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection,codeSigning\n")
    _openssl("x509", "-req", "-in", request, "-CA", keys.keyring, "-CAkey", keys.authority_key, "-CAcreateserial",
             "-days", str(DAYS), "-extfile", extensions, "-out", keys.certificate)
    for path in (request, extensions, folder / "keyring.srl"):
        path.unlink(missing_ok=True)
    for path in (keys.key, keys.authority_key):
        path.chmod(0o600)
    return keys


def _openssl(*words: str | Path) -> None:
    try:
        done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise say.Failed("openssl is needed to make keys") from None
    if done.returncode:
        raise say.Failed(f"openssl {words[0]}: {done.stderr.strip()[-300:]}")
